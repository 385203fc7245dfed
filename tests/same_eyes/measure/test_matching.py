from dataclasses import replace

import numpy as np
import pytest

from same_eyes.measure import Measured
from same_eyes.measure.matching import matchings, others, strongest_mixed_match, weakest_match
from same_eyes.metrics.matching import matching
from same_eyes.testing.worlds import Observer, simulated_study

PEOPLE = [Observer(0.8, eye="people"), Observer(0.78, eye="people"), Observer(0.82, eye="people")]
MACHINES = {
    "CE": Observer(0.85, labels="random1", backbone="vgg"),
    "GCE": Observer(0.86, labels="random1", backbone="resnet"),
    "NLS": Observer(0.9, labels="random2", backbone="vgg"),
}


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study(PEOPLE, MACHINES, images=600), replicates=50)


@pytest.mark.parametrize("balance", ["column", "row", "pooled"])
def test_a_cell_is_the_matching_of_its_pair(measured, balance):
    cells = matchings(measured, balance)
    assert len(cells) == 6 * 5
    for pair in (("CE", "Human 2"), ("Human 2", "CE"), ("GCE", "NLS")):
        right = measured.right(*pair)
        assert cells[pair].value == pytest.approx(matching(*right.T, balance=balance))
        drawn = np.repeat(np.arange(600), measured.weights[7])
        assert cells[pair].replicates[7] == pytest.approx(matching(*right[drawn].T, balance=balance))


def test_the_extremes_are_over_rows_of_machines(measured):
    cells = matchings(measured)
    machines, people = list(MACHINES), measured.people
    assert strongest_mixed_match(measured).value == max(cells[m, p].value for m in machines for p in people)
    assert weakest_match(measured, "CE", ["GCE", "NLS"]).value == min(cells["CE", m].value for m in ("GCE", "NLS"))


def test_pairs_of_one_label_set_or_backbone_can_be_left_out(measured):
    assert others(measured, "CE") == ["GCE", "NLS"]
    assert others(measured, "CE", differing="labels") == ["NLS"]
    assert others(measured, "CE", differing="backbone") == ["GCE"]
    study = measured.study
    alone = Measured(replace(study, machines={"CE": study.machines["CE"]}), replicates=50)
    assert others(alone, "CE") == []
