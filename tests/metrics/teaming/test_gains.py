import numpy as np
import pytest

from metrics.teaming.gains import gains, realised_share


def test_the_studys_two_baselines():
    # Figure 7, realistic: CE (84.96) with the majority (90.97) is printed as +8.19, from the original machine.
    assert gains(84.96 + 8.19, 84.96, 90.97) == pytest.approx((8.19, 2.18))
    assert gains(np.array([0.9]), 0.95, [[0.8], [0.9]]).over_better.shape == (2, 1)


def test_the_realised_share_lies_between_the_better_member_and_the_oracle():
    assert realised_share([0.8, 0.9, 1.0, 0.7], 0.6, 0.8, 1.0) == pytest.approx([0, 0.5, 1, -0.5])
    assert np.isnan(realised_share(0.8, 0.8, 0.7, 0.8))
