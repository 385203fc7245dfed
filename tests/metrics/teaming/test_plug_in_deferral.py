from dataclasses import replace

import numpy as np
import pytest

from metrics.teaming.plug_in_deferral import PlugInDeferral


def test_it_asks_where_the_person_is_likelier_to_be_right(independent):
    machine, labels, truth, *_ = independent()
    rule = PlugInDeferral.fit(machine, labels, truth)
    tempered = machine ** (1 / rule.temperature)
    tempered /= tempered.sum(1, keepdims=True)
    expected = [sum(p * right for p, right in zip(row, rule.diagonal, strict=True)) - max(row) for row in tempered]
    assert rule.worth(machine) == pytest.approx(expected, abs=1e-6)  # it floors its chances
    asked = rule.worth(machine) >= 0
    assert (labels[asked, 0] == truth[asked]).mean() > (machine[asked].argmax(1) == truth[asked]).mean() + 0.1
    assert (labels[~asked, 0] == truth[~asked]).mean() < (machine[~asked].argmax(1) == truth[~asked]).mean() - 0.1


def test_the_dearer_a_question_the_fewer(independent):
    machine, labels, truth, *_ = independent()
    rule = PlugInDeferral.fit(machine, labels, truth)
    asked = [(replace(rule, cost=cost).worth(machine) >= 0).sum() for cost in (0.0, 0.1, 0.3, 1.0)]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] > asked[2] > asked[3] == 0


def test_people_are_taken_to_be_as_right_as_they_were(independent):
    machine, labels, truth, *_ = independent(right=0.5)
    assert PlugInDeferral.fit(machine, labels, truth).right == pytest.approx((labels[:, 0] == truth).mean(), abs=1e-3)


def test_the_persons_answer_takes_the_machines_place(independent):
    machine, labels, truth, *_ = independent()
    rule = PlugInDeferral.fit(machine, labels, truth)
    np.testing.assert_array_equal(rule(machine, labels).argmax(1), labels[:, 0])
    np.testing.assert_array_equal(rule(machine, np.full_like(labels, -1)).argmax(1), machine.argmax(1))
    useless = replace(rule, right=0.01)  # even then: whether to ask is decided by worth
    np.testing.assert_array_equal(useless(machine, labels).argmax(1), labels[:, 0])
