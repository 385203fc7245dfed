"""What was measured once is held to: the file, the comparison, and the suite that writes and reads it."""

import copy
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_eyes import places
from same_eyes.baseline import DRIFT, difference, drift, measurements, read, write
from same_eyes.claims import Case, Claim
from same_eyes.places import CHECKOUT, leaf
from same_eyes.store import Run
from same_eyes.types import BadInput

pytest_plugins = ["pytester"]

ERRORS, MISTAKES = (
    Claim(name, "1", "strict", "It is so.", "Table 9", "it was said") for name in ("errors", "mistakes")
)
RECORD = [
    Case(ERRORS, "CE", "reproduced", 0.5, 0.4, 0.6),
    Case(ERRORS, "GCE", "not reproduced", 0.25, 0.25, 0.25),
    Case(ERRORS, "JoCoR", "not testable", note="no runs"),
    Case(MISTAKES, "", "inconclusive", -120.0, -140.0, 8.0),
]
MEASURED = {
    "errors": {"CE": [0.5, 0.4, 0.6], "GCE": [0.25, 0.25, 0.25]},
    "mistakes": {"": [-120.0, -140.0, 8.0]},
}
RUNS = {"digits/tiny/random1-digits-ce-0": "0" * 64}


def baseline(measured=MEASURED):
    return {"runs": RUNS, "versions": {}, "measured": copy.deepcopy(measured)}


# --- The comparison


def test_what_was_not_measured_is_left_out():
    assert measurements(RECORD) == MEASURED
    assert measurements([]) == {}


@pytest.mark.parametrize("full", [False, True])
def test_the_same_measurements_do_not_drift(full):
    assert drift(baseline(), RECORD, full) == []


CASES = [(claim, case) for claim, cases in MEASURED.items() for case in cases]


@given(st.sampled_from(CASES), st.sampled_from(range(3)), st.sampled_from([-1, 1]), st.floats(2.5, 1e6), st.booleans())
def test_a_number_or_an_end_of_its_interval_that_moves_is_one_line(moved, place, sign, by, full):
    claim, case = moved
    old = baseline()
    number = old["measured"][claim][case][place]
    old["measured"][claim][case][place] += sign * by * DRIFT * max(abs(number), 1)
    (line,) = drift(old, RECORD, full)
    assert line.startswith(f"{claim} [{case}]: measured {MEASURED[claim][case][0]:.6g} [")
    assert ", the baseline says " in line


@given(st.sampled_from(CASES), st.sampled_from(range(3)), st.floats(-0.9, 0.9))
def test_the_order_of_a_sum_is_no_drift(moved, place, by):
    claim, case = moved
    old = baseline()
    old["measured"][claim][case][place] *= 1 + by * DRIFT
    assert drift(old, RECORD, full=True) == []
    assert difference(old["measured"], measurements(RECORD)) == "nothing changed"


def test_a_case_that_came_or_went_differs_where_every_claim_was_asked_for():
    assert drift(baseline(), RECORD[1:]) == []
    assert drift(baseline(), RECORD[1:], full=True) == ["errors [CE]: no longer measured"]
    fewer = baseline({"errors": MEASURED["errors"]})
    assert drift(fewer, RECORD) == []
    assert drift(fewer, RECORD, full=True) == ["mistakes []: measured, but not in the baseline"]


@pytest.mark.parametrize("full", [False, True])
def test_no_baseline_holds_nothing(full):
    assert drift({}, RECORD, full) == []


