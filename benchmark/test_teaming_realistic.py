"""Section 4.2, Figures 5b and 7b, Test 4: teams that ask the partner where the machine's confidence is at most eta."""

import pytest

from same_eyes.measure.core import accuracy
from same_eyes.measure.teaming import (
    MULTI_NETWORK,
    PRE_TRAINED,
    PRE_TRAINED_NLS,
    against_rival,
    best_machine,
    best_person,
    gain_as_printed,
    gain_from_original,
    gain_over_better,
    loss_to_best,
    matrix_agreement,
    mean,
    printed_gain,
    t_over_methods,
    team,
    threshold_improves,
    unrealised_share,
)

PARTNERS = ["Human 1", "mean of people", "best person", "Aggre"]
ETAS = [0.4, 0.5, 0.6]
PRESUMED = {"the six": PRE_TRAINED, "NLS for GCE": PRE_TRAINED_NLS}


@pytest.mark.claim("person-gains-more-realistic")
def test_a_machine_gains_more_by_a_person(measured, claim, machine, all_machines):
    person = best_person(measured, machine, "hindsight")
    other = best_machine(measured, machine, "hindsight", gain_as_printed)
    claim.greater(
        gain_as_printed(measured, machine, person, "hindsight"),
        than=gain_as_printed(measured, machine, other, "hindsight"),
    )


@pytest.mark.claim("person-gains-more-realistic-strict")
def test_a_machine_is_more_accurate_with_any_person(measured, claim, machine, human, all_machines):
    other = best_machine(measured, machine, "cross-fitted")
    claim.greater(team(measured, machine, human, "cross-fitted"), than=team(measured, machine, other, "cross-fitted"))


@pytest.mark.claim("machine-pairs-gain-marginally")
def test_two_machines_gain_as_printed(measured, claim, machine, all_machines):
    other = best_machine(measured, machine, "hindsight", gain_as_printed)
    gain = gain_as_printed(measured, machine, other, "hindsight")
    claim.close(gain, to=printed_gain(machine, "realistic_add_model"))


@pytest.mark.claim("machine-pairs-gain-marginally-strict")
def test_two_machines_gain_far_less_than_a_machine_and_a_person(measured, claim, machine, all_machines):
    person = best_person(measured, machine, "cross-fitted")
    other = best_machine(measured, machine, "cross-fitted", gain_over_better)
    claim.greater(
        gain_over_better(measured, machine, person, "cross-fitted"),
        than=gain_over_better(measured, machine, other, "cross-fitted"),
    )


@pytest.mark.claim("majority-gains-more-realistic")
def test_the_majority_adds_as_much_as_printed(measured, claim, machine):
    printed = printed_gain(machine, "realistic_add_aggre") - printed_gain(machine, "realistic_add_human")
    person = best_person(measured, machine, "hindsight")
    added = team(measured, machine, "Aggre", "hindsight") - team(measured, machine, person, "hindsight")
    claim.close(added, to=printed)


@pytest.mark.claim("majority-gains-more-realistic-strict")
def test_the_majority_adds_more_than_any_person(measured, claim, machine, human):
    claim.greater(team(measured, machine, "Aggre", "cross-fitted"), than=team(measured, machine, human, "cross-fitted"))


@pytest.mark.claim("threshold-improves")
def test_a_threshold_improves_on_the_machines(measured, claim, human, all_machines):
    difference, test = t_over_methods(
        [gain_from_original(measured, machine, human, 0.6) for machine in measured.confident]
    )
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.claim("threshold-improves-strict")
def test_a_threshold_improves_on_each_machine(measured, claim, machine, human):
    difference, pvalue = threshold_improves(measured, machine, human, 0.6)
    claim.significant(difference, pvalue, sign=+1)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("methods", PRESUMED)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.claim("eta-as-good-as-best-pretrained")
