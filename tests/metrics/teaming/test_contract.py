"""Every rule at hand keeps the contract, and a package's rule could be tested just so."""

from importlib import import_module

import pytest

from same_eyes.team_rules import available_rules
from same_eyes.testing import check_rule

RULES = available_rules()


@pytest.mark.parametrize("name", RULES)
def test_the_rule_keeps_the_contract(name):
    if name == "crowdlab":
        pytest.importorskip("cleanlab", reason="the extra teaming")
    own = RULES[name].__module__ == f"same_eyes.metrics.teaming.{name}"  # known to its other tests by a shorter name
    check_rule(import_module(f"metrics.teaming.{name}").RULE if own else RULES[name])


def test_all_the_rules_are_there():
    assert set(RULES) >= {
        "threshold", "fixed_threshold", "plug_in_deferral", "logistic_deferral", "labels_only", "p_plus_l",
        "p_plus_l_em", "tempered_pool", "logistic", "dawid_skene", "one_coin", "glad", "crowdlab", "majority",
        "selective",
    }  # fmt: skip
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
