"""The figures: what is drawn is what was measured, files are whole and the same twice, and what is missing is said."""

import builtins
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from same_eyes import plots
from same_eyes.claims import NotTestable
from same_eyes.measure import Measured
from same_eyes.measure.core import accuracy
from same_eyes.measure.difficulty import curves, figure_rows, identity_line, line
from same_eyes.measure.matching import matchings
from same_eyes.measure.mistakes import confusion, same_mistake
from same_eyes.measure.teaming import best_machine, best_person, gain_as_printed, published, team
from same_eyes.testing.worlds import Observer, planted_mistakes, simulated_study
from same_eyes.types import Annotators, BadInput, Study

pytest.importorskip("matplotlib")

LABELS = {"Mine": "random2", "CE": "random3", "GCE": "random1", "Co-teaching": "random2"}
MACHINES = {
    name: Observer(
        0.8 + 0.03 * i, eye="machine", shared=0.7, labels=labels, backbone="vgg" if name.startswith("C") else "resnet"
    )
    for i, (name, labels) in enumerate(LABELS.items())
}


@pytest.fixture(scope="module")
def measured():
    """Three people and four machines, one of them not of the study."""
    return Measured(simulated_study([Observer(0.82, eye="person")] * 3, MACHINES, images=1200), 40)


@pytest.fixture(scope="module")
def official(measured):
    """People who are known by their counts alone, and the machines."""
    study = measured.study
    people = Annotators.from_counts(8 * study.people.counts)
    return Measured(Study("cifar10h", study.truth, people, study.machines, study.classes), 40)


def points(axes, gid="ours"):
    """What is drawn as points: label to (n, 2)."""
    return {each.get_label(): np.array(each.get_xydata()) for each in axes.get_lines() if each.get_gid() == gid}


def intervals(axes, axis=0):
    """What is drawn as intervals, along the axis: label to (n, 2) ends."""
    return {
        each.get_gid().removeprefix("intervals of "): np.array([path.vertices[:, axis] for path in each.get_paths()])
        for each in axes.collections
        if str(each.get_gid()).startswith("intervals of ")
    }


def words(figure_or_axes):
    import matplotlib.text

    return [text.get_text() for text in figure_or_axes.findobj(matplotlib.text.Text)]


def ends(estimates, scale=1.0):
    return scale * np.array([[each.low, each.high] for each in estimates])


def values(estimates, scale=1.0):
    return scale * np.array([each.value for each in estimates])


# --- What is drawn is what was measured


def test_figure2_shows_the_three_matrices():
    measured = Measured(planted_mistakes(people=0.3, machines=0.7, mixed=0.2), 40)
    panels = plots.figure2(measured, "from here").axes
    for axes, pair in zip(panels, ("HH", "MM", "HM"), strict=False):
        matrix, _ = confusion(measured, pair)
        np.testing.assert_array_equal(axes.get_images()[0].get_array(), matrix)
        seen = same_mistake(measured, pair)
        assert f"{seen.value:.2f} [{seen.low:.2f}, {seen.high:.2f}]" in axes.get_title()
        assert len(axes.texts) == (matrix >= 0.05).sum()
        assert f"{matrix[3, 3]:.2f}" in words(axes)
        assert [label.get_text() for label in axes.get_xticklabels()] == list(measured.study.classes)


@pytest.mark.parametrize("which", range(8))
def test_figure3_shows_accuracy_over_levels(measured, official, which):
    figure = plots.figure3(measured, official, "from here")
    axes, panel = figure.axes[which], (plots.AS_REPORTED + plots.STRICT)[which]
    if panel is plots.AS_REPORTED[2]:
        assert not points(axes)
        assert any("no times of people" in text for text in words(axes))
        return
    judged = official if "CIFAR-10H" in panel.title or panel.by == "half entropy" else measured
    rows = figure_rows(judged, panel.by, kind=panel.kind)
    drawn = curves(judged, panel.by, kind=panel.kind)
    x = [row.machines.value if panel.identity else row.difficulty for row in rows]
    for who in ("people", "machines"):
        means = [getattr(row, who) for row in rows]
        np.testing.assert_allclose(points(axes)[who], np.column_stack([x, values(means)]))
        np.testing.assert_allclose(intervals(axes, axis=1)[who], ends(means))
        fitted = (identity_line if panel.identity else line)(drawn, who)
        straight = next(
            each for each in axes.get_lines() if len(each.get_xdata()) == 2 and each.get_color() == colour(who)
        )
        np.testing.assert_allclose(straight.get_ydata(), fitted.intercept + fitted.slope * straight.get_xdata())
    assert {f"n={row.images:.0f}" for row in rows if row.images < plots.FEW} <= set(words(axes))
    if panel.identity:
        paper = published("figure3").loc[panel.by]
        (dotted,) = points(axes, "paper").values()
        np.testing.assert_allclose(dotted[:, 1], paper["people_intercept"] + paper["people_slope"] * dotted[:, 0])
        assert any("machines: slope 1 by construction" in text for text in words(axes))