def test_the_difference_is_a_table_of_what_changed_in_half_widths():
    new = copy.deepcopy(MEASURED)
    new["errors"] = {"CE": [0.55, 0.45, 0.65], "GCE": [0.26, 0.26, 0.26], "PLS": [0.1, 0.0, 0.2]}
    new["mistakes"][""] = [-83.0, -103.0, 45.0]
    header, _, *rows = difference(MEASURED, new).splitlines()
    assert header.split() == ["claim", "case", "before", "now", "effect"]
    assert [" ".join(row.split()) for row in rows] == [
        "errors CE 0.5 [0.4, 0.6] 0.55 [0.45, 0.65] +0.50",
        "errors GCE 0.25 [0.25, 0.25] 0.26 [0.26, 0.26] inf",
        "errors PLS - 0.1 [0, 0.2]",
        "mistakes -120 [-140, 8] -83 [-103, 45] +0.50",
    ]
    back = [" ".join(row.split()) for row in difference(new, MEASURED).splitlines()[2:]]
    assert back[:1] == ["errors CE 0.55 [0.45, 0.65] 0.5 [0.4, 0.6] -0.50"]
    assert back[2:3] == ["errors PLS 0.1 [0, 0.2] -"]
    assert difference(MEASURED, MEASURED) == "nothing changed"


# --- The file


def test_what_is_written_is_read_back_equal(tmp_path):
    path = tmp_path / "baseline.json"
    assert read(path) == {}
    write(path, RUNS, RECORD)
    versions = {name: version(name) for name in ("numpy", "scipy", "statsmodels")}
    assert read(path) == {"runs": RUNS, "versions": versions, "measured": MEASURED}
    assert drift(read(path), RECORD, full=True) == []
    first = path.read_bytes()
    write(path, RUNS, RECORD[::-1])
    assert path.read_bytes() == first  # in whatever order tests ran


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=1, max_size=5))
def test_no_digit_is_lost(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("digits") / "baseline.json"
    record = [Case(ERRORS, str(i), "reproduced", *three) for i, three in enumerate(numbers)]
    write(path, {}, record)
    assert read(path)["measured"] == measurements(record)


def test_a_baseline_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "baseline.json"
    write(path, RUNS, RECORD)
    before = path.read_bytes()

    def full_disk(*paths):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_disk)
        with pytest.raises(OSError, match="no space left"):
            write(path, RUNS, RECORD[:1])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html>",
        b"\xff\xfe",
        json.dumps(baseline())[:-20].encode(),
        b"[]",
        b"null",
        b'{"runs": {}}',
        b'{"runs": {}, "measured": []}',
        b'{"runs": 3, "measured": {}}',
        b'{"runs": {}, "measured": {"errors": {"CE": [0.5, 0.4]}}}',
        b'{"runs": {}, "measured": {"errors": {"CE": [0.5, 0.4, null]}}}',
        b'{"runs": {}, "measured": {"errors": 0.5}}',
        b'{"runs": {}, "measured": {"errors": {"CE": ["0.5", "0.4", "0.6"]}}}',
        b'{"runs": {}, "measured": {"errors": {"CE": [0.5, 0.4, NaN]}}}',
        b'{"runs": {}, "measured": {"errors": {"CE": [0.5, 0.4, ' + b"9" * 400 + b"]}}}",
        b'{"runs": [], "measured": {}}',
        b'{"runs": {}, "measured": ' + b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named_with_the_command_that_writes_it(tmp_path, content):
    path = tmp_path / "baseline.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"baseline\.json: not a baseline .*\. Write it again: same-eyes baseline$"):
        read(path)


# --- The suite: a benchmark of one file, whose claims need no people, in a checkout of its own

CLAIMS = """
import pytest
from same_eyes.claims import Estimate

@pytest.mark.claim("machines-above-people")
@pytest.mark.parametrize("by", [0.25, 0.5])
def test_above(claim, by):
    claim.greater(Estimate(by, by - 0.1, by + 0.1))

@pytest.mark.claim("machines-above-people-strict")
def test_strictly(claim):
    claim.greater(Estimate({by}, {by} - 0.1, {by} + 0.1))
"""


@pytest.fixture
def checkout(pytester, planted, monkeypatch):
    """A checkout whose benchmark is CLAIMS; gives the path of its baseline."""
    folder = pytester.path
    (folder / "benchmark").mkdir()
    (folder / "benchmark" / "test_own.py").write_text(CLAIMS.format(by=0.5))
    (folder / "expected").mkdir()
    shutil.copy(leaf("expected") / "table1.toml", folder / "expected")
    save(planted(), folder, "ce")
    monkeypatch.setattr(places, "CHECKOUT", folder)
    return folder / "expected" / "baseline.json"


