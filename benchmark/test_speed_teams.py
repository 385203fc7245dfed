"""Team rules, one by one: pytest benchmark/test_speed_teams.py --benchmark-enable

Each rule is fitted on 10,000 images of ten classes with one person's labels. A rule of closed form, which tables fit a
hundred times for a team (twenty divisions into five folds), must not need more than 20 ms of a processor: the fastest
of ten rounds counts, so that a busy machine is no failure.
"""

import time

import numpy as np
import pytest

from same_eyes.measure.team_table import CLOSED_FORM
from same_eyes.team_rules import available_rules

pytestmark = pytest.mark.speed

IMAGES, CLASSES, MOST = 10_000, 10, 0.020


@pytest.fixture(scope="module")
def world():
    """A machine right in about 85 % of the images and a person right in 82 %: probabilities, labels, truth."""
    rng = np.random.default_rng(0)
    truth = rng.integers(CLASSES, size=IMAGES)
    scores = 2.5 * rng.normal(size=(IMAGES, CLASSES))
    scores[np.arange(IMAGES), truth] += 7.5
    probs = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    people = np.where(rng.random(IMAGES) < 0.8, truth, rng.integers(CLASSES, size=IMAGES))[:, None]
    return probs, people, truth


@pytest.mark.benchmark(group=f"team rule: one fit on {IMAGES:,} images, one person", timer=time.process_time)
@pytest.mark.parametrize("name", [name for name, rule in available_rules().items() if rule.least == 1])
def test_fit_ours(benchmark, world, name):
    assert benchmark.pedantic(available_rules()[name].fit, world, rounds=10, warmup_rounds=1)
    if benchmark.stats and name in CLOSED_FORM:
        assert benchmark.stats.stats.min <= MOST, f"{name}: {1000 * benchmark.stats.stats.min:.1f} ms"
