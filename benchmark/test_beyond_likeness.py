"""Beyond the study: likeness corrected for chance. Do they err on the same images, alike, and in the same classes?"""

import pytest

from same_eyes.measure.likeness import (
    consistencies,
    consistency,
    distance_to_people,
    human_ceiling,
    wrong_agreement,
)


@pytest.mark.claim("machines-err-on-the-same-images")
def test_machines_err_on_the_same_images_more_than_people(measured, claim):
    claim.greater(consistency(measured, "MM"), than=consistency(measured, "HH"))


@pytest.mark.claim("mixed-pairs-err-on-the-same-images")
def test_a_person_and_a_machine_err_on_the_same_images(measured, claim, machine, human):
    claim.greater(consistencies(measured)[machine, human])


@pytest.mark.claim("machines-agree-beyond-confusions")
def test_machines_agree_where_both_are_wrong(measured, claim):
    claim.greater(wrong_agreement(measured, "MM"))


@pytest.mark.claim("people-agree-beyond-confusions")
def test_people_agree_where_both_are_wrong(measured, claim):
    claim.greater(wrong_agreement(measured, "HH"))


@pytest.mark.claim("mixed-pairs-agree-beyond-confusions")
def test_a_person_and_a_machine_agree_where_both_are_wrong(measured, claim):
    claim.greater(wrong_agreement(measured, "HM"))


@pytest.mark.claim("machines-confuse-classes-unlike-people")
def test_a_machine_confuses_classes_less_as_people_do_than_a_person(measured, claim, machine):
    claim.greater(distance_to_people(measured, machine), than=human_ceiling(measured))
