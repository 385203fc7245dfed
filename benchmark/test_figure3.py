"""Sections 3.2 and 3.3, Figure 3, Tests 2 and 3: are the same images hard for people and for machines?"""

import pytest

from same_eyes.claims import Estimate
from same_eyes.measure.difficulty import (
    curves,
    fall,
    fall_to_a_split,
    greatest_lead,
    hardness_correlations,
    identity_line,
    identity_slope_gap,
    lead,
    line,
    slope_gap,
    surest_lead,
    why_no_times,
)

LOW = {f"level {level + 1} of 10": level for level in range(5)}  # the lower half
WHO = ("people", "machines")


# --- Section 3.2: machine difficulty ----------------------------------------------------------------------


@pytest.mark.claim("confidence-guides-machines-more")
def test_accuracy_rises_with_confidence_more_for_machines(measured, claim):
    claim.greater(Estimate.exact(identity_slope_gap(curves(measured, "confidence")).value))


@pytest.mark.claim("confidence-guides-machines-more-strict")
@pytest.mark.parametrize("kind", ["equal width", "equal count"])
@pytest.mark.parametrize("bins", ["5 levels", "10 levels", "20 levels"])
def test_accuracy_rises_with_confidence_itself_more_for_machines(measured, claim, bins, kind):
    cut = {"bins": int(bins.split()[0]), "kind": kind.split()[1]}
    claim.greater(slope_gap(curves(measured, "confidence", **cut)))


@pytest.mark.claim("lines-are-significant")
@pytest.mark.parametrize("coefficient", ["slope of people", "intercept of people", "slope of machines"])
@pytest.mark.parametrize("by", ["confidence", "agreement"])
def test_the_coefficients_are_significant(measured, claim, by, coefficient):
    name, _, who = coefficient.split()
    found = identity_line(curves(measured, by), who)
    claim.significant(Estimate.exact(getattr(found, name)), getattr(found, f"{name}_p"))


@pytest.mark.claim("lines-are-significant-strict")
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("by", ["confidence", "leave-one-out agreement"])
def test_the_slopes_are_significant(measured, claim, by, who):
    found = line(curves(measured, by), who)
    claim.significant(Estimate(found.slope, found.slope_low, found.slope_high), found.slope_p)


@pytest.mark.claim("people-lead-at-low-confidence")
def test_people_beat_machines_at_the_lowest_confidence(measured, claim):
    claim.greater(Estimate.exact(lead(curves(measured, "confidence"), 0).value))


@pytest.mark.claim("people-lead-at-low-confidence-strict")
@pytest.mark.parametrize("level", LOW)
def test_people_beat_machines_at_every_low_confidence(measured, claim, level):
    claim.greater(lead(curves(measured, "confidence"), LOW[level], of=10))


@pytest.mark.claim("agreement-guides-machines-more")
def test_accuracy_rises_with_agreement_more_for_machines(measured, claim):
    claim.greater(Estimate.exact(identity_slope_gap(curves(measured, "agreement")).value))


@pytest.mark.claim("agreement-guides-machines-more-strict")
def test_accuracy_rises_with_the_others_agreement_more_for_machines(measured, claim):
    claim.greater(slope_gap(curves(measured, "leave-one-out agreement")))


@pytest.mark.claim("people-lead-at-low-agreement")
def test_people_beat_machines_where_fewest_machines_are_right(measured, claim):
    claim.greater(Estimate.exact(lead(curves(measured, "agreement"), 0).value))


@pytest.mark.claim("people-lead-at-low-agreement-strict")
@pytest.mark.parametrize("level", LOW)
def test_people_beat_machines_where_few_others_are_right(measured, claim, level):
    claim.greater(lead(curves(measured, "leave-one-out agreement"), LOW[level], of=10))


@pytest.mark.claim("neither-replaces-the-other")
@pytest.mark.parametrize("who", WHO)
def test_each_wins_somewhere(measured, claim, who):
    claim.greater(Estimate.exact(greatest_lead(curves(measured, "confidence"), who)))