def test_an_eta_of_0_6_is_as_good_as_the_best(measured, claim, all_machines, eta, methods, partner):
    losses = [loss_to_best(measured, machine, partner, eta) for machine in PRESUMED[methods]]
    difference, test = t_over_methods(losses)
    if eta == 0.6:
        claim.no_difference(difference, test.pvalue)
    else:
        claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("methods", PRESUMED)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.claim("eta-as-good-as-best-pretrained-one-sided-strict")
def test_an_eta_of_0_6_is_as_good_as_the_best_one_sided(measured, claim, all_machines, eta, methods, partner):
    losses = [loss_to_best(measured, machine, partner, eta) for machine in PRESUMED[methods]]
    difference, test = t_over_methods(losses, alternative="greater")
    if eta == 0.6:
        claim.no_difference(difference, test.pvalue)
    else:
        claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("methods", PRESUMED)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.claim("eta-as-good-as-best-pretrained-equivalent-strict")
def test_an_eta_of_0_6_loses_no_tenth_of_the_gain(measured, claim, all_machines, eta, methods, partner):
    loss = mean([loss_to_best(measured, machine, partner, eta, "cross-fitted") for machine in PRESUMED[methods]])
    if eta == 0.6:
        claim.equivalent(loss)
    else:
        claim.greater(loss)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.claim("no-eta-as-good-as-best-multi-network")
def test_no_eta_is_as_good_as_the_best(measured, claim, all_machines, eta, partner):
    difference, test = t_over_methods([loss_to_best(measured, machine, partner, eta) for machine in MULTI_NETWORK])
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.claim("no-eta-as-good-as-best-multi-network-strict")
def test_every_eta_loses_a_tenth_of_the_gain(measured, claim, all_machines, eta, partner):
    losses = [loss_to_best(measured, machine, partner, eta, "cross-fitted") for machine in MULTI_NETWORK]
    claim.greater(mean(losses))


@pytest.mark.claim("oracle-above-realistic")
def test_the_oracle_is_well_above(measured, claim, machine, human):
    claim.greater(team(measured, machine, human, "oracle"), than=team(measured, machine, human, "hindsight"))


@pytest.mark.claim("oracle-above-realistic-strict")
def test_most_of_the_oracles_gain_is_left(measured, claim, machine, human):
    claim.greater(unrealised_share(measured, machine, human, "cross-fitted"))


@pytest.mark.parametrize("rival", ["the person", "the machine", "two machines"])
@pytest.mark.claim("team-beats-all")
def test_a_team_beats_people_machines_and_two_machines(measured, claim, machine, all_machines, rival):
    person = best_person(measured, machine, "hindsight")
    if rival == "two machines":
        other = best_machine(measured, machine, "hindsight", gain_as_printed)
        ours = gain_as_printed(measured, machine, person, "hindsight")
        claim.greater(ours, than=gain_as_printed(measured, machine, other, "hindsight"))
    else:
        alone = accuracy(measured, person if rival == "the person" else machine)
        claim.greater(team(measured, machine, person, "hindsight"), than=alone)


@pytest.mark.parametrize("rival", ["the person", "the machine", "two machines"])
@pytest.mark.claim("team-beats-all-strict")
def test_any_team_beats_people_machines_and_two_machines(measured, claim, machine, human, all_machines, rival):
    difference, pvalue = against_rival(measured, machine, human, rival)
    claim.significant(difference, pvalue, sign=+1)


@pytest.mark.parametrize("compared", ["values", "ranks of people", "ranks of machines"])
@pytest.mark.claim("realistic-matrix")
def test_the_matrix_of_gains_is_as_printed(measured, claim, all_machines, compared):
    kind = {"ranks of people": "people", "ranks of machines": "machines"}.get(compared, "all")
    difference, correlation = matrix_agreement(measured, "hindsight", "figure7_realistic", kind)
    if compared == "values":
        claim.close(difference, to=0.0)
    else:
        claim.greater(correlation)
