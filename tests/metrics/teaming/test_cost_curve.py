import numpy as np
import pytest

from metrics.teaming.cost_curve import cost_area, cost_curve, cost_weights


@pytest.fixture
def team():
    rng = np.random.default_rng(0)
    return rng.permutation(40) / 40, rng.random(40) < 0.9, rng.random(40) < 0.6


def test_at_each_budget_the_first_in_turn_are_asked(team):
    turn, told, alone = team
    budgets = np.arange(41) / 40
    for budget, accuracy in zip(budgets, cost_curve(*team, budgets), strict=True):
        asked = np.argsort(turn)[: round(40 * budget)]
        assert accuracy == pytest.approx((told[asked].sum() + np.delete(alone, asked).sum()) / 40)


def test_the_area_is_the_mean_over_all_budgets(team):
    budgets = np.linspace(0, 1, 40 * 250 + 1)
    curve = cost_curve(*team, budgets)
    assert cost_area(*team) == pytest.approx(np.trapezoid(curve, budgets), abs=1e-9)


def test_without_images_there_is_no_curve():
    assert np.isnan(cost_curve([], [], [], [0.0, 0.5])).tolist() == [True, True]
    assert cost_weights([]).shape == (0,)
    assert np.isnan(cost_area([], [], []))


def test_of_equal_turns_a_random_share_is_asked(team):
    turn, told, alone = team
    tied = np.floor(4 * turn)
    curves = []
    for seed in range(400):
        drawn = tied + np.random.default_rng(seed).random(40)
        curves.append(cost_curve(drawn, told, alone, [0.1, 0.6]))
    assert np.mean(curves, 0) == pytest.approx(cost_curve(tied, told, alone, [0.1, 0.6]), abs=0.01)
    budgets = np.linspace(0, 1, 10_001)
    assert cost_area(tied, told, alone) == pytest.approx(
        np.trapezoid(cost_curve(tied, told, alone, budgets), budgets), abs=1e-6
    )
