"""Section 3.1, Figure 2, Test 1: do two who err make the same mistake?"""

import pytest

from same_eyes.measure.mistakes import matrix_test, other_mistake, same_mistake


@pytest.mark.claim("machines-err-together")
def test_machines_share_mistakes_more_than_people(measured, claim):
    difference, test = matrix_test(measured, "MM", "HH", "diagonal")
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.claim("machines-err-together-strict")
def test_machines_share_mistakes_more_than_people_over_images(measured, claim):
    claim.greater(same_mistake(measured, "MM"), than=same_mistake(measured, "HH"))


@pytest.mark.claim("machines-err-unlike-people")
def test_machines_share_mistakes_more_than_mixed_pairs(measured, claim):
    difference, test = matrix_test(measured, "MM", "HM", "diagonal")
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.claim("machines-err-unlike-people-strict")
def test_machines_share_mistakes_more_than_mixed_pairs_over_images(measured, claim):
    claim.greater(same_mistake(measured, "MM"), than=same_mistake(measured, "HM"))


@pytest.mark.claim("mixed-pairs-err-as-people-do")
def test_mixed_pairs_share_mistakes_as_people_do(measured, claim):
    difference, test = matrix_test(measured, "HM", "HH", "diagonal")
    claim.no_difference(difference, test.pvalue)


@pytest.mark.claim("mixed-pairs-err-as-people-do-strict")
def test_mixed_pairs_are_equivalent_to_people(measured, claim):
    claim.equivalent(same_mistake(measured, "HM") - same_mistake(measured, "HH"))


@pytest.mark.claim("machines-scatter-less")
def test_machines_scatter_less_than_people(measured, claim):
    difference, test = matrix_test(measured, "MM", "HH", "off-diagonal")
    claim.significant(difference, test.pvalue, sign=-1)


@pytest.mark.claim("machines-scatter-less-strict")
def test_machines_scatter_less_than_people_over_images(measured, claim):
    claim.greater(other_mistake(measured, "HH"), than=other_mistake(measured, "MM"))


@pytest.mark.claim("mixed-pairs-scatter-as-people-do")
def test_mixed_pairs_scatter_as_people_do(measured, claim):
    difference, test = matrix_test(measured, "HM", "HH", "off-diagonal")
    claim.no_difference(difference, test.pvalue)


@pytest.mark.claim("mixed-pairs-scatter-as-people-do-strict")
def test_mixed_pairs_scatter_equivalently_to_people(measured, claim):
    claim.equivalent(other_mistake(measured, "HM") - other_mistake(measured, "HH"))


@pytest.mark.claim("machines-scatter-less-than-mixed")
def test_machines_scatter_less_than_mixed_pairs(measured, claim):
    difference, test = matrix_test(measured, "MM", "HM", "off-diagonal")
    claim.significant(difference, test.pvalue, sign=-1)


@pytest.mark.claim("machines-scatter-less-than-mixed-strict")
def test_machines_scatter_less_than_mixed_pairs_over_images(measured, claim):
    claim.greater(other_mistake(measured, "HM"), than=other_mistake(measured, "MM"))
