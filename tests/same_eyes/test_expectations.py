"""Expected failures and what is skipped: a file that excuses, and whose stale entries fail."""

import shutil

import numpy as np
import pytest

from same_eyes import places
from same_eyes.claims import Estimate
from same_eyes.expectations import Expectation, excuse, read
from same_eyes.gate import Gate, Margin, Row
from same_eyes.measure.quantities import QUANTITIES
from same_eyes.places import leaf
from same_eyes.store import Run, Store
from same_eyes.types import BadInput

pytest_plugins = ["pytester"]

KNOWN = [*QUANTITIES, "machines-above-people"]
GOOD = (
    '["Our method"]\nxfail = ["accuracy"]\nskip = ["threshold team", "machines-above-people"]\nreason = "one epoch"\n'
)
NUMBER = Estimate.exact(0.5)


def rows(**verdicts):
    """A gate's rows of one machine, a quantity each."""
    return [
        Row((name.replace("_", " "), "CE"), NUMBER, NUMBER, Margin("lower", 0.1, "so"), verdict=verdict)
        for name, verdict in verdicts.items()
    ]


def excused(found, *entries):
    judged, stale = excuse(found, entries)
    return Gate("now", "before", judged, stale=stale)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "expected.toml"
    path.write_text(GOOD)
    (entry,) = read(path, KNOWN)
    assert entry == Expectation("Our method", "one epoch", ["accuracy"], ["threshold team", "machines-above-people"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[", ""), "not TOML"),
        (('"accuracy"', "[1]"), "is neither a quantity of the gate nor a claim"),
        (('"accuracy"', '"precision"'), "'precision' is neither a quantity of the gate nor a claim"),
        (('reason = "one epoch"', ""), "and a reason"),
        (('"one epoch"', '""'), "give a reason"),
        (('"one epoch"', "3"), "give a reason"),
        (("xfail", "fails"), "has xfail, skip and a reason, and nothing else"),
        (('["accuracy"]', '"accuracy"'), "lists of names"),
        (('xfail = ["accuracy"]\nskip = ["threshold team", "machines-above-people"]', ""), "one of them has some"),
        (('"threshold team"', '"accuracy"'), "accuracy cannot be both"),
        ((GOOD, "CE = 3"), "a table has xfail"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, change, message):
    path = tmp_path / "expected.toml"
    path.write_text(GOOD.replace(*change, 1))
    with pytest.raises(BadInput, match=f"expected.toml: .*{message}"):
        read(path, KNOWN)


@pytest.mark.parametrize("verdict", ["worse", "inconclusive", "gone"])
def test_an_expected_failure_lets_the_gate_pass(verdict):
    found = rows(accuracy=verdict, oracle_team="same")
    assert Gate("now", "before", found).code != 0
    gate = excused(found, Expectation("CE", "known", xfail=["accuracy"]))
    assert gate.code == 0
    assert f"{verdict} (expected: known)" in gate.text()


def test_another_failure_is_not_excused():
    found = rows(accuracy="worse", oracle_team="worse")
    assert excused(found, Expectation("CE", "known", xfail=["accuracy"])).code == 1


@pytest.mark.parametrize("verdict", ["same", "changed", "new"])
def test_an_expected_failure_that_does_not_fail_is_stale(verdict):
    gate = excused(rows(accuracy=verdict, oracle_team="same"), Expectation("CE", "known", xfail=["accuracy"]))
    assert gate.code == 5
    assert f"'CE': 'accuracy' is {verdict} and does not fail. Take the entry out." in gate.text()


@pytest.mark.parametrize("where", ["xfail", "skip"])
@pytest.mark.parametrize(("method", "name"), [("GCE", "accuracy"), ("CE", "matching")])
def test_a_name_that_matches_nothing_is_stale(method, name, where):
    gate = excused(rows(accuracy="worse", oracle_team="same"), Expectation(method, "known", **{where: [name]}))
    assert gate.code == 5
    assert f"{method!r}: there is no {name!r} of it in this gate" in gate.text()


def test_what_is_skipped_is_not_judged_and_nothing_else_is_nothing_measured():
    found = rows(accuracy="worse", oracle_team="same")
    assert excused(found, Expectation("CE", "known", skip=["accuracy"])).code == 0
    assert excused(found, Expectation("CE", "known", skip=["accuracy", "oracle team"])).code == 4


def test_claims_are_the_suites_affair():
    assert excused(rows(accuracy="same"), Expectation("GCE", "known", xfail=["machines-above-people"])).code == 0


# --- The suite: a benchmark of one file in a checkout of its own, whose claims need no people

CLAIMS = """
import pytest
from same_eyes.claims import Estimate

@pytest.mark.claim("machines-above-people")
@pytest.mark.parametrize("machine_title", ["CE", "GCE"])
@pytest.mark.parametrize("person", ["Human 1", "Human 2"])
def test_above(claim, machine_title, person):
    by = -0.25 if (machine_title, person) == ("CE", "Human 1") else 0.25
    claim.greater(Estimate(by, by - 0.1, by + 0.1))

@pytest.mark.claim("machines-above-people-strict")
def test_strictly(claim):
    claim.greater(Estimate(-0.25, -0.35, -0.15))
"""


@pytest.fixture
def suite(pytester, methods, monkeypatch):
    """Runs it with a file of expectations."""
    folder = pytester.path
    (folder / "benchmark").mkdir()
    (folder / "benchmark" / "test_own.py").write_text(CLAIMS)
    (folder / "expected").mkdir()
    for name in ("table1.toml", "gate.toml"):
        shutil.copy(leaf("expected") / name, folder / "expected")
    run = Run("cifar10n", "small", "random1", "ce", "conv6")
    Store(folder / "predictions", methods).save(run, {"heldout": np.full((3, 10), 0.1)}, {})
    monkeypatch.setattr(places, "CHECKOUT", folder)

    def call(tables, *more):
        (folder / "known.toml").write_text(tables)
        quick = ("-p", "same_eyes.plugin", "-p", "no:cacheprovider", "--study", "cifar10n", "--recipe", "small")
        asked = more or ("benchmark",)
        return pytester.runpytest_inprocess(*quick, "--expectations", "known.toml", *asked)

    return call


CE = '[CE]\nxfail = ["machines-above-people"]\nreason = "one epoch"\n'
ALL = '["all machines"]\nxfail = ["machines-above-people-strict"]\nreason = "one epoch"\n'


def test_claims_that_are_expected_to_fail_do_not_fail_the_suite(suite):
    result = suite(CE + ALL)
    assert result.ret == 0
    result.assert_outcomes(passed=3, xfailed=2)


@pytest.mark.parametrize(("tables", "failed"), [(CE, "test_strictly"), (ALL, "CE"), ("", "CE")])
def test_claims_that_nobody_expected_to_fail_do(suite, tables, failed):
    result = suite(tables)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"FAILED *{failed}*"])


def test_claims_that_are_skipped_are_not_judged(suite):
    result = suite(CE.replace("xfail", "skip") + ALL)
    assert result.ret == 0
    result.assert_outcomes(passed=2, skipped=2, xfailed=1)


STALE = {
    "reproduced": (
        '[GCE]\nxfail = ["machines-above-people"]\nreason = "x"\n',
        "'GCE': * is reproduced and does not fail",
    ),
    "no machine": ('[PLS]\nskip = ["machines-above-people"]\nreason = "x"\n', "'PLS': * has no case of it in this run"),
    "no claim": ('[CE]\nxfail = ["machines-accuracy"]\nreason = "x"\n', "'CE': 'machines-accuracy' has no case"),
}


@pytest.mark.parametrize("why", STALE)
def test_stale_entries_fail_the_suite(suite, why):
    tables, line = STALE[why]
    tables = (
        (CE + ALL).replace('above-people"]', 'above-people", "machines-accuracy"]')
        if why == "no claim"
        else CE + ALL + tables
    )
    result = suite(tables)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3, xfailed=2)
    result.stdout.fnmatch_lines([f"ERROR --expectations: {line}*Take the entry out."])


def test_a_part_of_the_suite_finds_nothing_stale_that_it_did_not_ask_for(suite):
    assert suite(CE + ALL, "benchmark/test_own.py::test_strictly").ret == 0
    assert suite(CE + ALL, "benchmark", "-k", "strictly").ret == 0


def test_a_wrong_file_is_a_usage_error(suite):
    result = suite('[CE]\nxfail = ["machines-fly"]\nreason = "x"\n')
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: known.toml: 'CE': 'machines-fly' is neither*"])
