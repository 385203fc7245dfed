import numpy as np
import pytest

from same_eyes.claims import Estimate
from same_eyes.measure import Measured, power
from same_eyes.metrics.error_consistency import error_consistency
from same_eyes.metrics.power import accuracy_difference_sd, images_needed
from same_eyes.testing.worlds import Observer, simulated_study

MACHINES = {"CE": Observer(0.80), "GCE": Observer(0.81, shared=0.8), "NLS": Observer(0.9, eye="other")}


@pytest.fixture(scope="module")
def measured():
    return Measured(simulated_study([Observer(0.8)] * 2, MACHINES, images=1500), replicates=1500)


def test_the_spread_of_accuracies_follows_from_them_and_their_consistency(measured):
    found = power.differences(measured, "accuracy")
    for pair in (("CE", "GCE"), ("CE", "NLS")):
        right = measured.right(*pair)
        expected = accuracy_difference_sd(*right.mean(0), error_consistency(*right.T))
        assert power.spread(found[pair], 1500) == pytest.approx(expected, rel=0.07)
        assert found[pair].value == pytest.approx(right[:, 0].mean() - right[:, 1].mean())


def test_a_gain_and_a_likeness_are_those_of_the_measurements(measured):
    from same_eyes.measure.likeness import consistencies
    from same_eyes.measure.teaming import gain_from_original

    found, kappa = power.differences(measured, "consistency"), consistencies(measured)
    expected = [np.mean([kappa[machine, f"Human {j}"].value for j in (1, 2)]) for machine in ("CE", "NLS")]
    assert found["CE", "NLS"].value == pytest.approx(expected[0] - expected[1])
    gains = [
        np.mean([gain_from_original(measured, machine, f"Human {j}", "cross-fitted").value for j in (1, 2)])
        for machine in ("CE", "NLS")
    ]
    assert power.differences(measured, "gain")["CE", "NLS"].value == pytest.approx(gains[0] - gains[1])


def difference(value, error, seed=0):
    noise = np.random.default_rng(seed).normal(size=4000)
    return Estimate.from_replicates(value, value + error * (noise - noise.mean()) / noise.std())


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (0.03, 0.01, "apart"),
        (-0.03, 0.01, "apart"),
        (0.001, 0.002, "alike"),
        (0.01, 0.01, "under-powered"),
        (0.006, 0.0035, "undecided"),  # 0.01 is found with a chance of 0.81
    ],
)
def test_a_comparison_says_what_it_came_to(value, error, verdict):
    found = power.comparison(difference(value, error), 10_000, 0.01)
    assert found.verdict == verdict
    assert found.text.startswith({"apart": "told apart", "alike": "alike within 0.01"}.get(verdict, verdict))


def test_an_under_powered_comparison_says_how_many_images_it_takes():
    seen = difference(0.01, 0.01)
    found = power.comparison(seen, 10_000, 0.01)
    needed = float(images_needed(0.01, power.spread(seen, 10_000)))
    assert f"{needed:,.0f}" in found.text
    assert needed == pytest.approx(10_000 * 2.8**2, rel=0.01)
    assert power.comparison(seen, int(needed), 0.03).verdict != "under-powered"


def test_a_table_has_the_spread_over_pairs_and_every_verdict(measured):
    (row,) = power.table(measured, 0.03, ["accuracy"])
    assert row.pairs == 3
    assert sum(row.verdicts.values()) == 3
    assert row.verdicts["apart"] == 2  # NLS from either
    assert list(row.images) == sorted({*power.SIZES, 0.03})
    least, median, most = row.images[0.03]
    assert least <= median <= most
    at_hand = images_needed(row.detectable, np.sqrt(median) * 0.03 / 2.8016)
    assert at_hand == pytest.approx(1500, rel=0.01)


def test_one_machine_makes_no_comparison():
    alone = Measured(simulated_study([Observer(0.8)] * 2, {"CE": Observer(0.8)}, images=300), 20)
    assert power.table(alone, 0.01) == []
