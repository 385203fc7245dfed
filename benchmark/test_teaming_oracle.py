"""Section 4.1, Figures 5a and 7a: teams that are right where either member is."""

import pytest

from same_eyes.claims import Estimate
from same_eyes.measure.core import accuracy
from same_eyes.measure.teaming import (
    best_machine,
    best_person,
    gain_as_printed,
    gain_over_better,
    least_accurate_person,
    matrix_agreement,
    printed_gain,
    team,
)


@pytest.mark.claim("person-gains-more-oracle")
def test_a_machine_gains_more_by_a_person(measured, claim, machine, all_machines):
    person = best_person(measured, machine, "oracle")
    other = best_machine(measured, machine, "oracle", gain_as_printed)
    claim.greater(
        gain_as_printed(measured, machine, person, "oracle"), than=gain_as_printed(measured, machine, other, "oracle")
    )


@pytest.mark.claim("person-gains-more-oracle-strict")
def test_a_machine_is_more_accurate_with_any_person(measured, claim, machine, human, all_machines):
    other = best_machine(measured, machine, "oracle")
    claim.greater(team(measured, machine, human, "oracle"), than=team(measured, machine, other, "oracle"))


@pytest.mark.parametrize("partner", ["Human 1", "Aggre"])
@pytest.mark.claim("ce-example")
def test_ce_is_as_accurate_with_a_person_as_printed(measured, claim, all_machines, partner):
    claim.close(team(measured, "CE", partner, "oracle"))


@pytest.mark.claim("weaker-person-helps-more")
def test_ce_is_more_accurate_with_a_weak_person_than_with_co_teaching(measured, claim, all_machines):
    person = least_accurate_person(measured)
    claim.greater(team(measured, "CE", person, "oracle"), than=team(measured, "CE", "Co-teaching", "oracle"))


@pytest.mark.claim("weaker-person-helps-more-strict")
def test_every_machine_is_more_accurate_with_the_weakest_person(measured, claim, machine, all_machines):
    person, other = least_accurate_person(measured), best_machine(measured, machine, "oracle")
    claim.greater(team(measured, machine, person, "oracle"), than=team(measured, machine, other, "oracle"))


@pytest.mark.claim("machine-pairs-gain-mildly")
def test_two_machines_gain_as_printed(measured, claim, machine, all_machines):
    other = best_machine(measured, machine, "oracle", gain_as_printed)
    gain = gain_as_printed(measured, machine, other, "oracle")
    claim.close(gain, to=printed_gain(machine, "oracle_add_model"))


@pytest.mark.claim("machine-pairs-gain-mildly-strict")
def test_two_machines_gain_far_less_than_a_machine_and_a_person(measured, claim, machine, all_machines):
    person = best_person(measured, machine, "oracle")
    other = best_machine(measured, machine, "oracle", gain_over_better)
    claim.greater(
        gain_over_better(measured, machine, person, "oracle"), than=gain_over_better(measured, machine, other, "oracle")
    )


@pytest.mark.claim("majority-adds-little-oracle")
def test_the_majority_adds_as_little_as_printed(measured, claim, machine):
    printed = printed_gain(machine, "oracle_add_aggre") - printed_gain(machine, "oracle_add_human")
    person = best_person(measured, machine, "oracle")
    added = team(measured, machine, "Aggre", "oracle") - team(measured, machine, person, "oracle")
    claim.close(added, to=printed)


@pytest.mark.parametrize("alone", ["the machine", "the person"])
@pytest.mark.claim("team-beats-each-member")
def test_a_team_beats_each_member(measured, claim, machine, human, alone):
    member = machine if alone == "the machine" else human
    ahead = team(measured, machine, human, "oracle") - accuracy(measured, member)
    claim.greater(Estimate.exact(ahead.value))


@pytest.mark.claim("team-beats-each-member-strict")
def test_a_team_beats_its_better_member(measured, claim, machine, human):
    claim.greater(gain_over_better(measured, machine, human, "oracle"))


@pytest.mark.parametrize("compared", ["values", "ranks of people", "ranks of machines"])
@pytest.mark.claim("oracle-matrix")
def test_the_matrix_of_gains_is_as_printed(measured, claim, all_machines, compared):
    kind = {"ranks of people": "people", "ranks of machines": "machines"}.get(compared, "all")
    difference, correlation = matrix_agreement(measured, "oracle", "figure7_oracle", kind)
    if compared == "values":
        claim.close(difference, to=0.0)
    else:
        claim.greater(correlation)
