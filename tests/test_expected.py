"""Tolerances and margins are those of the rule that ``expected/README.md`` states, and quoted ranges those of print."""

import json
import re
import tomllib
from decimal import Decimal

import pandas as pd
import pytest

from same_eyes.claims import read_claims
from same_eyes.measure.teaming import MULTI_NETWORK, PRE_TRAINED, published
from same_eyes.places import CHECKOUT, leaf

CLAIMS = read_claims(leaf("expected"))
FIGURE5 = published("figure5").drop(columns="accuracy") / 100
FIGURE7 = {name: published(name) / 100 for name in ("figure7_oracle", "figure7_realistic")}
POINT, HUNDREDTH = 0.0005, 0.00005  # half a unit of one printed decimal of a percentage, and of two
SAMPLING, TRAINING = 0.014, 0.018


def gain(size):
    """The tolerance of a gain of this share of the images."""
    return HUNDREDTH + 0.0392 * (size * (1 - size)) ** 0.5 + TRAINING / 0.15 * size


def printed(mode, partner):
    """A column of Figure 5: (13,) shares of the images."""
    return FIGURE5[f"{mode}_add_{partner}"]


def mean_gain(table):
    """Mean over a table's cells, a machine with itself left out."""
    return table.to_numpy().sum() / (table.size - len(table))


TOLERANCES = {
    "people-accuracy": POINT,
    "people-accuracy-strict": POINT + SAMPLING,
    "machines-accuracy": POINT + SAMPLING + TRAINING,
    "aggregate-accuracy": HUNDREDTH,
    "aggregate-accuracy-strict": HUNDREDTH + SAMPLING,
    "ce-example": gain(1 - 0.9582),
    "machine-pairs-gain-mildly": gain(printed("oracle", "model").max()),
    "majority-adds-little-oracle": gain((printed("oracle", "aggre") - printed("oracle", "human")).max()),
    "machine-pairs-gain-marginally": gain(printed("realistic", "model").max()),
    "majority-gains-more-realistic": gain((printed("realistic", "aggre") - printed("realistic", "human")).max()),
    "oracle-matrix": gain(mean_gain(FIGURE7["figure7_oracle"])),
    "realistic-matrix": gain(mean_gain(FIGURE7["figure7_realistic"])),
}
GROUPS = {"pretrained": PRE_TRAINED, "multi-network": MULTI_NETWORK}
TENTH = {group: printed("realistic", "human")[list(names)].mean() / 10 for group, names in GROUPS.items()}
LEFT = 1 - printed("realistic", "human") / printed("oracle", "human")
MARGINS = {  # half of a difference that is printed, where nothing else is said
    "confidence-guides-machines-more": (1 - 0.1099) / 2,
    "agreement-guides-machines-more": (1 - 0.0836) / 2,
    "team-beats-each-member": (0.9582 - 0.8496) / 2,
    "team-beats-each-member-strict": (0.9582 - 0.8496) / 2,
    "machine-pairs-gain-mildly-strict": (printed("oracle", "human") - printed("oracle", "model")).mean() / 2,
    "machine-pairs-gain-marginally-strict": (printed("realistic", "human") - printed("realistic", "model")).mean() / 2,
    "oracle-above-realistic": (printed("oracle", "human") - printed("realistic", "human")).mean() / 2,
    "oracle-above-realistic-strict": LEFT.mean() / 2,
    "eta-as-good-as-best-pretrained-equivalent-strict": TENTH["pretrained"],
    "no-eta-as-good-as-best-multi-network-strict": TENTH["multi-network"],
    "mixed-pairs-err-as-people-do-strict": 0.05,
    "mixed-pairs-scatter-as-people-do-strict": 0.05 / 9,
}
MARGINS |= {f"{name}-strict": MARGINS[name] for name in list(MARGINS)[:2]}