def save(store, folder, name):
    probs = np.full((3, 10), 0.1)
    type(store)(folder / "predictions", store.methods).save(
        Run("cifar10n", "small", "random1", name, "conv6"), {"heldout": probs}, {}
    )


def suite(pytester, *more, study=("--study", "cifar10n", "--recipe", "small"), **facts):
    quick = ("-p", "same_eyes.plugin", "-p", "no:cacheprovider", "--replicates", "50")
    return pytester.runpytest_inprocess(*quick, *study, *(more or ("benchmark",)), **facts)


def rewrite(path, claim, case, numbers):
    content = json.loads(path.read_text())
    if numbers:
        content["measured"].setdefault(claim, {})[case] = numbers
    else:
        del content["measured"][claim][case]
    path.write_text(json.dumps(content))


ABOVE = "machines-above-people"


def test_the_suite_writes_its_baseline_and_is_held_to_it(pytester, checkout):
    result = suite(pytester, "benchmark", "--baseline", "write")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["claim *before *now *effect", f"{ABOVE} *0.25 * - *0.25 [[]0.15, 0.35[]]*"])
    stored = read(checkout)
    assert stored["measured"] == {
        ABOVE: {"0.25": [0.25, 0.15, 0.35], "0.5": [0.5, 0.4, 0.6]},
        f"{ABOVE}-strict": {"": [0.5, 0.4, 0.6]},
    }
    assert set(stored["runs"]) == {"cifar10n/small/random1-conv6-ce-0", "intervals"}
    again = suite(pytester)
    assert again.ret == 0
    assert "baseline.json" not in again.stdout.str()
    result = suite(pytester, "benchmark", "--baseline", "write")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["nothing changed"])
    assert read(checkout) == stored


def test_without_a_baseline_nothing_is_held(pytester, checkout):
    result = suite(pytester)
    assert result.ret == 0
    assert "baseline.json" not in result.stdout.str()
    assert not checkout.exists()


@pytest.mark.parametrize("numbers", [[0.26, 0.15, 0.35], [0.25, 0.149, 0.35], [0.25, 0.15, 0.36]])
def test_a_measurement_that_drifts_fails_the_suite(pytester, checkout, numbers):
    suite(pytester, "benchmark", "--baseline", "write")
    rewrite(checkout, ABOVE, "0.25", numbers)
    result = suite(pytester)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"ERROR expected/baseline.json: {ABOVE} [[]0.25[]]: measured 0.25 *baseline says*"])
    assert suite(pytester, "benchmark", "--baseline", "off").ret == 0
    assert suite(pytester, "benchmark", "-k", "strictly").ret == 0  # was not measured now


def test_a_measurement_gone_is_missed_by_a_whole_run_alone(pytester, checkout):
    suite(pytester, "benchmark", "--baseline", "write")
    rewrite(checkout, ABOVE, "0.75", [0.75, 0.7, 0.8])
    for part in (["benchmark/test_own.py"], ["benchmark", "-k", "above"], ["benchmark/test_own.py::test_above"]):
        assert suite(pytester, *part).ret == 0
    result = suite(pytester)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ERROR expected/baseline.json: {ABOVE} [[]0.75[]]: no longer measured"])


def test_a_new_measurement_is_to_be_written_down(pytester, checkout):
    suite(pytester, "benchmark", "--baseline", "write")
    rewrite(checkout, ABOVE, "0.25", None)
    result = suite(pytester)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR expected/baseline.json: * [[]0.25[]]: measured, but not in the baseline"])


@pytest.mark.parametrize("other", ["runs", "intervals"])
def test_a_baseline_of_other_runs_is_not_compared(pytester, checkout, planted, other):
    suite(pytester, "benchmark", "--baseline", "write")
    rewrite(checkout, ABOVE, "0.25", [0.9, 0.8, 1.0])
    more = ["--replicates", "60"] if other == "intervals" else []
    if other == "runs":
        save(planted(), pytester.path, "gce")
    result = suite(pytester, "benchmark", *more)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["expected/baseline.json: not compared, it was measured on other runs."])


