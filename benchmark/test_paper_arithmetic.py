"""What the study's printed numbers say about themselves: recomputed here, with room for the rounding of print.

No machine is needed. Figures 5 and 7 are ``expected/*.csv``; other numbers are read from the claims that quote them.
"""

import re

import numpy as np
import pytest

from same_eyes.claims import read_claims
from same_eyes.measure.teaming import MULTI_NETWORK, PRE_TRAINED, published
from same_eyes.metrics.matrix_t_test import p_from_t
from same_eyes.places import leaf

PEOPLE = ["Human 1", "Human 2", "Human 3"]
CLAIMS = read_claims(leaf("expected"))
ROUNDING = 0.005 + 1e-9  # half a unit of the second decimal, in points
ORACLE, REALISTIC, FIGURE5 = published("figure7_oracle"), published("figure7_realistic"), published("figure5")
MODES = {"oracle": ORACLE, "realistic": REALISTIC}


def printed_tests(claim):
    """Each ``t = ..., p = ...`` that a claim quotes, as text: its digits tell its rounding."""
    return re.findall(r"t = (-?[\d.]+), p = ([\d.e-]+)", CLAIMS[claim].paper)


def rounding(text):
    """Half a unit of the last printed digit."""
    digits, _, exponent = text.partition("e")
    return 0.5 * 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def is_p_of(t, p, df):
    """Whether a printed p-value is that of a printed t, both rounded."""
    size = abs(float(t))
    low, high = (p_from_t(size + step * rounding(t), df) for step in (+1, -1))
    return low <= float(p) + rounding(p) and float(p) - rounding(p) <= high


# --- The tests (findings 2, 3, 9, 10) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "entries"),
    [
        ("machines-err-together", 10),
        ("machines-err-unlike-people", 10),
        ("machines-scatter-less", 90),
        ("machines-scatter-less-than-mixed", 90),
    ],
)
def test_test_1_is_called_paired_but_is_independent(claim, entries):
    ((t, p),) = printed_tests(claim)
    assert is_p_of(t, p, df=2 * entries - 2)
    assert not is_p_of(t, p, df=entries - 1)


@pytest.mark.parametrize(
    ("claim", "methods"),
    [("eta-as-good-as-best-pretrained", PRE_TRAINED), ("no-eta-as-good-as-best-multi-network", MULTI_NETWORK)],
)
def test_test_4_has_six_pre_trained_and_three_multi_network_methods(claim, methods):
    tests = printed_tests(claim)
    assert len(tests) == 3
    fitting = [df for df in range(1, 13) if all(is_p_of(t, p, df) for t, p in tests)]
    assert fitting == [len(methods) - 1]


def test_the_presumed_six_and_no_others_gain_little_together():
    gains = ORACLE.loc[list(PRE_TRAINED), list(PRE_TRAINED)].to_numpy()
    assert gains.max() <= 1.5
    with_nls = ORACLE.loc[list(PRE_TRAINED), "NLS"]
    assert with_nls.between(1.5, 2.1).all()
    rest = [name for name in ORACLE.index if name not in (*PRE_TRAINED, "NLS", "CE")]
    assert ORACLE.loc[list(PRE_TRAINED), rest].to_numpy().min() > 3.5


def test_test_4_rejects_0_6_by_its_one_side_and_its_text_overstates_it_by_two():
    t, p = printed_tests("eta-as-good-as-best-pretrained")[-1]
    assert float(p) > 0.05  # the text has p < 0.05 for every eta up to 0.6
    one_sided = p_from_t(float(t), 5, alternative="less")
    assert one_sided == pytest.approx(0.028, abs=5e-4)
    assert one_sided < 0.05


# --- Figures 5 and 7 (findings 4, 5, 8, 11) -----------------------------------------------------------------


def machine_cells(table):
    return table[list(table.index)].to_numpy()


def test_machines_oracle_gains_are_symmetric_and_realistic_ones_are_not():
    oracle, realistic = (machine_cells(table) for table in (ORACLE, REALISTIC))
    np.testing.assert_array_equal(oracle, oracle.T)
    assert not np.array_equal(realistic, realistic.T)


