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


def test_people_are_taken_to_be_as_right_as_where_they_were_asked(independent):
    machine, _, truth, *_ = independent()
    asked = machine.max(1) <= 0.6
    only_there, only_elsewhere = (np.where(right, truth, (truth + 1) % 4)[:, None] for right in (asked, ~asked))
    assert FixedThreshold.fit(machine, only_there, truth).right > 0.99
    assert FixedThreshold.fit(machine, only_elsewhere, truth).right < 0.01
