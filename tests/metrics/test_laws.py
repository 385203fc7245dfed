"""Laws that every metric obeys, stated once.

`CALLS` says how to call each public function on a `World` of people, machines and truth. Each law then names
the functions it holds for, and those it does not hold for with the reason; together they must be all public
functions of `metrics`, so a new metric fails here until each law has been thought about.
"""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass, fields, replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import metrics
from metrics import (
    accuracy,
    bootstrap,
    calibration,
    difficulty,
    error_consistency,
    error_distance,
    joint_cells,
    levels,
    matching,
    matrix_t_test,
    paired_tests,
    power,
    rank_correlation,
    wrong_agreement,
)
from metrics import mistake_confusion as mistakes
from metrics.teaming import cost_curve, cross_fit, gains, oracle, threshold
from metrics.teaming.labels_only import LabelsOnly

laws = settings(derandomize=True, deadline=None, database=None, max_examples=40)


def public_functions():
    """Functions defined in the modules of `metrics`, by their names."""
    found = {}
    for module in pkgutil.walk_packages(metrics.__path__, "metrics."):
        if not module.name.rpartition(".")[2].startswith("_"):
            namespace = importlib.import_module(module.name)
            for name, function in inspect.getmembers(namespace, inspect.isfunction):
                if function.__module__ == module.name and not name.startswith("_"):
                    assert name not in found, f"two metrics are called {name}"
                    found[name] = function
    return found


PUBLIC = frozenset(public_functions())


@dataclass(frozen=True)
class World:
    """A few images, who labelled them and how: all that any metric takes."""

    classes: int
    truth: np.ndarray  # (n,)
    people: np.ndarray  # (n, 2), -1 did not see
    machines: np.ndarray  # (n, 3)
    counts: np.ndarray  # (n, k) how many people gave each class
    confidence: np.ndarray  # (n,) in (0, 1], with ties
    probs: np.ndarray  # (n, k) rows sum to 1
    values: np.ndarray  # (n, 2) whole numbers as floats
    folds: np.ndarray  # (n,)
    weights: np.ndarray  # (4, n) uint8
    matrix: np.ndarray  # (k, k) counts
    other: np.ndarray  # (k, k) counts

    @property
    def right(self):
        return self.machines == self.truth[:, None]

    @property
    def human_right(self):
        return self.people == self.truth[:, None]

    def reordered(self, order):
        """The same images in another order."""
        moved = {
            field.name: getattr(self, field.name)[order]
            for field in fields(self)
            if field.name not in {"classes", "weights", "matrix", "other"}
        }
        return replace(self, weights=self.weights[:, order], **moved)

    def relabelled(self, names):
        """The same classes under other names: class c is now names[c]."""
        old = np.argsort(names)
        return replace(
            self,
            truth=names[self.truth],
            people=np.where(self.people < 0, -1, names[self.people]),
            machines=names[self.machines],
            counts=self.counts[:, old],
            probs=self.probs[:, old],
            matrix=self.matrix[old][:, old],
            other=self.other[old][:, old],
        )


