"""Section 3.4, Figure 4: machines trained on different people's labels."""

import pytest

from same_eyes.measure.matching import others, strongest_mixed_match, weakest_match


@pytest.mark.claim("machines-match-across-labels")
def test_machines_match_each_other_more_than_people(measured_labels, claim, machine, all_machines):
    partners = others(measured_labels, machine)
    claim.greater(weakest_match(measured_labels, machine, partners), than=strongest_mixed_match(measured_labels))


@pytest.mark.parametrize("balance", ["column", "row", "pooled"])
@pytest.mark.claim("machines-match-across-labels-strict")
def test_machines_of_other_labels_match_more_than_people(measured_labels, claim, machine, all_machines, balance):
    partners = others(measured_labels, machine, differing="labels")
    weakest = weakest_match(measured_labels, machine, partners, balance)
    claim.greater(weakest, than=strongest_mixed_match(measured_labels, balance))
