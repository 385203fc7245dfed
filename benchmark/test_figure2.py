"""Section 3.1, Figure 2, Test 1: do two who err make the same mistake?"""

import pytest


@pytest.mark.claim("machines-err-together")
def test_machines_share_mistakes_more_than_people(measured, claim):
    difference, test = measured.matrix_test("MM", "HH", "diagonal")
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.claim("machines-err-together-strict")
def test_machines_share_mistakes_more_than_people_over_images(measured, claim):
    claim.greater(measured.same_mistake("MM"), than=measured.same_mistake("HH"))


@pytest.mark.claim("machines-err-unlike-people")
def test_machines_share_mistakes_more_than_mixed_pairs(measured, claim):
    difference, test = measured.matrix_test("MM", "HM", "diagonal")
    claim.significant(difference, test.pvalue, sign=+1)


@pytest.mark.claim("machines-err-unlike-people-strict")
def test_machines_share_mistakes_more_than_mixed_pairs_over_images(measured, claim):
    claim.greater(measured.same_mistake("MM"), than=measured.same_mistake("HM"))


@pytest.mark.claim("mixed-pairs-err-as-people-do")
def test_mixed_pairs_share_mistakes_as_people_do(measured, claim):
    difference, test = measured.matrix_test("HM", "HH", "diagonal")
    claim.no_difference(difference, test.pvalue)


@pytest.mark.claim("mixed-pairs-err-as-people-do-strict")
def test_mixed_pairs_are_equivalent_to_people(measured, claim):
    claim.equivalent(measured.same_mistake("HM") - measured.same_mistake("HH"))


@pytest.mark.claim("machines-scatter-less")
def test_machines_scatter_less_than_people(measured, claim):
    difference, test = measured.matrix_test("MM", "HH", "off-diagonal")
    claim.significant(difference, test.pvalue, sign=-1)


@pytest.mark.claim("machines-scatter-less-strict")
def test_machines_scatter_less_than_people_over_images(measured, claim):
    claim.greater(measured.other_mistake("HH"), than=measured.other_mistake("MM"))


@pytest.mark.claim("mixed-pairs-scatter-as-people-do")
def test_mixed_pairs_scatter_as_people_do(measured, claim):
    difference, test = measured.matrix_test("HM", "HH", "off-diagonal")
    claim.no_difference(difference, test.pvalue)


@pytest.mark.claim("mixed-pairs-scatter-as-people-do-strict")
def test_mixed_pairs_scatter_equivalently_to_people(measured, claim):
    claim.equivalent(measured.other_mistake("HM") - measured.other_mistake("HH"))


@pytest.mark.claim("machines-scatter-less-than-mixed")
def test_machines_scatter_less_than_mixed_pairs(measured, claim):
    difference, test = measured.matrix_test("MM", "HM", "off-diagonal")
    claim.significant(difference, test.pvalue, sign=-1)


@pytest.mark.claim("machines-scatter-less-than-mixed-strict")
def test_machines_scatter_less_than_mixed_pairs_over_images(measured, claim):
    claim.greater(measured.other_mistake("HM"), than=measured.other_mistake("MM"))