@pytest.mark.claim("neither-replaces-the-other-strict")
@pytest.mark.parametrize("who", WHO)
def test_each_wins_somewhere_beyond_sampling(measured, claim, who):
    claim.greater(surest_lead(curves(measured, "confidence"), who))


# --- Section 3.3: human difficulty ------------------------------------------------------------------------


def needs_times(measured, claim):
    """Without people's times the claim is not testable."""
    if why := why_no_times(measured):
        claim.not_testable(why)


def needs_batches(measured, claim):
    """Working times of whole batches stand in for times of single images, where people answered in batches."""
    if measured.study.group is None:
        claim.not_testable(f"the people of {measured.study.name} did not answer in batches")


def over_time(measured, claim):
    """Curves over people's times."""
    needs_times(measured, claim)
    return curves(measured, "time", kind="count")


@pytest.mark.claim("slow-images-mislead-people")
def test_people_err_where_people_are_slow(measured_official, claim):
    claim.greater(Estimate.exact(fall(over_time(measured_official, claim), "people").value))


@pytest.mark.claim("slow-images-mislead-people-strict")
def test_people_err_where_people_are_slow_over_images(measured_official, claim):
    claim.greater(fall(over_time(measured_official, claim), "people"))


@pytest.mark.claim("slow-batches-mislead-people")
def test_people_err_in_slow_batches(measured, claim):
    needs_batches(measured, claim)
    claim.greater(fall(over_time(measured, claim), "people"))


@pytest.mark.claim("slow-images-mislead-machines")
def test_machines_err_where_people_are_slow(measured_official, claim):
    claim.greater(Estimate.exact(fall(over_time(measured_official, claim), "machines").value))


@pytest.mark.claim("slow-images-mislead-machines-strict")
def test_machines_err_where_people_are_slow_over_images(measured_official, claim):
    claim.greater(fall(over_time(measured_official, claim), "machines"))


@pytest.mark.claim("slow-batches-mislead-machines")
def test_machines_err_in_slow_batches(measured, claim):
    needs_batches(measured, claim)
    claim.greater(fall(over_time(measured, claim), "machines"))


@pytest.mark.claim("ambiguous-images-mislead-people")
def test_people_err_where_people_disagree(measured_official, claim):
    claim.greater(Estimate.exact(fall(curves(measured_official, "entropy"), "people").value))


@pytest.mark.claim("ambiguous-images-mislead-people-strict")
def test_people_err_where_other_people_disagree(measured_official, claim):
    claim.greater(fall_to_a_split(measured_official, "people"))


@pytest.mark.claim("ambiguous-images-mislead-machines")
def test_machines_err_where_people_disagree(measured_official, claim):
    claim.greater(Estimate.exact(fall(curves(measured_official, "entropy"), "machines").value))


@pytest.mark.claim("ambiguous-images-mislead-machines-strict")
def test_machines_err_where_people_disagree_over_images(measured_official, claim):
    claim.greater(fall_to_a_split(measured_official, "machines"))


OTHER = {"confidence": "agreement", "agreement": "confidence", "entropy": "other entropy", "time": "entropy"}
KINDS = ("two machine measures", "two human measures")


def more_within_a_kind(measured, claim, measure, human, kind):
    """Two measures of one kind agree more with each other than one of machine with one of human difficulty."""
    correlations = hardness_correlations(measured)
    one = measure if kind == "two machine measures" else human
    claim.greater(correlations[one, OTHER[one]], than=correlations[measure, human])


@pytest.mark.claim("difficulties-partition-differently-strict")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("measure", ["confidence", "agreement"])
def test_machine_difficulty_and_entropy_partition_differently(measured_official, claim, measure, kind):
    more_within_a_kind(measured_official, claim, measure, "entropy", kind)


@pytest.mark.claim("times-partition-differently-strict")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("measure", ["confidence", "agreement"])
def test_machine_difficulty_and_time_partition_differently(measured_official, claim, measure, kind):
    needs_times(measured_official, claim)
    more_within_a_kind(measured_official, claim, measure, "time", kind)
