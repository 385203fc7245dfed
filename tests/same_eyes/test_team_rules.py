import importlib

import pytest

from same_eyes.team_rules import TeamRule, available_rules
from same_eyes.types import BadInput


def test_rules_are_files_that_end_in_one():
    rules = available_rules()
    assert rules["p_plus_l"] is importlib.import_module("same_eyes.metrics.teaming.p_plus_l").RULE
    assert not {"oracle", "gains", "cross_fit", "_machine"} & set(rules)
    assert all(isinstance(rule, TeamRule) for rule in rules.values())


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a package with one rule, as pip would lay it out."""

    def install(name, source):
        (tmp_path / "their_rules.py").write_text(source)
        info = tmp_path / "their_rules-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their_rules\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[same_eyes.rules]\n{name} = their_rules:RULE\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()

    yield install
    importlib.sys.modules.pop("their_rules", None)


GOOD = (
    "from same_eyes.metrics.teaming.p_plus_l import ProbsPlusLabels\nclass RULE(ProbsPlusLabels):\n    title = 'own'\n"
)


def test_an_installed_package_adds_its_own(package):
    package("own", GOOD)
    assert available_rules()["own"].title == "own"


def test_two_rules_of_one_name(package):
    package("p_plus_l", GOOD)
    with pytest.raises(BadInput, match="the team rule 'p_plus_l' of their_rules:RULE exists already"):
        available_rules()


def test_a_rule_that_is_none(package):
    package("own", "class RULE:\n    title = 'own'\n    def fit(self): ...\n")
    with pytest.raises(BadInput, match="has no needs_truth, least, worth"):
        available_rules()