def colour(who):
    return {"people": plots.PEOPLE, "machines": plots.MACHINES}[who].colour


def test_figure3_says_in_its_panels_what_is_missing(measured):
    figure = plots.figure3(measured, "the answers of CIFAR-10H are in none of the places searched")
    for which in (2, 3, 7):
        assert any("in none of the places searched" in text.replace("\n", " ") for text in words(figure.axes[which]))
    assert set(points(figure.axes[6])) == {"people", "machines"}


@pytest.mark.parametrize(("draw", "kinds"), [(plots.figure4, "labels"), (plots.figure6, "backbone")])
def test_figures_4_and_6_group_machines_of_one_kind(measured, draw, kinds):
    axes, _ = draw(measured).axes
    shown = [label.get_text() for label in axes.get_yticklabels()]
    if kinds == "backbone":
        order = ["Mine", "GCE", "CE", "Co-teaching"]
        assert shown == ["Mine (resnet)", "GCE (resnet)", "CE (vgg)", "Co-teaching (vgg)"]
    else:
        order = ["GCE", "Mine", "Co-teaching", "CE"]
        assert shown == ["GCE (Human 1)", "Mine (Human 2)", "Co-teaching (Human 2)", "CE (Human 3)"]
    columns = [label.get_text().split(" (")[0] for label in axes.get_xticklabels()]
    assert columns == measured.people + order
    matrix = axes.get_images()[0].get_array().filled(np.nan)
    found = matchings(measured)
    for i, row in enumerate(order):
        for j, column in enumerate(columns):
            expected = np.nan if row == column else 100 * found[row, column].value
            np.testing.assert_equal(matrix[i, j], expected)


def test_figure5_shows_gains_beside_the_papers(measured):
    alone, oracle, realistic, strict = plots.figure5(measured).axes
    printed = published("figure5")
    names = [*printed.index, "Mine"]
    here = [name for name in names if name in LABELS]
    assert [label.get_text() for label in alone.get_yticklabels()] == names
    accuracies = [accuracy(measured, name) for name in here]
    np.testing.assert_allclose(points(alone)["machine alone"][:, 0], values(accuracies, 100))
    np.testing.assert_allclose(intervals(alone)["machine alone"], ends(accuracies, 100))
    np.testing.assert_allclose(points(alone)["machine alone"][:, 1].round(), [names.index(name) for name in here])
    np.testing.assert_array_equal(points(alone, "paper")["machine alone"][:, 0], printed["accuracy"])
    for axes, rule, mode in ((oracle, "oracle", "oracle"), (realistic, "hindsight", "realistic")):
        chosen = {
            "person": ("human", [best_person(measured, name, rule) for name in here]),
            "Aggre": ("aggre", ["Aggre"] * len(here)),
            "machine": ("model", [best_machine(measured, name, rule, gain_as_printed) for name in here]),
        }
        for label, (column, partners) in chosen.items():
            gains = [gain_as_printed(measured, *pair, rule) for pair in zip(here, partners, strict=True)]
            np.testing.assert_allclose(points(axes)[label][:, 0], values(gains, 100))
            np.testing.assert_allclose(intervals(axes)[label], ends(gains, 100))
            np.testing.assert_array_equal(points(axes, "paper")[label][:, 0], printed[f"{mode}_add_{column}"])
    rule = "cross-fitted"
    people = [team(measured, name, best_person(measured, name, rule), rule) for name in here]
    machines = [team(measured, name, best_machine(measured, name, rule), rule) for name in here]
    np.testing.assert_allclose(points(strict)["person"][:, 0], values(people, 100))
    np.testing.assert_allclose(points(strict)["machine"][:, 0], values(machines, 100))
    assert not points(strict, "paper")


def test_figure7_shows_both_matrices_and_the_papers(measured):
    panels = plots.figure7(measured).axes[:4]
    for (ours, paper), rule, table in zip(
        (panels[:2], panels[2:]), ("oracle", "hindsight"), ("figure7_oracle", "figure7_realistic"), strict=True
    ):
        printed = published(table)
        rows = [label.get_text() for label in ours.get_yticklabels()]
        columns = [label.get_text() for label in ours.get_xticklabels()]
        assert rows == [*printed.index, "Mine"]
        assert columns == [*printed.columns, "Mine"]
        here, there = (axes.get_images()[0].get_array().filled(np.nan) for axes in (ours, paper))
        assert ours.get_images()[0].get_clim() == paper.get_images()[0].get_clim()
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                known = row != column and {row, column} <= set(measured.labels)
                np.testing.assert_equal(
                    here[i, j], 100 * gain_as_printed(measured, row, column, rule).value if known else np.nan
                )
                known = row != column and "Mine" not in (row, column)
                np.testing.assert_equal(there[i, j], printed.loc[row, column] if known else np.nan)


