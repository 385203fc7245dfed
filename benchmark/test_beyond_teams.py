"""Beyond the study: teams whose rule combines the answers, each fitted on other images than it answers."""

import pytest

from same_eyes.measure.beyond import (
    ALL_PEOPLE,
    ahead_of_machines,
    ahead_of_replacing,
    better_calibrated,
    gain_by_knowing_workers,
    realised,
)
from same_eyes.measure.teaming import mean


@pytest.mark.claim("combining-beats-replacing")
def test_combining_beats_replacing(measured, claim, machine, human):
    claim.greater(ahead_of_replacing(measured, machine, human, "p_plus_l"))


@pytest.mark.claim("combining-beats-replacing-all-people")
def test_combining_beats_replacing_by_all_people(measured, claim, machine):
    claim.greater(ahead_of_replacing(measured, machine, ALL_PEOPLE, "p_plus_l"))


@pytest.mark.claim("three-people-realise-two-thirds")
def test_three_people_realise_two_thirds(measured, claim, machine):
    claim.greater(realised(measured, machine, ALL_PEOPLE, "p_plus_l"))


@pytest.mark.claim("person-beats-machine-by-one-rule")
def test_a_person_beats_the_best_machine_by_one_rule(measured, claim, machine, human, all_machines):
    claim.greater(ahead_of_machines(measured, machine, human, "p_plus_l"))


def _of_pool(measured, machine, human):
    return better_calibrated(measured, machine, human, "tempered_pool", than="p_plus_l")


@pytest.mark.claim("pool-lowers-log-loss")
def test_the_pool_lowers_the_log_loss(measured, claim, human, all_machines):
    claim.greater(mean([_of_pool(measured, machine, human).log_loss for machine in all_machines]))


@pytest.mark.claim("pool-lowers-brier")
def test_the_pool_lowers_the_brier_score(measured, claim, human, all_machines):
    claim.greater(mean([_of_pool(measured, machine, human).brier for machine in all_machines]))


@pytest.mark.claim("pool-halves-calibration-error")
def test_the_pool_halves_the_calibration_error(measured, claim, human, all_machines):
    claim.greater(mean([_of_pool(measured, machine, human).calibration_error for machine in all_machines]))


@pytest.mark.claim("workers-do-not-matter")
def test_who_answered_adds_nothing(measured, claim, machine, human):
    claim.equivalent(gain_by_knowing_workers(measured, machine, human))


@pytest.mark.claim("logistic-realises-half")
def test_the_best_rule_realises_half(measured, claim, machine, human):
    claim.greater(realised(measured, machine, human, "logistic"))