def as_stated(limit):
    """A limit, and whatever it may have been rounded from."""
    return pytest.approx(limit, rel=0, abs=0.5 * 10.0 ** Decimal(str(limit)).as_tuple().exponent + 1e-12)


@pytest.mark.parametrize("name", TOLERANCES)
def test_tolerances_are_those_of_the_rule(name):
    assert TOLERANCES[name] == as_stated(CLAIMS[name].tolerance)


def test_every_tolerance_of_the_study_follows_from_the_rule():
    study = {claim.id for claim in CLAIMS.values() if not claim.topic.startswith("beyond")}
    assert {name for name in study if CLAIMS[name].tolerance >= 0} == set(TOLERANCES)


@pytest.mark.parametrize("name", MARGINS)
def test_margins_are_those_of_the_rule(name):
    assert MARGINS[name] == as_stated(CLAIMS[name].margin)


@pytest.mark.parametrize(
    ("name", "mode", "partners"),
    [
        ("person-gains-more-oracle", "oracle", ["human", "model"]),
        ("person-gains-more-realistic", "realistic", ["human", "model"]),
        ("machine-pairs-gain-mildly", "oracle", ["model"]),
        ("machine-pairs-gain-marginally", "realistic", ["model"]),
        ("team-beats-all", "realistic", ["human", "model"]),
    ],
)
def test_ranges_that_claims_quote_are_those_of_figure_5(name, mode, partners):
    quoted = re.findall(r"\+([\d.]+) to \+([\d.]+)", CLAIMS[name].paper)
    columns = [100 * printed(mode, partner) for partner in partners]
    assert quoted == [(f"{column.min():.2f}", f"{column.max():.2f}") for column in columns]


@pytest.mark.parametrize(
    ("name", "kind", "rules"),
    [
        ("three-people-realise-two-thirds", "people", ["p_plus_l"]),
        ("logistic-realises-half", "person", ["logistic", "threshold"]),
    ],
)
def test_shares_of_the_oracles_gain_that_claims_of_our_own_quote_are_those_of_the_table(name, kind, rules):
    teams = pd.read_csv(leaf("expected") / "beyond_teams.csv")
    single = teams[(teams.kind == kind) & (teams.machine != "mean")]
    shares = [100 * single[single.rule == rule].realised for rule in rules]
    quoted = re.findall(r"(\d+) to (\d+) %", CLAIMS[name].paper)
    assert quoted == [(f"{share.min():.0f}", f"{share.max():.0f}") for share in shares]


def test_readme_gives_the_reasons_of_deviations_as_they_are_listed():
    listed = tomllib.loads((leaf("expected") / "deviations.toml").read_text())
    reasons = {entry["reason"] for entries in listed.values() for entry in entries}
    section = (CHECKOUT / "README.md").read_text().partition("## What did not reproduce")[2].partition("\n## ")[0]
    rows = [line.strip("| ").rsplit(" | ", 1)[-1] for line in section.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == len(listed)
    assert set(rows) <= reasons


DEVIATIONS = [
    (name, entry)
    for name, entries in tomllib.loads((leaf("expected") / "deviations.toml").read_text()).items()
    for entry in entries
]


@pytest.mark.parametrize(
    ("name", "entry"), DEVIATIONS, ids=[f"{name}-{entry['verdict']}" for name, entry in DEVIATIONS]
)
def test_deviations_end_with_the_numbers_of_the_baseline(name, entry):
    measured = json.loads((leaf("expected") / "baseline.json").read_text())["measured"][name]
    found = [measured[case] for case in (measured if entry["cases"] == ["*"] else entry["cases"])]
    values = [value for value, _, _ in found]
    if len(found) == 1:
        value, low, high = found[0]
        numbers = f"{value:.4g} [{low:.4g}, {high:.4g}]"
    else:
        numbers = f"from {min(values):.4g} to {max(values):.4g}"
    assert f": measured {numbers}, allowed " in entry["reason"]