def test_beside_simulated_people_no_number_of_the_paper_is_drawn(measured):
    from dataclasses import replace

    simulated = Measured(replace(measured.study, simulated=True, aggregate=None), 20)
    figure = plots.figure5(simulated)
    assert not any(points(axes, "paper") for axes in figure.axes)
    assert set(points(figure.axes[1])) == {"machine", "person"}
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(LABELS)
    assert not any("hollow" in text for text in words(figure))
    assert len(plots.figure7(simulated).axes) == 4  # two matrices, two scales
    assert not any("paper" in text for text in words(plots.figure3(simulated, "none")))


def test_a_machine_of_which_only_labels_are_known_takes_part_where_it_can(measured):
    from dataclasses import replace

    from same_eyes.types import Predictions

    machines = dict(measured.study.machines)
    labels = machines["Mine"][0].labels_predicted
    machines["Mine"] = (Predictions.from_labels(labels, len(measured.study.classes), measured.study.index),)
    some = Measured(replace(measured.study, machines=machines), 20)
    alone, oracle, realistic, strict = plots.figure5(some).axes
    assert [len(points(axes)["person"]) for axes in (oracle, realistic, strict)] == [4, 3, 3]
    assert len(points(alone)["machine alone"]) == 4
    panels = plots.figure7(some).axes[:4]
    shown = [np.isfinite(axes.get_images()[0].get_array().filled(np.nan)[-1]).any() for axes in (panels[0], panels[2])]
    assert shown == [True, False]


def test_beside_other_images_no_number_of_the_paper_is_drawn(measured, official):
    ran = session(measured, official)
    ran.origin.elsewhere = True
    five, seven, three = (plots._of_session(number, ran) for number in (5, 7, 3))
    assert not any(points(axes, "paper") for axes in [*five.axes, *three.axes])
    assert [label.get_text() for label in five.axes[0].get_yticklabels()] == list(LABELS)
    assert len(seven.axes) == 4  # two matrices, two scales
    del ran.sets["labels"]
    with pytest.raises(NotTestable, match="cifar10n has no machines with other labels"):
        plots._of_session(4, ran)


# --- Files