@st.composite
def worlds(draw):
    """Small worlds, full of ties: Hypothesis chooses the sizes and a seed (arrays of its own cost 20 times more)."""
    n, k = draw(st.integers(0, 9)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return World(
        classes=k,
        truth=rng.integers(k, size=n),
        people=rng.integers(-1, k, size=(n, 2)),
        machines=rng.integers(k, size=(n, 3)),
        counts=rng.integers(5, size=(n, k)),
        confidence=rng.integers(1, 9, size=n) / 8,
        probs=rng.dirichlet(np.ones(k), size=n),
        values=rng.integers(-3, 4, size=(n, 2)).astype(float),
        folds=rng.integers(3, size=n),
        weights=rng.integers(4, size=(4, n), dtype=np.uint8),
        matrix=rng.integers(6, size=(k, k)),
        other=rng.integers(6, size=(k, k)),
    )


def joint(world):
    return joint_cells.joint_counts(joint_cells.joint_cells(world.right).sum(0))


def accuracies(world):
    return accuracy.accuracy(world.machines[:, :2], world.truth)


def answered(world):
    return world.machines, world.truth, world.classes


def errors(world):
    return error_distance.error_counts(*answered(world))


def agreement_sums(world):
    cells = wrong_agreement.wrong_agreement_cells(*answered(world))
    return np.stack([cells[world.truth == t].sum(0) for t in range(world.classes)])


def calibration_sums(world):
    return calibration.calibration_cells(world.probs, world.truth, bins=3).sum(0)


def costs(world):
    return world.confidence, world.human_right[:, 0], world.right[:, 0]


def of_truth(world, answers):
    """What a team gives the truth, whether it asks, and when."""
    image = np.arange(len(world.truth))
    return answers.told[image, world.truth], answers.alone[image, world.truth], answers.asks, answers.turn


def by_level(world):
    return levels.accuracy_by_level(world.confidence, world.right, bins=3)


def pair(world):
    return world.right[:, 0], world.right[:, 1]


def confidences(world):
    return np.stack([world.confidence, world.confidence**2, np.ones(len(world.truth))], 1)


def team(world):
    return world.confidence, *pair(world)


def members(world):
    a, b = (accuracy.accuracy(world.machines[:, j], world.truth) for j in (0, 1))
    best = threshold.best_eta(*team(world))[1]
    return best, a, b, oracle.oracle(*pair(world))


CALLS = {
    # accuracy
    "accuracy": lambda w: accuracy.accuracy(w.people, w.truth),
    "share_right": lambda w: accuracy.share_right(w.counts, w.truth),
    "wilson_interval": lambda w: accuracy.wilson_interval(w.right.sum(0), len(w.right)),
    # mistake_confusion
    "mistake_cells": lambda w: mistakes.mistake_cells(w.people, w.machines, w.truth, w.classes),
    "mistake_confusion": lambda w: mistakes.mistake_confusion(w.people, w.machines, w.truth, w.classes),
    "normalise_rows": lambda w: mistakes.normalise_rows(w.matrix),
    "empty_rows": lambda w: mistakes.empty_rows(w.matrix),
    "same_mistake": lambda w: mistakes.same_mistake(mistakes.normalise_rows(w.matrix)),
    # matrix_t_test
    "p_from_t": lambda w: matrix_t_test.p_from_t(w.values[:, 0], 5),
    "t_test": lambda w: matrix_t_test.t_test(w.values[:, 0], w.values[:, 1]),
    "matrix_t_test": lambda w: matrix_t_test.matrix_t_test(w.matrix, w.other),
    # bootstrap
    "resample_counts": lambda w: bootstrap.resample_counts(len(w.truth), 5, groups=w.folds),
    "bootstrap_sums": lambda w: bootstrap.bootstrap_sums(w.values, w.weights),
    "jackknife_sums": lambda w: bootstrap.jackknife_sums(w.values),
    "leave_out_counts": lambda w: bootstrap.leave_out_counts(len(w.truth), groups=w.folds),
    "degenerate_share": lambda w: bootstrap.degenerate_share(np.where(w.values > 2, np.nan, w.values)),
    "percentile_interval": lambda w: bootstrap.percentile_interval(w.values),
    "bca_interval": lambda w: bootstrap.bca_interval(np.zeros(2), w.values, w.values),
    "standard_error": lambda w: bootstrap.standard_error(w.values),
    "equivalence_p": lambda w: bootstrap.equivalence_p(w.values[:, 0], np.abs(w.values[:, 1]), margin=1),
    # rank_correlation
    "rank_correlation": lambda w: rank_correlation.rank_correlation(*w.values.T),
    "resampled_rank_correlations": lambda w: rank_correlation.resampled_rank_correlations(w.values, w.weights),
    # difficulty
    "confidence": lambda w: difficulty.confidence((w.counts + 1) / (w.counts + 1).sum(1, keepdims=True)),
    "agreement": lambda w: difficulty.agreement(w.right),
    "leave_one_out_agreement": lambda w: difficulty.leave_one_out_agreement(w.right),
    "human_entropy": lambda w: difficulty.human_entropy(w.counts),
    "split_half_entropy": lambda w: difficulty.split_half_entropy(w.counts),
    # levels
    "level_edges": lambda w: levels.level_edges(w.values, bins=3, kind="count"),
    "level_cells": lambda w: levels.level_cells(w.confidence, w.right, bins=3),
    "levels_from_sums": lambda w: vars(levels.levels_from_sums(np.arange(18.0), 2)).values(),
    "accuracy_by_level": lambda w: vars(by_level(w)).values(),
    "identity_slope_levels": lambda w: vars(levels.identity_slope_levels(by_level(w), by_level(w))).values(),
    "fit_line": lambda w: levels.fit_line(*w.values.T)[:2],
    "slope": lambda w: levels.slope(*w.values.T),
    "slope_difference": lambda w: levels.slope_difference(*w.values.T, np.arange(3.0), np.array([0.0, 2.0, 1.0]))[:1],
    # joint_cells, matching
    "joint_cells": lambda w: joint_cells.joint_cells(w.right),
    "joint_counts": lambda w: joint(w),
    "count_joint": lambda w: joint_cells.count_joint(w.right),
    "matching_from_counts": lambda w: matching.matching_from_counts(*joint(w)),
    "matching_matrix": lambda w: matching.matching_matrix(w.right),
    "matching": lambda w: matching.matching(*pair(w)),
    "matching_draw": lambda w: matching.matching_draw(*pair(w)),
    # error_consistency
    "consistency_from_counts": lambda w: error_consistency.consistency_from_counts(*joint(w)),
    "consistency_se_from_counts": lambda w: error_consistency.consistency_se_from_counts(*joint(w)),
    "consistency_bounds": lambda w: error_consistency.consistency_bounds(*accuracies(w)),
    "error_consistency_matrix": lambda w: error_consistency.error_consistency_matrix(w.right),
    "error_consistency": lambda w: error_consistency.error_consistency(*pair(w)),
    # wrong_agreement
    "wrong_agreement_cells": lambda w: wrong_agreement.wrong_agreement_cells(*answered(w)),
    "wrong_agreement_from_sums": lambda w: wrong_agreement.wrong_agreement_from_sums(agreement_sums(w)),
    "wrong_agreement": lambda w: wrong_agreement.wrong_agreement(*answered(w)),
    # error_distance
    "error_counts": lambda w: error_distance.error_counts(w.people[:, :1], w.truth, w.classes)[0],
    "error_distance": lambda w: error_distance.error_distance(*errors(w)[:2]),
    "error_distances": lambda w: error_distance.error_distances(errors(w)),
    "permuted_distances": lambda w: error_distance.permuted_distances(errors(w), permutations=3),
    "one_and_rest": lambda w: error_distance.one_and_rest(w.counts),
    # calibration
    "log_losses": lambda w: calibration.log_losses(w.probs, w.truth),
    "brier_scores": lambda w: calibration.brier_scores(w.probs, w.truth),
    "calibration_cells": lambda w: calibration.calibration_cells(w.probs, w.truth, bins=3),
    "calibration_from_sums": lambda w: calibration.calibration_from_sums(calibration_sums(w)),
    "calibration_error": lambda w: calibration.calibration_error(w.probs, w.truth, bins=3),
    # power
    "comparison_power": lambda w: power.comparison_power(w.values[:, 0], np.abs(w.values[:, 1]), 9),
    "images_needed": lambda w: power.images_needed(w.values[:, 0], np.abs(w.values[:, 1])),
    "detectable_difference": lambda w: power.detectable_difference(w.confidence, 9),
    "accuracy_difference_sd": lambda w: power.accuracy_difference_sd(*accuracies(w)),
    # paired_tests
    "paired_t": lambda w: paired_tests.paired_t(*w.values.T, alternative="less"),
    "mcnemar": lambda w: paired_tests.mcnemar(*pair(w)),
    "holm": lambda w: paired_tests.holm(w.confidence),
    # teaming
    "oracle_from_counts": lambda w: oracle.oracle_from_counts(*joint(w)),
    "oracle_matrix": lambda w: oracle.oracle_matrix(w.right),
    "oracle": lambda w: oracle.oracle(*pair(w)),
    "threshold_right": lambda w: threshold.threshold_right(*team(w), 0.5),
    "threshold_team": lambda w: threshold.threshold_team(*team(w), 0.5),
    "threshold_matrix": lambda w: threshold.threshold_matrix(confidences(w), w.right, w.human_right, 0.5),
    "best_eta": lambda w: threshold.best_eta(*team(w)),
    "resampled_best_gain": lambda w: threshold.resampled_best_gain(*team(w), w.weights),
    "cross_fitted": lambda w: threshold.cross_fitted(*team(w), w.folds)[:1],
    "gains": lambda w: gains.gains(*members(w)[:3]),
    "realised_share": lambda w: gains.realised_share(*members(w)),
    "cross_fit": lambda w: of_truth(w, cross_fit.cross_fit(LabelsOnly, w.probs, w.people, w.truth, w.folds)),
    "in_hindsight": lambda w: of_truth(w, cross_fit.in_hindsight(LabelsOnly, w.probs, w.people, w.truth)),
    "cost_curve": lambda w: cost_curve.cost_curve(*costs(w), [0.0, 0.3, 1.0]),
    "cost_weights": lambda w: cost_curve.cost_weights(w.confidence),
    "cost_area": lambda w: cost_curve.cost_area(*costs(w)),
}


def results(name, world):
    """What a metric returns, as a list of arrays of floats."""
    value = CALLS[name](world)
    parts = [value] if isinstance(value, np.ndarray | float) else list(value)
    return [np.asarray(part, dtype=float) for part in parts]


def same(first, second):
    for left, right in zip(first, second, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-8, atol=1e-10)


def each(*names):
    return pytest.mark.parametrize("name", sorted(set().union(*names)))


def test_every_metric_has_a_call():
    assert set(CALLS) == PUBLIC


# --- Law 1: the order of the images does not matter -------------------------------------------------------

ORDER_FREE = {
    "accuracy", "mistake_confusion", "t_test", "bootstrap_sums", "degenerate_share", "percentile_interval",
    "bca_interval", "standard_error", "rank_correlation", "resampled_rank_correlations", "level_edges",
    "accuracy_by_level", "fit_line", "slope", "slope_difference", "matching_matrix", "matching", "paired_t",
    "mcnemar", "oracle_matrix", "oracle", "threshold_team", "best_eta", "resampled_best_gain",
    "wilson_interval", "joint_counts", "matching_from_counts", "oracle_from_counts", "identity_slope_levels",
    "gains", "realised_share", "consistency_from_counts", "consistency_se_from_counts", "consistency_bounds",
    "error_consistency_matrix", "error_consistency", "count_joint", "threshold_matrix",
    "wrong_agreement_from_sums", "wrong_agreement", "error_counts", "error_distance", "error_distances",
    "permuted_distances",
    "accuracy_difference_sd", "calibration_from_sums", "calibration_error", "cost_curve", "cost_area",
}  # fmt: skip
ORDER_FOLLOWING = {
    "share_right", "mistake_cells", "p_from_t", "jackknife_sums", "equivalence_p", "confidence", "agreement",
    "leave_one_out_agreement", "human_entropy", "level_cells", "joint_cells", "holm", "threshold_right",
    "cross_fitted",
    "wrong_agreement_cells",
    "comparison_power", "images_needed", "detectable_difference", "log_losses", "brier_scores",
    "calibration_cells", "cross_fit", "in_hindsight", "cost_weights",
}  # fmt: skip
WITHOUT_ORDER = {
    "resample_counts": "a seeded draw by position",
    "leave_out_counts": "weights by position",
    "split_half_entropy": "a seeded draw by position",
    "matching_draw": "a seeded draw by position",
    "one_and_rest": "a seeded draw by position",
    "normalise_rows": "takes a matrix over classes",
    "empty_rows": "takes a matrix over classes",
    "same_mistake": "takes a matrix over classes",
    "matrix_t_test": "takes matrices over classes",
    "levels_from_sums": "takes sums",
}


@each(ORDER_FREE, ORDER_FOLLOWING)
@laws
@given(data=st.data())
def test_the_order_of_the_images_does_not_matter(name, data):
    world = data.draw(worlds())
    order = np.array(data.draw(st.permutations(range(len(world.truth)))), dtype=int)
    plain = results(name, world)
    if name in ORDER_FOLLOWING:
        plain = [part[order] for part in plain]
    same(results(name, world.reordered(order)), plain)


# --- Law 2: the names of the classes do not matter --------------------------------------------------------

NAME_FREE = {
    "accuracy", "share_right", "wilson_interval", "empty_rows", "same_mistake", "matrix_t_test", "confidence",
    "agreement", "leave_one_out_agreement", "human_entropy", "level_cells", "accuracy_by_level",
    "identity_slope_levels", "joint_cells", "joint_counts", "matching_from_counts", "matching_matrix",
    "matching", "matching_draw", "mcnemar", "oracle_from_counts", "oracle_matrix", "oracle",
    "threshold_right", "threshold_team", "best_eta", "resampled_best_gain", "cross_fitted", "gains",
    "realised_share", "consistency_from_counts", "consistency_se_from_counts", "consistency_bounds",
    "error_consistency_matrix", "error_consistency", "count_joint", "threshold_matrix",
    "wrong_agreement_from_sums", "wrong_agreement", "error_distances",
    "accuracy_difference_sd", "log_losses", "brier_scores", "calibration_cells", "calibration_from_sums",
    "calibration_error", "cross_fit", "in_hindsight", "cost_curve", "cost_weights", "cost_area",
}  # fmt: skip
NAME_FOLLOWING = {"mistake_cells", "mistake_confusion", "normalise_rows", "error_counts"}
WITHOUT_NAMES = {
    "split_half_entropy": "draws class by class, so that names decide which half of equal chance is drawn",
    "one_and_rest": "draws class by class, too",
    "permuted_distances": "draws class by class, too",
    "wrong_agreement_cells": "has columns for the classes after others",
    "error_distance": "has one number for each class",
    **dict.fromkeys(
        {
            "p_from_t", "t_test", "resample_counts", "bootstrap_sums", "jackknife_sums", "degenerate_share",
            "leave_out_counts",
            "percentile_interval", "bca_interval", "standard_error", "equivalence_p", "rank_correlation",
            "resampled_rank_correlations", "level_edges", "levels_from_sums", "fit_line", "slope",
            "slope_difference", "paired_t", "holm",
            "comparison_power", "images_needed", "detectable_difference",
        },
        "takes numbers, not classes",
    ),
}  # fmt: skip


@each(NAME_FREE, NAME_FOLLOWING)
@laws
@given(data=st.data())
def test_the_names_of_the_classes_do_not_matter(name, data):
    world = data.draw(worlds())
    k = world.classes
    names = np.array(data.draw(st.permutations(range(k))))
    plain = results(name, world)
    if name in NAME_FOLLOWING:
        old = np.argsort(names)
        plain = [
            part.reshape(*part.shape[:-1], k, k)[..., old[:, None], old].reshape(part.shape)
            if name == "mistake_cells"
            else part[old[:, None], old]
            for part in plain
        ]
    same(results(name, world.relabelled(names)), plain)


# --- Law 3: exchanging the two sides mirrors the result ---------------------------------------------------


def exchanged_slopes(world):
    first, second = world.values.T, (np.arange(4.0), np.array([0.0, 2.0, 1.0, 1.0]))
    there, back = levels.slope_difference(*first, *second), levels.slope_difference(*second, *first)
    return (there.difference, there.se), (-back.difference, back.se)


def exchanged_cells(world):
    k = world.classes
    there = mistakes.mistake_cells(world.people, world.machines, world.truth, k).reshape(-1, k, k)
    back = mistakes.mistake_cells(world.machines, world.people, world.truth, k).reshape(-1, k, k)
    return there, back.swapaxes(1, 2)


def exchanged_t(test, first, second, **options):
    there, back = test(first, second, **options), test(second, first, **options)
    return (there.statistic, there.pvalue), (-back.statistic, back.pvalue)


def exchanged_share(world):
    best, a, b, both = members(world)
    return gains.realised_share(best, a, b, both), gains.realised_share(best, b, a, both)


def symmetric(matrix):
    return matrix, matrix.swapaxes(-1, -2)


EXCHANGED = {  # what must be equal
    "mistake_cells": exchanged_cells,
    "t_test": lambda w: exchanged_t(matrix_t_test.t_test, *w.values.T),
    "matrix_t_test": lambda w: exchanged_t(matrix_t_test.matrix_t_test, w.matrix, w.other, part="off-diagonal"),
    "paired_t": lambda w: exchanged_t(paired_tests.paired_t, *w.values.T),
    "mcnemar": lambda w: (paired_tests.mcnemar(*pair(w))[:2], paired_tests.mcnemar(*pair(w)[::-1])[1::-1]),
    "rank_correlation": lambda w: (
        rank_correlation.rank_correlation(*w.values.T),
        rank_correlation.rank_correlation(*w.values.T[::-1]),
    ),
    "resampled_rank_correlations": lambda w: symmetric(
        rank_correlation.resampled_rank_correlations(w.values, w.weights)
    ),
    "slope_difference": exchanged_slopes,
    "matching": lambda w: (
        [matching.matching(*pair(w), balance=balance) for balance in ("row", "pooled")],
        [matching.matching(*pair(w)[::-1], balance=balance) for balance in ("column", "pooled")],
    ),
    "matching_matrix": lambda w: (
        [matching.matching_matrix(w.right, balance=balance) for balance in ("row", "pooled")],
        [matching.matching_matrix(w.right, balance=balance).T for balance in ("column", "pooled")],
    ),
    "matching_from_counts": lambda w: (
        [matching.matching_from_counts(*joint(w), balance=balance) for balance in ("row", "pooled")],
        [matching.matching_from_counts(*joint(w), balance=balance).T for balance in ("column", "pooled")],
    ),
    "joint_counts": lambda w: symmetric(joint(w)[0]),
    "count_joint": lambda w: symmetric(joint_cells.count_joint(w.right)[0]),
    "oracle": lambda w: (oracle.oracle(*pair(w)), oracle.oracle(*pair(w)[::-1])),
    "oracle_matrix": lambda w: symmetric(oracle.oracle_matrix(w.right)),
    "oracle_from_counts": lambda w: symmetric(oracle.oracle_from_counts(*joint(w))),
    "realised_share": exchanged_share,
    "consistency_from_counts": lambda w: symmetric(error_consistency.consistency_from_counts(*joint(w))),
    "consistency_se_from_counts": lambda w: symmetric(error_consistency.consistency_se_from_counts(*joint(w))),
    "consistency_bounds": lambda w: (
        error_consistency.consistency_bounds(*accuracies(w)),
        error_consistency.consistency_bounds(*accuracies(w)[::-1]),
    ),
    "wrong_agreement_from_sums": lambda w: symmetric(
        np.stack(wrong_agreement.wrong_agreement_from_sums(agreement_sums(w)))
    ),
    "wrong_agreement": lambda w: symmetric(np.stack(wrong_agreement.wrong_agreement(*answered(w)))),
    "error_distance": lambda w: (
        error_distance.error_distance(*errors(w)[:2]),
        error_distance.error_distance(*errors(w)[1::-1]),
    ),
    "error_distances": lambda w: symmetric(error_distance.error_distances(errors(w))),
    "permuted_distances": lambda w: symmetric(error_distance.permuted_distances(errors(w), permutations=3)),
    "accuracy_difference_sd": lambda w: (
        power.accuracy_difference_sd(*accuracies(w)),
        power.accuracy_difference_sd(*accuracies(w)[::-1]),
    ),
    "error_consistency_matrix": lambda w: symmetric(error_consistency.error_consistency_matrix(w.right)),
    "error_consistency": lambda w: (
        error_consistency.error_consistency(*pair(w)),
        error_consistency.error_consistency(*pair(w)[::-1]),
    ),
}
WITHOUT_SIDES = {
    **dict.fromkeys(
        {
            "accuracy", "share_right", "wilson_interval", "p_from_t", "fit_line", "slope", "gains",
            "threshold_right", "threshold_team", "best_eta", "resampled_best_gain", "cross_fitted",
            "bootstrap_sums", "bca_interval", "equivalence_p", "level_cells", "accuracy_by_level",
            "identity_slope_levels", "mistake_confusion", "matching_draw",
            "threshold_matrix",
            "comparison_power", "images_needed", "detectable_difference", "log_losses", "brier_scores",
            "calibration_cells", "calibration_error", "cross_fit", "in_hindsight", "cost_curve", "cost_area",
        },
        "its two sides play different parts",
    ),
    **dict.fromkeys(
        {
            "normalise_rows", "empty_rows", "same_mistake", "resample_counts", "jackknife_sums",
            "degenerate_share", "percentile_interval", "standard_error", "confidence", "agreement",
            "leave_one_out_agreement", "human_entropy", "split_half_entropy", "level_edges", "joint_cells",
            "levels_from_sums", "holm", "leave_out_counts",
            "wrong_agreement_cells", "error_counts", "one_and_rest", "calibration_from_sums", "cost_weights",
        },
        "has one side",
    ),
}  # fmt: skip


@each(EXCHANGED)
@laws
@given(world=worlds())
def test_exchanging_the_sides_mirrors_the_result(name, world):
    there, back = EXCHANGED[name](world)
    same([np.asarray(there, dtype=float)], [np.asarray(back, dtype=float)])


# --- Law 4: bounds ----------------------------------------------------------------------------------------

BOUNDS = {
    **dict.fromkeys(
        {
            "accuracy", "share_right", "wilson_interval", "mistake_confusion", "normalise_rows", "empty_rows",
            "same_mistake", "p_from_t", "degenerate_share", "equivalence_p", "confidence", "agreement",
            "leave_one_out_agreement", "joint_cells", "matching_from_counts", "matching_matrix", "matching",
            "matching_draw", "holm", "oracle_from_counts", "oracle_matrix", "oracle", "threshold_right",
            "threshold_team", "best_eta", "cross_fitted", "realised_share", "threshold_matrix", "leave_out_counts",
            "wrong_agreement_cells", "error_distance", "error_distances", "permuted_distances",
            "comparison_power", "accuracy_difference_sd", "calibration_cells", "calibration_from_sums",
            "calibration_error", "cross_fit", "in_hindsight", "cost_curve", "cost_weights", "cost_area",
        },
        (0, 1),
    ),
    **dict.fromkeys(
        {
            "rank_correlation", "resampled_rank_correlations", "gains", "consistency_from_counts",
            "consistency_bounds", "error_consistency_matrix", "error_consistency",
        },
        (-1, 1),
    ),
    **dict.fromkeys({"wrong_agreement_from_sums", "wrong_agreement"}, (-np.inf, 1)),
    "brier_scores": (0, 2),
    **dict.fromkeys(
        {"mistake_cells", "resample_counts", "joint_counts", "level_cells", "levels_from_sums", "mcnemar",
         "resampled_best_gain",
         "human_entropy", "split_half_entropy", "standard_error", "accuracy_by_level", "identity_slope_levels",
         "consistency_se_from_counts", "count_joint", "error_counts", "one_and_rest",
         "images_needed", "detectable_difference", "log_losses"},
        (0, np.inf),
    ),
}  # fmt: skip
UNBOUNDED = {
    **dict.fromkeys({"t_test", "matrix_t_test", "paired_t"}, "a t statistic"),
    **dict.fromkeys({"bootstrap_sums", "jackknife_sums"}, "sums of any cells"),
    **dict.fromkeys({"percentile_interval", "bca_interval", "level_edges"}, "as wide as what they are given"),
    **dict.fromkeys({"fit_line", "slope", "slope_difference"}, "slopes"),
}


@each(BOUNDS)
@laws
@given(world=worlds())
def test_results_stay_within_their_bounds(name, world):
    low, high = BOUNDS[name]
    for part in results(name, world):
        known = part[~np.isnan(part)]
        assert (known >= low - 1e-12).all()
        assert (known <= high + 1e-12).all()


# --- Law 5: degenerate input gives NaN or a stated value, never an error or a warning ----------------------

UNDEFINED_WITHOUT_IMAGES = {
    "accuracy", "wilson_interval", "mistake_confusion", "degenerate_share", "percentile_interval",
    "bca_interval", "standard_error", "rank_correlation", "resampled_rank_correlations", "fit_line", "slope",
    "slope_difference", "matching_from_counts", "matching_matrix", "matching", "matching_draw",
    "oracle_from_counts", "oracle_matrix", "oracle", "threshold_team", "best_eta",
    "gains", "realised_share", "consistency_from_counts", "consistency_se_from_counts", "consistency_bounds",
    "error_consistency_matrix", "error_consistency", "threshold_matrix",
    "wrong_agreement_from_sums", "wrong_agreement", "error_distance", "error_distances", "permuted_distances",
    "accuracy_difference_sd", "calibration_from_sums", "calibration_error", "cost_curve", "cost_area",
}  # fmt: skip
UNDEFINED_WHERE_ALL_ARE_RIGHT = {
    "mistake_confusion", "matching_from_counts", "matching_matrix", "matching", "matching_draw",
    "realised_share", "consistency_from_counts", "consistency_se_from_counts", "consistency_bounds",
    "error_consistency_matrix", "error_consistency",
    "wrong_agreement_from_sums", "wrong_agreement", "error_distance", "error_distances", "permuted_distances",
}  # fmt: skip


def planted(answer, n, k):
    """A world in which every answer is right, or wrong, or there is no image at all."""
    truth = np.arange(n) % k
    said = truth if answer == "right" else (truth + 1) % k
    return World(
        classes=k, truth=truth, people=np.stack([said] * 2, 1), machines=np.stack([said] * 3, 1),
        counts=np.eye(k, dtype=int)[said] * 3, confidence=np.ones(n), values=np.zeros((n, 2)),
        probs=np.eye(k)[said],
        folds=np.zeros(n, dtype=int), weights=np.ones((4, n), dtype=np.uint8),
        matrix=np.zeros((k, k), dtype=int), other=np.zeros((k, k), dtype=int),
    )  # fmt: skip


DEGENERATE = {
    "no images": planted("right", 0, 3),
    "one image": planted("right", 1, 2),
    "all right": planted("right", 6, 3),
    "all wrong": planted("wrong", 6, 3),
    "one class": planted("right", 5, 1),
    "nobody saw": replace(planted("right", 4, 2), people=np.full((4, 2), -1), counts=np.zeros((4, 2), int)),
}


@pytest.mark.filterwarnings("error")
@each(CALLS)
def test_degenerate_input_gives_nan_and_no_warning(name):
    for world in DEGENERATE.values():
        assert all(part.dtype == float for part in results(name, world))
    if name in UNDEFINED_WITHOUT_IMAGES:
        assert all(np.isnan(part).any() for part in results(name, DEGENERATE["no images"]))
    if name in UNDEFINED_WHERE_ALL_ARE_RIGHT:
        assert all(np.isnan(part).all() for part in results(name, DEGENERATE["all right"]))


def test_who_is_always_right_or_always_wrong_is_scored_so():
    for answer, share in (("all right", 1), ("all wrong", 0)):
        world = DEGENERATE[answer]
        for name in ("accuracy", "share_right", "agreement", "leave_one_out_agreement", "oracle_matrix", "oracle"):
            assert all((part == share).all() for part in results(name, world)), name
        assert accuracy.wilson_interval(6 * share, 6)[share] == share
        assert threshold.best_eta(*team(world)) == (0.0, share)  # asking changes nothing, so nobody is asked


# --- Every law has thought of every metric -----------------------------------------------------------------

LAWS = {
    "order": [ORDER_FREE, ORDER_FOLLOWING, WITHOUT_ORDER],
    "names": [NAME_FREE, NAME_FOLLOWING, WITHOUT_NAMES],
    "sides": [EXCHANGED, WITHOUT_SIDES],
    "bounds": [BOUNDS, UNBOUNDED],
    "degenerate": [CALLS],
}


def forgotten(law, public=PUBLIC):
    """Metrics that a law neither covers nor exempts, covers twice, or that are no metrics at all."""
    named = [name for part in LAWS[law] for name in part]
    return set(named) ^ set(public) | {name for name in named if named.count(name) > 1}


@pytest.mark.parametrize("law", LAWS)
def test_no_law_forgets_a_metric(law):
    assert forgotten(law) == set()


@pytest.mark.parametrize("law", LAWS)
def test_a_law_that_forgets_a_metric_is_found(law):
    assert forgotten(law, PUBLIC | {"a_new_metric"}) == {"a_new_metric"}
    assert forgotten(law, PUBLIC - {"accuracy"}) == {"accuracy"}
