"""Section 3.4, Figure 6: machines with different backbones."""

import pytest

from same_eyes.measure.matching import others, strongest_mixed_match, weakest_match


@pytest.mark.claim("machines-match-across-backbones")
def test_machines_match_each_other_more_than_people(measured_backbones, claim, machine, all_machines):
    partners = others(measured_backbones, machine)
    claim.greater(weakest_match(measured_backbones, machine, partners), than=strongest_mixed_match(measured_backbones))


@pytest.mark.parametrize("balance", ["column", "row", "pooled"])
@pytest.mark.claim("machines-match-across-backbones-strict")
def test_machines_of_other_backbones_match_more_than_people(measured_backbones, claim, machine, all_machines, balance):
    partners = others(measured_backbones, machine, differing="backbone")
    weakest = weakest_match(measured_backbones, machine, partners, balance)
    claim.greater(weakest, than=strongest_mixed_match(measured_backbones, balance))
