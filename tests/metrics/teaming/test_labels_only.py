import numpy as np
import pytest

from metrics.teaming.labels_only import LabelsOnly


def test_it_is_bayes_rule_on_counts(independent):
    machine, labels, truth, *_ = independent(images=200, people=2)
    rule = LabelsOnly.fit(machine, labels, truth)
    said = machine.argmax(1)
    for k in range(4):
        of_class = truth == k
        assert rule.prior[k] == pytest.approx((of_class.sum() + 1) / 204)
        right = 0.9 + (said[of_class] == k).sum()  # 0.1 (k - 1) 0.75 / 0.25
        assert rule.psi_machine[k, k] == pytest.approx(right / (of_class.sum() + 1.2))
        right = 0.9 + (labels[of_class] == k).sum()
        assert rule.psi[k, k] == pytest.approx(right / (2 * of_class.sum() + 1.2))
    for image, row in enumerate(rule(machine, labels)[:20]):
        expected = rule.prior * rule.psi_machine[said[image]] * rule.psi[labels[image, 0]] * rule.psi[labels[image, 1]]
        assert row == pytest.approx(expected / expected.sum())


def test_only_the_machines_answer_counts_not_how_sure_it_is(independent):
    machine, labels, truth, *_ = independent(images=100)
    surer = machine**3 / (machine**3).sum(1, keepdims=True)
    rule = LabelsOnly.fit(machine, labels, truth)
    np.testing.assert_array_equal(rule(surer, labels), rule(machine, labels))
