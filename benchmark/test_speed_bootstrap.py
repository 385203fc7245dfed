"""The bootstrap of a matrix: pytest benchmark/test_speed_bootstrap.py --benchmark-enable

Each group holds ours (``..._ours``), which draws one set of weights and multiplies them with the images' joint cells,
and scipy.stats.bootstrap: one vectorised call for each cell of the matrix (a team's is symmetric: half as many), and
one call with the whole matrix as its statistic, in batches. Where cells are called one by one a few are timed, and the
clock runs as much faster as there are cells: those seconds are extrapolated, within the same run. A line for each
metric says how many times as fast ours is. That intervals are the same is a test of tests/metrics/test_bootstrap.py.
"""

import time

import numpy as np
import pytest

from same_eyes.metrics.bootstrap import (
    bca_interval,
    bootstrap_sums,
    jackknife_sums,
    percentile_interval,
    resample_counts,
)
from same_eyes.metrics.joint_cells import joint_cells, joint_counts
from same_eyes.metrics.matching import matching_from_counts
from same_eyes.metrics.teaming.oracle import oracle_from_counts

pytestmark = pytest.mark.speed

CLASSIFIERS, IMAGES, REPLICATES, BATCH = 17, 10_000, 2_000, 20
CELLS = {"matching": CLASSIFIERS * (CLASSIFIERS - 1), "oracle team": CLASSIFIERS * (CLASSIFIERS - 1) // 2}
TIMED = {"percentile": 2, "BCa": 1}  # cells of those that one call each is made for
METRICS = {"matching": matching_from_counts, "oracle team": oracle_from_counts}
SIZES = f"{CLASSIFIERS} classifiers, {IMAGES:,} images, {REPLICATES:,} replicates"

took: dict[tuple[str, str], float] = {}  # seconds of the fastest round, by metric and way


def cell_by_cell(kind):
    """Runs a test for each metric with a clock for a few cells that shows what all of them take."""

    def clock(name):
        return lambda: time.perf_counter() * CELLS[name] / TIMED[kind]

    marked = [pytest.param(name, marks=pytest.mark.benchmark(timer=clock(name))) for name in METRICS]
    return pytest.mark.parametrize("name", marked)


@pytest.fixture(scope="module")
def right():
    """(n, m) whether each is right: 85 % of images, half of the errors on images that are hard for all."""
    rng = np.random.default_rng(0)
    hard = rng.random((IMAGES, 1)) < 0.1
    return rng.random((IMAGES, CLASSIFIERS)) > np.where(hard, 0.75, 0.0833)


def timed(benchmark, name, way, function, rounds=1):
    """What the function gives; what it takes is kept under the metric's name and the way."""
    kind = "BCa" if way.startswith("BCa") else "percentile"
    benchmark.group = f"{kind} intervals of the {name} matrix, {SIZES}"
    result = benchmark.pedantic(function, rounds=rounds)
    if benchmark.stats:
        took[name, way] = benchmark.stats.stats.min
    return result


def of_pair(name, a, b):
    """A cell of the matrix over the last axis of two right-or-wrong arrays, without any table of counts."""
    both, one, other = (a & b).mean(-1), a.mean(-1), b.mean(-1)
    if name == "oracle team":
        return one + other - both
    return (both / other + (1 - one - other + both) / (1 - other)) / 2


# --- Percentile intervals


@pytest.mark.parametrize("name", METRICS)
def test_matrix_ours(benchmark, right, name):
    def ours():
        sums = bootstrap_sums(joint_cells(right), resample_counts(IMAGES, REPLICATES))
        return percentile_interval(METRICS[name](*joint_counts(sums)))

    low, _ = timed(benchmark, name, "ours", ours, rounds=3)
    assert low.shape == (CLASSIFIERS, CLASSIFIERS)


@pytest.mark.parametrize("name", METRICS)
def test_matrix_scipy_in_one_call(benchmark, right, name):
    from scipy.stats import bootstrap

    floats = right.astype(np.float32)

    def statistic(drawn, axis):
        chosen = floats[drawn]
        both = chosen.swapaxes(-1, -2) @ chosen
        return np.moveaxis(METRICS[name](both, np.full(both.shape[:-2], IMAGES)), (-2, -1), (0, 1))

    def theirs():
        options = {"n_resamples": REPLICATES, "method": "percentile", "batch": BATCH, "vectorized": True}
        return bootstrap((np.arange(IMAGES),), statistic, **options).confidence_interval

    interval = timed(benchmark, name, "one call", theirs)
    assert interval.low.shape == (CLASSIFIERS, CLASSIFIERS)


def cells_one_by_one(benchmark, right, name, kind):
    """SciPy's interval of a few cells, one vectorised call each, for two paired samples."""
    from scipy.stats import bootstrap

    def theirs():
        options = {"n_resamples": REPLICATES, "method": kind, "batch": BATCH, "paired": True, "vectorized": True}
        return [
            bootstrap((right[:, 0], right[:, j]), lambda a, b, axis: of_pair(name, a, b), **options)
            for j in range(1, 1 + TIMED[kind])
        ]

    found = timed(benchmark, name, f"{kind} by cell", theirs)
    assert all(cell.confidence_interval.low < cell.confidence_interval.high for cell in found)


@cell_by_cell("percentile")
def test_matrix_scipy_by_cell_extrapolated(benchmark, right, name):
    cells_one_by_one(benchmark, right, name, "percentile")


# --- BCa intervals


@pytest.mark.parametrize("name", METRICS)
def test_bca_ours(benchmark, right, name):
    def ours():
        cells, metric = joint_cells(right), METRICS[name]
        sums = [
            cells.sum(0, dtype=int),
            bootstrap_sums(cells, resample_counts(IMAGES, REPLICATES)),
            jackknife_sums(cells),
        ]
        return bca_interval(*(metric(*joint_counts(each)) for each in sums))

    low, _ = timed(benchmark, name, "BCa ours", ours, rounds=2)
    assert low.shape == (CLASSIFIERS, CLASSIFIERS)


@cell_by_cell("BCa")
def test_bca_scipy_by_cell_extrapolated(benchmark, right, name):
    cells_one_by_one(benchmark, right, name, "BCa")


# --- What it is all for


@pytest.mark.parametrize("name", METRICS)
def test_ours_is_as_much_faster_as_is_said(name, capsys):
    """docs/statistics.md: at least 100 times as fast as a call for each cell, twice as fast as one call for all."""
    ways = {
        "one call for each cell (extrapolated)": ("percentile by cell", "ours"),
        "one call with the matrix": ("one call", "ours"),
        "BCa, one call for each cell (extrapolated)": ("BCa by cell", "BCa ours"),
    }
    if any((name, way) not in took for pair in ways.values() for way in pair):
        pytest.skip("not all of it was timed in this run")
    times = {says: took[name, theirs] / took[name, ours] for says, (theirs, ours) in ways.items()}
    with capsys.disabled():
        print(f"\n{name}, {SIZES}: ours is as many times as fast as SciPy's")
        print("\n".join(f"  {way}: {ratio:.0f}" for way, ratio in times.items()))
    assert times["one call for each cell (extrapolated)"] >= 100
    assert times["one call with the matrix"] >= 2