def test_machines_gains_cannot_be_from_the_original_machine():
    """An oracle is at least as accurate as its partner, but original and gain often sum to less."""
    alone = FIGURE5["accuracy"].to_numpy()
    from_original = alone[:, None] + machine_cells(ORACLE)
    impossible = from_original < alone[None] - 2 * ROUNDING
    names = list(ORACLE.index)
    assert impossible[names.index("CORES"), names.index("Co-teaching")]
    over_better = np.maximum(alone[:, None], alone[None]) + machine_cells(ORACLE)
    assert not (over_better < alone[None] - 2 * ROUNDING).any()
    assert over_better.max() <= 100


def test_the_majoritys_gains_cannot_be_over_the_better_member():
    alone, majority = FIGURE5["accuracy"], CLAIMS["aggregate-accuracy"].values["Aggre"] * 100
    assert (alone < majority).all()  # so that the majority would be the better member throughout
    with_ce = CLAIMS["ce-example"].values["Aggre"] * 100
    assert alone["CE"] + ORACLE.loc["CE", "Aggre"] == pytest.approx(with_ce, abs=2 * ROUNDING)
    assert (majority + ORACLE["Aggre"] > 100).sum() >= 1
    assert majority + ORACLE.loc["CE", "Aggre"] > 100


def team_accuracies(mode):
    """Accuracy of the team with the best person, the majority and the best machine, as the gains have to be read."""
    table, alone = MODES[mode], FIGURE5["accuracy"].to_numpy()
    machines = np.maximum(alone[:, None], alone[None]) + machine_cells(table)
    np.fill_diagonal(machines, -np.inf)
    return alone + table[PEOPLE].max(axis=1), alone + table["Aggre"], machines.max(axis=1)


def test_by_team_accuracy_the_realistic_claim_fails_for_four_methods():
    person, majority, machine = team_accuracies("realistic")
    fails = person[person < machine]
    assert list(fails.index) == ["CORES", "CE", "PLS", "F-Div"]
    assert fails.tolist() == pytest.approx([89.23, 90.05, 90.22, 90.29], abs=ROUNDING)
    assert machine[:4].tolist() == pytest.approx([89.97, 90.12, 90.28, 90.35], abs=ROUNDING)
    assert (majority > machine).all()


def test_by_team_accuracy_the_oracle_claim_holds_for_every_method():
    person, majority, machine = team_accuracies("oracle")
    assert (person > machine).all()
    assert (majority > machine).all()


def test_the_texts_ce_with_co_teaching_is_the_cell_of_ce_with_cores():
    said = CLAIMS["weaker-person-helps-more"].paper
    co_teaching, person_alone = 92.34, 81.88
    assert f"{co_teaching} %" in said
    assert f"{person_alone} %" in said
    ce = FIGURE5.loc["CE", "accuracy"]
    assert ce + ORACLE.loc["CE", "CORES"] == pytest.approx(co_teaching, abs=2 * ROUNDING)
    over_better = FIGURE5.loc["Co-teaching", "accuracy"] + ORACLE.loc["CE", "Co-teaching"]
    assert over_better == pytest.approx(93.79, abs=2 * ROUNDING)


def test_the_texts_person_is_human_2_but_the_teams_accuracy_human_1s():
    with_person = CLAIMS["ce-example"].values["Human 1"] * 100
    sums = FIGURE5.loc["CE", "accuracy"] + ORACLE.loc["CE", PEOPLE]
    assert [abs(value - with_person) <= 2 * ROUNDING for value in sums] == [True, False, False]
    assert sums["Human 2"] == pytest.approx(95.68, abs=2 * ROUNDING)


def test_no_realistic_gain_of_machines_is_negative_and_sixteen_are_exactly_none():
    cells = machine_cells(REALISTIC)
    others = cells[~np.eye(len(cells), dtype=bool)]
    assert others.min() == 0
    assert (others == 0).sum() == 16


