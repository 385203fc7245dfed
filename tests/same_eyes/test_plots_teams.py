"""The pictures of teams: what is drawn is what the tables hold."""

import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure import team_labels as labels
from same_eyes.measure.team_table import table
from same_eyes.testing.worlds import Observer, simulated_study

pytest.importorskip("matplotlib")
from same_eyes import plots_teams

RULES = ["threshold", "p_plus_l"]


@pytest.fixture(scope="module")
def measured():
    machines = {"CE": Observer(0.8, eye="machine"), "GCE": Observer(0.78, eye="machine")}
    return Measured(simulated_study([Observer(0.75, eye="person")] * 2, machines, images=400, classes=4), 30)


@pytest.fixture(scope="module")
def found(measured):
    return table(measured, ["CE", "GCE"], RULES, ("person", "machine"), divisions=1)


def test_gains_are_the_tables_and_a_control_is_hollow(found):
    figure = plots_teams.gains(found.teams, "a source")
    person, people = figure.axes
    means = found.teams[found.teams["machine"] == "mean"].set_index(["kind", "rule"])["gain"]
    drawn = {gid: sorted(float(line.get_xdata()[0]) for line in person.get_lines() if line.get_gid() == gid)
             for gid in ("ours", "control")}  # fmt: skip
    assert drawn["ours"] == pytest.approx(sorted(100 * means["person"]))
    assert drawn["control"] == pytest.approx(sorted(100 * means["machine"]))
    hollow = [line for line in person.get_lines() if line.get_gid() == "control"]
    assert {line.get_markerfacecolor() for line in hollow} == {"white"}
    assert [label.get_text() for label in person.get_yticklabels()][-1] == "P+L"
    assert "not drawn" in people.texts[0].get_text()


def test_every_curve_is_told_apart_without_colour(found, measured):
    curves = plots_teams.costs(found.costs, labels.table(measured, ["CE"], RULES), "a source").axes
    for axes in (curves[0], curves[2]):
        looks = {(line.get_linestyle(), line.get_marker()) for line in axes.get_lines()}
        assert len(looks) == len(axes.get_lines()) == 2
    rows = found.costs[(found.costs["kind"] == "person") & (found.costs["rule"] == "p_plus_l")]
    line = next(line for line in curves[0].get_lines() if line.get_label() == "P+L")
    np.testing.assert_allclose(line.get_ydata(), 100 * rows["accuracy"])
    assert "not drawn" in curves[1].texts[0].get_text()


def test_what_was_not_measured_names_the_command(found):
    assert "--labels" in plots_teams.costs(found.costs).axes[2].texts[0].get_text()


def test_there_is_a_look_for_every_rule_that_is_drawn():
    assert len({style[1:] for style in plots_teams.STYLES}) == len(plots_teams.STYLES) == len(plots_teams.DRAWN)