def test_files_are_whole_and_the_same_twice(measured, tmp_path):
    first, second = (
        plots.save(plots.figure4(measured, "where it is from"), tmp_path / name, "figure4") for name in ("a", "b/c")
    )
    assert [path.name for path in first] == ["figure4.svg", "figure4.png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert ElementTree.parse(first[0]).getroot().tag.endswith("svg")
    assert first[1].read_bytes().startswith(b"\x89PNG")
    assert first[1].read_bytes().endswith(b"IEND\xaeB\x60\x82")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["figure4.png", "figure4.svg"]


def test_the_users_own_settings_change_nothing(measured, tmp_path):
    import matplotlib

    (plain, _) = plots.save(plots.figure4(measured), tmp_path / "plain", "figure4")
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": "mine", "axes.facecolor": "red"}):
        (own, _) = plots.save(plots.figure4(measured), tmp_path / "own", "figure4")
    assert own.read_bytes() == plain.read_bytes()


def test_no_figure_is_left_in_global_state(measured):
    import sys

    plots.figure4(measured)
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


# --- What a run draws


def runs(name, names):
    missing = "is not stored. Train it: same-eyes train it"
    return SimpleNamespace(
        name=name, recipe="small", names=names, why_missing=lambda machine: f"the run {machine} {missing}"
    )


def session(measured, official, *where, stored=("main", "labels", "backbones"), simulated=False):
    """A run of the suite that checked claims of these places of the study."""
    sets = {name: runs(name, [*LABELS, "JoCoR"]) for name in ("main", "labels", "backbones")}
    nobody = Measured(simulated_study([Observer(0.8)] * 3, {}, images=100), 20)

    class Ran:
        name = "cifar10n"
        runset = sets["main"]

        @property
        def measured(self):
            return self.varied("main")

        @property
        def measured_official(self):
            if isinstance(official, Exception):
                raise official
            return official

        def varied(self, name):
            return measured if name in stored else nobody

    ran = Ran()
    ran.sets, ran.simulated, ran.origin = sets, simulated, SimpleNamespace(elsewhere=False)
    ran.record = [SimpleNamespace(claim=SimpleNamespace(where=place)) for place in where]
    return ran


@pytest.mark.parametrize(
    ("where", "figures"),
    [
        ("Section 4.1, Figures 5a, 7a", {5, 7}),
        ("Figure 3a, Test 2", {3}),
        ("Figure 7b (8b in the later text)", {7}),
        ("Figure 2, Test 1", {2}),
        ("Section 3.4, Figure 6", {6}),
        ("Tests 2 and 3", set()),
        ("Table 1", set()),
    ],
)
def test_a_claim_names_its_figures(where, figures):
    assert plots.figures_in(where) == figures


def test_the_suites_claims_name_all_figures():
    from same_eyes.claims import read_claims
    from same_eyes.places import leaf

    named = set().union(*(plots.figures_in(claim.where) for claim in read_claims(leaf("expected")).values()))
    assert named == {2, 3, 4, 5, 6, 7}


def test_a_run_draws_the_figures_of_its_claims(measured, official, tmp_path):
    ran = session(measured, official, "Figure 2, Test 1", "Section 3.4, Figure 4", "Table 1", "Figure 2, Test 1")
    drawn, left_out = plots.draw(tmp_path / "deep", ran)
    assert [(figure.number, figure.name) for figure in drawn] == [(2, "figure2"), (4, "figure4")]
    assert not left_out
    files = ["figure2.png", "figure2.svg", "figure4.png", "figure4.svg"]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == files
    assert all(path.stat().st_size > 1000 for path in (tmp_path / "deep").iterdir())
    assert plots.draw(tmp_path / "none", session(measured, official, "Table 1")) == ([], {})
    assert not (tmp_path / "none").exists()


def test_a_drawing_says_in_words_what_it_shows(measured, official, tmp_path):
    (figure,) = plots.draw(tmp_path, session(measured, official, "Figure 2, Test 1"))[0]
    for pair in ("HH", "MM", "HM"):
        seen = same_mistake(measured, pair)
        assert f"mean of the diagonal: {seen.value:.2f} [{seen.low:.2f}, {seen.high:.2f}]" in figure.alt
    assert figure.alt.startswith(f"{figure.title}. (a) two people")
    assert "\n" not in figure.alt


def test_missing_runs_are_said_in_one_line(measured, official, tmp_path):
    ran = session(measured, official, "Figure 4", "Figure 6", stored=("labels",))
    drawn, left_out = plots.draw(tmp_path, ran)
    assert [figure.number for figure in drawn] == [4]
    assert left_out == {6: "it needs two machines, 0 at hand; the run Mine is not stored. Train it: same-eyes train it"}


def test_a_damaged_run_is_said_in_one_line(measured, official, tmp_path, monkeypatch):
    ran = session(measured, official, "Figure 4")

    def damaged(name):
        raise BadInput("a.npz: damaged,\n its SHA-256 differs")

    monkeypatch.setattr(ran, "varied", damaged)
    assert plots.draw(tmp_path, ran) == ([], {4: "a.npz: damaged, its SHA-256 differs"})


@pytest.mark.parametrize("missing", [NotTestable("no machine has seen them"), BadInput("no machine has seen them")])
def test_figure3_is_drawn_without_cifar10h(measured, missing, tmp_path):
    figure = plots._of_session(3, session(measured, missing, "Figure 3a"))
    assert sum("no machine has seen them" in text.replace("\n", " ") for text in words(figure)) == 3


def test_the_footer_says_where_the_numbers_are_from(measured, official):
    said = " ".join(" ".join(words(plots._of_session(4, session(measured, official, simulated=True)))).split())
    assert re.search(r"SIMULATED people\. Study cifar10n, recipe small, 4 of 5 machines, 1,200 held-out images", said)
    assert "40 bootstrap samples" in said
    said = " ".join(" ".join(words(plots._of_session(3, session(measured, official)))).split())
    assert "SIMULATED" not in said
    assert "CIFAR-10H: 1,200 official test images, 4 machines" in said


def test_without_matplotlib_one_line_says_so(measured, official, tmp_path, monkeypatch):
    real = builtins.__import__

    def no_matplotlib(name, *more):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", no_matplotlib)
    drawn, left_out = plots.draw(tmp_path, session(measured, official, "Figure 2, Test 1"))
    assert drawn == []
    assert left_out == {2: plots.WITHOUT}
    assert not list(tmp_path.iterdir())


def test_matplotlib_is_asked_for_only_when_something_is_drawn():
    import subprocess
    import sys

    from same_eyes.places import CHECKOUT

    program = "import sys; import same_eyes.plots, same_eyes.plugin; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, check=True)
