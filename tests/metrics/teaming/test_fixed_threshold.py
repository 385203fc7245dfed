import numpy as np
import pytest

from metrics.teaming.fixed_threshold import FixedThreshold
from metrics.teaming.threshold import threshold_team


def test_it_is_the_studys_threshold_of_0_6(independent):
    machine, labels, truth, *_ = independent()
    rule = FixedThreshold.fit(machine, labels, truth)
    confidence = machine.max(1)
    np.testing.assert_array_equal(rule.worth(machine) >= 0, confidence <= 0.6)
    shown = np.where(rule.worth(machine)[:, None] >= 0, labels, -1)
    accuracy = (rule(machine, shown).argmax(1) == truth).mean()
    expected = threshold_team(confidence, machine.argmax(1) == truth, labels[:, 0] == truth, 0.6)
    assert accuracy == pytest.approx(expected)