PARTS = {
    "a file": ["benchmark/test_own.py"],
    "a test": ["benchmark/test_own.py::test_above"],
    "a choice": ["benchmark", "-k", "above"],
    "deselected": ["benchmark", "--deselect", "benchmark/test_own.py::test_strictly"],
    "broken off": ["benchmark", "-x"],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_suite_writes_no_baseline(pytester, checkout, part):
    if part == "broken off":
        (pytester.path / "benchmark" / "test_more.py").write_text(CLAIMS.format(by=-0.5))
    result = suite(pytester, *PARTS[part], "--baseline", "write")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["ERROR expected/baseline.json: not written, as not every claim was measured."])
    assert not checkout.exists()


@pytest.mark.parametrize("where", ["fixture", "test"])
def test_what_a_broken_test_did_not_measure_is_not_dropped_from_the_baseline(pytester, checkout, where):
    suite(pytester, "benchmark", "--baseline", "write")
    before = checkout.read_text()
    raises = "raise RuntimeError('a damaged run')"
    broken = f"import pytest\n\n@pytest.fixture\ndef runs():\n    {raises}\n\ndef test_more(runs):\n    pass\n"
    if where == "test":
        broken = f"def test_more():\n    {raises}\n"
    (pytester.path / "benchmark" / "test_more.py").write_text(broken)
    result = suite(pytester, "benchmark", "--baseline", "write")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        [
            "ERROR 1 tests ended in an error, and what they measure is missing",
            "ERROR expected/baseline.json: not written, as not every claim was measured.",
        ]
    )
    assert checkout.read_text() == before


def test_an_interrupted_suite_writes_no_baseline(pytester, checkout):
    stop = "def test_stop():\n    raise KeyboardInterrupt\n"
    (pytester.path / "benchmark" / "test_stop.py").write_text(stop)
    result = suite(pytester, "benchmark", "--baseline", "write", no_reraise_ctrlc=True)
    result.stdout.fnmatch_lines(["2 claims: 2 reproduced", "ERROR expected/baseline.json: not written*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not checkout.exists()


def test_a_claim_that_fails_is_measured_all_the_same(pytester, checkout):
    (pytester.path / "benchmark" / "test_own.py").write_text(CLAIMS.format(by=-0.5))
    result = suite(pytester, "benchmark", "--baseline", "write")
    result.assert_outcomes(passed=2, failed=1)
    assert read(checkout)["measured"][f"{ABOVE}-strict"] == {"": [-0.5, -0.6, -0.4]}


def test_a_damaged_baseline_is_one_line_and_can_be_written_again(pytester, checkout):
    checkout.write_text("<!DOCTYPE html>")
    result = suite(pytester)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ERROR {checkout}: not a baseline *Write it again: same-eyes baseline"])
    result.assert_outcomes(passed=3)
    assert suite(pytester, "benchmark", "--baseline", "write").ret == 0
    assert set(read(checkout)["measured"]) == {ABOVE, f"{ABOVE}-strict"}


def test_simulated_people_have_no_baseline(pytester, checkout):
    digits = ("--study", "digits")
    result = suite(pytester, "benchmark", "--baseline", "write", study=digits)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["ERROR expected/baseline.json: not written, as the people * are simulated."])
    assert not checkout.exists()
    checkout.write_text("<!DOCTYPE html>")  # is not even read
    result = suite(pytester, study=digits)
    assert result.ret == 0
    assert "baseline.json" not in result.stdout.str()


def test_the_command_writes_it(checkout, pytester):
    """In a process of its own; people are not looked at, so cifar10n can be asked for where its data are not."""
    program = """
import sys
from pathlib import Path
from same_eyes import cli, places, studies

places.CHECKOUT = Path(sys.argv[1])
studies.default = lambda folder: "cifar10n"
sys.exit(cli.main(["baseline"]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(pytester.path)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 claims: 2 reproduced" in ended.stdout
    assert read(checkout)["measured"][ABOVE] == {"0.25": [0.25, 0.15, 0.35], "0.5": [0.5, 0.4, 0.6]}