@pytest.mark.parametrize("mode", MODES)
def test_figure_5_shows_the_best_human_not_the_average(mode):
    people = MODES[mode][PEOPLE]
    shown = FIGURE5[f"{mode}_add_human"]
    assert (shown == people.max(axis=1)).all()
    assert (abs(shown - people.mean(axis=1)) > ROUNDING).sum() >= 12


@pytest.mark.parametrize("mode", MODES)
def test_figure_5_sums_figure_7_up(mode):
    table = MODES[mode]
    assert (FIGURE5[f"{mode}_add_aggre"] == table["Aggre"]).all()
    assert (FIGURE5[f"{mode}_add_model"] == table[list(table.index)].max(axis=1)).all()


def test_table_1_is_figure_5_rounded():
    table1 = CLAIMS["machines-accuracy"].values
    assert set(table1) == set(FIGURE5.index)
    for name, value in table1.items():
        assert FIGURE5.loc[name, "accuracy"] == pytest.approx(100 * value, abs=0.05 + ROUNDING)


def test_the_text_gives_the_most_accurate_machine_89_9_and_table_1_gives_it_90_0():
    exact = FIGURE5.loc["Co-teaching", "accuracy"]
    for said in (89.9, 100 * CLAIMS["machines-accuracy"].values["Co-teaching"]):
        assert exact == pytest.approx(said, abs=0.05 + ROUNDING)


# --- Figure 3's lines (finding 12) --------------------------------------------------------------------------


def test_a_slope_of_one_with_an_intercept_of_1e_16_is_a_line_through_itself():
    accuracies = 1 - 0.6 * np.arange(10) / 10  # any numbers will do
    slope, intercept = np.polyfit(accuracies, accuracies, 1)
    assert slope == pytest.approx(1, abs=1e-14)
    assert abs(intercept) < 1e-14
    for printed in (4.077e-16, 9.021e-17):  # confidence, agreement: zero but for the floating point
        assert printed < 2 * np.finfo(float).eps


def test_p_below_e_to_the_minus_3_says_little_more_than_p_below_0_05():
    assert 0.0497 < np.exp(-3) < 0.0498


# --- The people (findings 1, 13) ----------------------------------------------------------------------------


@pytest.fixture
def answers(whole):
    """CIFAR-10N's people on all 50,000 images."""
    if whole.name != "cifar10n":
        pytest.skip("not testable: CIFAR-10N's labels are not at hand")
    return whole


def accuracies(study):
    return {name: (study.people.column(name) == study.truth).mean() for name in study.people.names}


def test_table_1_counts_people_over_all_images_and_not_the_held_out(answers, study):
    printed = CLAIMS["people-accuracy"].values
    assert accuracies(answers) == pytest.approx(printed, abs=5e-4)
    held_out = accuracies(study)
    assert [abs(held_out[name] - printed[name]) <= 5e-4 for name in PEOPLE] == [True, False, False]


def test_the_texts_81_88_is_human_2_over_all_images(answers):
    assert accuracies(answers)["Human 2"] == pytest.approx(0.8188, abs=5e-5)
    assert "81.88 %" in CLAIMS["weaker-person-helps-more"].paper


def test_the_majority_is_the_released_one_over_all_images_but_for_ties(answers):
    printed = CLAIMS["aggregate-accuracy"].values["Aggre"]
    ties = (answers.people.counts.max(1) == 1).mean()
    assert ties == pytest.approx(0.0608, abs=5e-5)
    released = (answers.aggregate == answers.truth).mean()
    assert released == pytest.approx(0.9099, abs=5e-5)
    assert abs(released - printed) < ties / 100  # as near as another way to break ties brings it


def test_annotation_times_are_there_per_batch_of_ten(answers):
    batches = np.unique(answers.group)
    assert len(batches) == len(answers.truth) / 10
    in_batch = answers.people.seconds.reshape(len(batches), 10, -1)
    assert np.isfinite(in_batch).mean() > 0.99
    np.testing.assert_array_equal(in_batch, np.broadcast_to(in_batch[:, :1], in_batch.shape))
