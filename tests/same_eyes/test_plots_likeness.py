"""The pictures of likeness: what is drawn is what was measured, people and machines differ by shape, files repeat."""

import sys

import numpy as np
import pytest

from same_eyes.claims import read_claims
from same_eyes.measure import Measured
from same_eyes.measure.likeness import consistencies, distances, permutation_null
from same_eyes.measure.robustness import Cell, Grid, Variant
from same_eyes.places import leaf
from same_eyes.testing.worlds import Observer, simulated_study

pytest.importorskip("matplotlib")
from same_eyes import plots_likeness
from same_eyes.plots import WITHOUT, save

MACHINES = {name: Observer(0.7 + 0.05 * i, eye="machine", shared=0.8) for i, name in enumerate(("CE", "GCE", "NLS"))}


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study([Observer(0.7, eye="person")] * 3, MACHINES, images=600, classes=5), 40)


@pytest.fixture(scope="module")
def flawless():
    """Two people and a machine who never err, and others."""
    people = [Observer(1.0), Observer(1.0), Observer(0.8)]
    return Measured(simulated_study(people, {"Mine": Observer(1.0), **MACHINES}, images=600, classes=5), 20)


def matrices(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


def markers(axes):
    return [
        (line.get_marker(), tuple(map(float, line.get_xydata()[0]))) for line in axes.get_lines() if line.get_marker()
    ]


def test_the_matrices_are_those_measured(measured):
    figure = plots_likeness.likeness_matrices(measured, "a source")
    kappa, wrong, apart = matrices(figure)
    assert kappa[0, 4] == consistencies(measured)["Human 1", "GCE"].value
    assert apart[5, 1] == distances(measured)["NLS", "Human 2"].value
    assert np.isnan(np.diagonal(wrong)).all()
    titles = "\n".join(axes.get_title(loc="left") for axes in figure.axes)
    assert "two machines: " in titles
    p = permutation_null(measured).p
    apart_, mixed = (p[np.triu_indices(6, 1)] <= 0.05).sum(), (p[:3, 3:] <= 0.05).sum()
    assert f"{apart_} of 15 pairs,\n{mixed} of them a person and a machine" in titles
    assert 0 < mixed < 9


def test_tree_and_map_name_everybody_once_and_tell_them_apart_by_shape(measured):
    figure = plots_likeness.likeness_map(measured, "a source")
    tree, _, plane, _ = figure.axes
    assert sorted(label.get_text() for label in tree.get_yticklabels()) == sorted([*measured.people, *MACHINES])
    assert sorted(text.get_text() for text in plane.texts) == sorted([*measured.people, *MACHINES])
    for axes in (tree, plane):
        shapes = [marker for marker, _ in markers(axes) if marker in "os"]
        assert sorted(shapes) == ["o"] * 3 + ["s"] * 3
    assert "least true of" in plane.get_title()


def test_people_and_machines_of_two_eyes_are_two_branches(measured):
    tree = plots_likeness.likeness_map(measured).axes[0]
    order = [label.get_text() for label in tree.get_yticklabels()]
    assert {*order[:3]} in ({*measured.people}, {*MACHINES})


def test_who_cannot_be_compared_is_left_out_of_the_map_and_blank_in_the_matrix(flawless):
    figure = plots_likeness.likeness_map(flawless)
    names = {label.get_text() for label in figure.axes[0].get_yticklabels()}
    assert {"Human 3", "CE", "GCE", "NLS"} <= names
    assert (
        len(names & {"Human 1", "Human 2", "Mine"}) == 1
    )  # any one of those who never err can be compared with others
    kappa = matrices(plots_likeness.likeness_matrices(flawless))[0]
    assert np.isnan(kappa[0, 1])


def test_fewer_than_three_make_no_map():
    two = Measured(simulated_study([Observer(0.8)], {"CE": Observer(0.8)}, images=300, classes=4), 20)
    for axes in plots_likeness.likeness_map(two).axes:
        assert "fewer than three" in axes.texts[0].get_text().replace("\n", " ")


# --- The robustness grid --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grid():
    claims = list(read_claims(leaf("expected")).values())[:2]
    variants = [Variant(f"v{i}", about, None) for i, about in enumerate(("machines", "machines", "people"))]
    verdicts = [["reproduced", "not reproduced", "inconclusive"], ["not testable", "not run", "reproduced"]]
    cells = {
        (claim.id, variant.name): Cell(verdict, 1, 3)
        for claim, row in zip(claims, verdicts, strict=True)
        for variant, verdict in zip(variants, row, strict=True)
    }
    return Grid(claims, variants, cells)


def test_every_verdict_has_a_shape_of_its_own(grid):
    axes = plots_likeness.robustness_grid(grid).axes[0]
    drawn = {place: line for line in axes.get_lines() if line.get_marker() not in ("", "None") and len(line.get_xdata())
             for place in [tuple(map(float, line.get_xydata()[0]))]}  # fmt: skip
    shapes = {place: (line.get_marker(), line.get_fillstyle()) for place, line in drawn.items()}
    assert len({shapes[place] for place in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1))}) == 5
    assert shapes[2, 1] == shapes[0, 0]
    assert len(plots_likeness.SYMBOLS) == len({symbol[:2] for symbol in plots_likeness.SYMBOLS.values()})


def test_fractions_are_shown_where_some_cases_hold(grid):
    axes = plots_likeness.robustness_grid(grid).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1/3"] * 6
    assert [label.get_text() for label in axes.get_xticklabels()] == ["v0", "v1", "v2"]


def test_without_matplotlib_there_is_a_line_and_no_picture(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    lines = plots_likeness.write(tmp_path, {"anything": pytest.fail})
    assert lines == [f"pictures left out: {WITHOUT}"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["likeness_matrices", "likeness_map", "robustness_grid"])
def test_the_same_picture_is_the_same_file(name, measured, grid, tmp_path):
    drawing = getattr(plots_likeness, name)
    written = [
        [
            path.read_bytes()
            for path in save(drawing(grid if name == "robustness_grid" else measured), tmp_path / n, name)
        ]
        for n in ("first", "second")
    ]
    assert written[0] == written[1]
    assert all(written[0])
