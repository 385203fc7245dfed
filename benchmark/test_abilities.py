"""Section 3.1, its conclusions: do machines err together however good they are, and do people know what they do not?"""

import pytest

from same_eyes.claims import Estimate
from same_eyes.measure.ability import (
    known_beyond_chance,
    missed_by_machines_known_to_people,
    same_mistake_at_widest_gap,
    same_mistake_rate,
)
from same_eyes.measure.mistakes import same_mistake


@pytest.mark.claim("unequal-machines-err-together-strict")
def test_machines_of_unequal_accuracy_share_mistakes_more_than_people(measured, claim):
    claim.greater(
        same_mistake_at_widest_gap(measured, *measured.machines), than=same_mistake_rate(measured, *measured.people)
    )


@pytest.mark.claim("people-err-apart")
def test_people_share_mistakes_much_less_than_machines(measured, claim):
    claim.greater(Estimate.exact(same_mistake(measured, "MM").value), than=same_mistake(measured, "HH").value)


@pytest.mark.claim("people-err-apart-strict")
def test_people_share_mistakes_much_less_than_machines_over_images(measured, claim):
    claim.greater(same_mistake(measured, "MM"), than=same_mistake(measured, "HH"))


@pytest.mark.claim("people-know-what-machines-miss")
def test_a_person_gets_images_that_every_machine_misses(measured, claim):
    claim.greater(Estimate.exact(missed_by_machines_known_to_people(measured).value))


@pytest.mark.claim("people-know-what-machines-miss-strict")
def test_a_person_gets_them_more_often_than_by_chance(measured, claim, human):
    claim.greater(known_beyond_chance(measured, human))
