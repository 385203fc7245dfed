"""Numbers that come in single precision are reckoned with in double precision."""

from functools import partial

import numpy as np
import pytest

from metrics import (
    _finite,
    bootstrap,
    calibration,
    difficulty,
    error_consistency,
    levels,
    matching,
    paired_tests,
    power,
    rank_correlation,
    wrong_agreement,
)
from metrics import matrix_t_test as t_tests
from metrics.teaming import _machine, _people, cost_curve, gains, oracle

RNG = np.random.default_rng(0)
A, B, C, D = RNG.random((4, 40), dtype=np.float32)
LINE = A[:9], B[:9], C[:9], D[:9]
TABLE, OTHER = A[:16].reshape(4, 4), B[:16].reshape(4, 4)
PROBS = RNG.dirichlet(np.ones(3), 40).astype(np.float32)
BOTH, ALL = np.array([[0.7, 0.55], [0.55, 0.6]], np.float32), np.float32(1.1)  # joint counts and images, as if weighted
TRUTH = RNG.integers(3, size=40)

CALLS = {
    "divide": (_finite.divide, A, B),
    "mean": (_finite.mean, A),
    "jackknife_sums": (bootstrap.jackknife_sums, TABLE),
    "percentile_interval": (bootstrap.percentile_interval, A),
    "bca_interval": (bootstrap.bca_interval, A[0], A, B),
    "standard_error": (bootstrap.standard_error, A),
    "equivalence_p": (partial(bootstrap.equivalence_p, margin=0.3), A / 9, B),
    "log_losses": (partial(calibration.log_losses, truth=TRUTH), PROBS),
    "brier_scores": (partial(calibration.brier_scores, truth=TRUTH), PROBS),
    "calibration_cells": (partial(calibration.calibration_cells, truth=TRUTH, bins=4), PROBS),
    "leave_one_out_agreement": (difficulty.leave_one_out_agreement, TABLE),
    "consistency_from_counts": (error_consistency.consistency_from_counts, BOTH, ALL),
    "consistency_se_from_counts": (error_consistency.consistency_se_from_counts, BOTH, ALL),
    "consistency_bounds": (error_consistency.consistency_bounds, A, B),
    "level_edges": (partial(levels.level_edges, bins=3, kind="count"), A),
    "level_cells": (partial(levels.level_cells, bins=3), A, B),
    "fit_line": (levels.fit_line, *LINE[:2]),
    "slope": (levels.slope, *LINE[:2]),
    "slope_difference": (levels.slope_difference, *LINE),
    "matching_from_counts": (matching.matching_from_counts, BOTH, ALL),
    "p_from_t": (partial(t_tests.p_from_t, df=7), 4 * A),
    "t_test": (t_tests.t_test, A, B),
    "t_test, paired": (partial(t_tests.t_test, paired=True), A, B),
    "matrix_t_test": (t_tests.matrix_t_test, TABLE, OTHER),
    "holm": (paired_tests.holm, A),
    "comparison_power": (power.comparison_power, A, B, 9 * C),
    "images_needed": (power.images_needed, A / 99, B),
    "detectable_difference": (power.detectable_difference, A, 9 * B),
    "accuracy_difference_sd": (power.accuracy_difference_sd, A, B, C / 9),
    "rank_correlation": (rank_correlation.rank_correlation, A, B),
    "wrong_agreement_from_sums": (wrong_agreement.wrong_agreement_from_sums, A[:24].reshape(3, 8)),
    "gains": (gains.gains, A, B, C),
    "oracle_from_counts": (oracle.oracle_from_counts, BOTH, ALL),
    "cost_curve": (cost_curve.cost_curve, *LINE),
    "cost_area": (cost_curve.cost_area, *LINE[:3]),
    "log_probs": (_machine.log_probs, PROBS),
    "doubt": (_machine.doubt, PROBS),
    "majority": (partial(_people.majority, np.ones((40, 3))), PROBS),
}


@pytest.mark.parametrize("name", CALLS)
def test_single_precision_is_only_how_it_comes(name):
    metric, *given = CALLS[name]
    single, double = metric(*given), metric(*(each.astype(np.float64) for each in given))
    assert np.asarray(single).dtype == np.asarray(double).dtype
    np.testing.assert_allclose(single, double, rtol=1e-13, atol=1e-15)
