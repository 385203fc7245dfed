"""Table 1: how accurate are people and machines?"""

import pytest

from same_eyes.claims import Estimate


@pytest.mark.claim("machines-above-people")
def test_every_machine_is_more_accurate_than_every_human(measured, measured_whole, claim, machine, human):
    person = Estimate.exact(measured_whole.accuracy(human).value)
    claim.greater(Estimate.exact(measured.accuracy(machine).value), than=person.value)


@pytest.mark.claim("machines-above-people-strict")
def test_every_machine_is_more_accurate_than_every_human_on_the_same_images(measured, claim, machine, human):
    claim.greater(measured.accuracy(machine), than=measured.accuracy(human))


@pytest.mark.claim("people-accuracy")
def test_people_are_as_accurate_as_printed(measured_whole, claim, human):
    claim.close(Estimate.exact(measured_whole.accuracy(human).value))


@pytest.mark.claim("people-accuracy-strict")
def test_people_are_as_accurate_on_the_held_out_images(measured, claim, human):
    claim.close(measured.accuracy(human))


@pytest.mark.claim("machines-accuracy")
def test_machines_are_as_accurate_as_printed(measured, claim, machine):
    claim.close(measured.accuracy(machine))


@pytest.mark.claim("machines-order")
def test_machines_rank_as_printed(measured, claim):
    claim.greater(Estimate.exact(measured.rank_agreement(claim.claim.values).value))


@pytest.mark.claim("machines-order-strict")
def test_machines_rank_as_printed_beyond_sampling(measured, claim):
    claim.greater(measured.rank_agreement(claim.claim.values))


@pytest.mark.claim("aggregate-accuracy")
def test_the_majority_of_people_is_as_accurate_as_printed(measured_whole, claim):
    claim.close(Estimate.exact(measured_whole.accuracy("Aggre").value), to=claim.claim.values["Aggre"])


@pytest.mark.claim("aggregate-accuracy-strict")
def test_the_majority_of_people_is_as_accurate_on_the_held_out_images(measured, claim):
    claim.close(measured.accuracy("Aggre"), to=claim.claim.values["Aggre"])
