"""Table 1: how accurate are people and machines?"""

import pytest

from same_eyes.claims import Estimate
from same_eyes.measure.core import accuracy, exact_accuracy, rank_agreement


@pytest.mark.claim("machines-above-people")
def test_every_machine_is_more_accurate_than_every_human(measured, measured_whole, claim, machine, human):
    claim.greater(exact_accuracy(measured, machine), than=exact_accuracy(measured_whole, human).value)


@pytest.mark.claim("machines-above-people-strict")
def test_every_machine_is_more_accurate_than_every_human_on_the_same_images(measured, claim, machine, human):
    claim.greater(accuracy(measured, machine), than=accuracy(measured, human))


@pytest.mark.claim("people-accuracy")
def test_people_are_as_accurate_as_printed(measured_whole, claim, human):
    claim.close(exact_accuracy(measured_whole, human))


@pytest.mark.claim("people-accuracy-strict")
def test_people_are_as_accurate_on_the_held_out_images(measured, claim, human):
    claim.close(accuracy(measured, human))


@pytest.mark.claim("machines-accuracy")
def test_machines_are_as_accurate_as_printed(measured, claim, machine):
    claim.close(accuracy(measured, machine))


@pytest.mark.claim("machines-order")
def test_machines_rank_as_printed(measured, claim, all_machines):
    claim.greater(Estimate.exact(rank_agreement(measured, claim.claim.values).value))


@pytest.mark.claim("machines-order-strict")
def test_machines_rank_as_printed_beyond_sampling(measured, claim, all_machines):
    claim.greater(rank_agreement(measured, claim.claim.values))


@pytest.mark.claim("aggregate-accuracy")
def test_the_majority_of_people_is_as_accurate_as_printed(measured_whole, claim):
    claim.close(exact_accuracy(measured_whole, "Aggre"), to=claim.claim.values["Aggre"])


@pytest.mark.claim("aggregate-accuracy-strict")
def test_the_majority_of_people_is_as_accurate_on_the_held_out_images(measured, claim):
    claim.close(accuracy(measured, "Aggre"), to=claim.claim.values["Aggre"])
