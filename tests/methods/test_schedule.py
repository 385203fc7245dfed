import pytest

from methods._schedule import ramp


def test_waits_climbs_and_stays():
    values = [ramp(progress, 2.0, 0.1, 0.4) for progress in (0.0, 0.1, 0.25, 0.4, 0.99)]
    assert values == pytest.approx([0.0, 0.0, 1.0, 2.0, 2.0])
