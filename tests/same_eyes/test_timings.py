"""Timings compared: planted regressions, noise, files that are none; and pytest's side of it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from same_eyes import cli
from same_eyes.places import CHECKOUT
from same_eyes.timings import MARGIN, compare, exit_code, median_replicates, read

pytest_plugins = ["pytester"]

ROUNDS, NOISE = 21, 0.05


def entry(name, seconds, group="metric: one", **extra):
    return {"group": group, "name": name, "stats": {"data": list(map(float, seconds))}, "extra_info": extra}


def rounds(median, seed=0, n=ROUNDS, noise=NOISE):
    """Times of a function that takes so long, with a long tail, as real ones have."""
    return median * np.exp(noise * np.abs(np.random.default_rng(seed).standard_normal(n)))


@pytest.fixture
def written(tmp_path):
    """Writes a file of timings; gives its path."""

    def write(name, *entries, **machine):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"benchmarks": entries, "machine_info": machine}))
        return path

    return write


@pytest.fixture
def judged(written):
    """The verdict where ours takes ``before`` and then ``now`` beside a peer of one second."""

    def judge(before, now, hour=1.0, **facts):
        files = [
            written(
                f"{when}",
                entry("test_x_ours", rounds(t * h, s, **facts)),
                entry("test_x_of_numpy", rounds(h, s + 1, **facts)),
            )
            for when, t, h, s in (("before", before, 1.0, 0), ("now", now, hour, 2))
        ]
        (row,) = compare(*map(read, files))
        return row

    return judge


@pytest.mark.parametrize(
    ("now", "verdict"), [(1.0, "fine"), (0.3, "fine"), (1.1, "fine"), (1.5, "slower"), (10.0, "slower")]
)
def test_what_became_slower_beside_its_peer_is_told(judged, now, verdict):
    row = judged(0.1, 0.1 * now)
    assert row.verdict == verdict
    assert row.low < row.factor < row.high
    assert row.factor == pytest.approx(now, rel=3 * NOISE)


def test_a_slow_hour_slows_both_and_is_no_regression(judged):
    assert judged(0.1, 0.1, hour=5.0).verdict == "fine"


def test_a_factor_within_the_noise_is_undecided(judged):
    row = judged(1.0, 1.4, n=3, noise=1.5)
    assert row.low < 1
    assert row.verdict == "undecided"


def test_regressions_are_found_and_none_is_made_up(written):
    """Twice the margin, at the noise of a busy machine; and no change at all."""
    rng = np.random.default_rng(0)

    def file(name, ours):
        draws = [t * np.exp(NOISE * rng.standard_normal(ROUNDS)) for t in (ours, 1.0)]
        return read(written(name, *(entry(n, d) for n, d in zip(("test_x_ours", "test_x_peer"), draws, strict=True))))

    pairs = {
        factor: [compare(file("a", 1.0), file("b", factor))[0].verdict for _ in range(40)]
        for factor in (1, 1 + 2 * MARGIN)
    }
    assert pairs[1 + 2 * MARGIN].count("slower") > 0.8 * 40
    assert binomtest(pairs[1].count("slower"), 40, 0.05, alternative="greater").pvalue > 0.01


def test_each_peer_of_a_group_is_a_ratio_and_parameters_are_kept_apart(written):
    entries = [
        entry(f"{name}[{n}]", rounds(1), group=g)
        for g in "AB"
        for name in ("test_x_ours", "test_of_numpy", "test_of_pandas")
        for n in (1, 2)
    ]
    found = read(written("a", *entries)).pairs
    assert len(found) == 2 * 2 * 2
    assert all(ours.startswith("test_x_ours") and ours[-3:] == peer[-3:] for _, ours, peer in found)


def test_what_came_and_what_went(written):
    ours, peer = entry("test_x_ours", rounds(1)), entry("test_x_peer", rounds(1, 1))
    more = [entry("test_y_ours", rounds(1), "two"), entry("test_y_peer", rounds(1), "two")]
    one, two = read(written("one", ours, peer)), read(written("two", ours, peer, *more))
    assert [row.verdict for row in compare(one, two)] == ["fine", "new"]
    assert exit_code(compare(one, two)) == 0
    assert [row.verdict for row in compare(two, one)] == ["fine", "gone"]
    assert exit_code(compare(two, one)) == 4


@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(0, 100))
def test_medians_are_drawn_as_the_bootstrap_draws_them(n, seed):
    rng = np.random.default_rng(seed)
    values = rng.random(n)
    found = median_replicates(values, np.random.default_rng(1), 4000)
    drawn = np.sort(values[rng.integers(n, size=(4000, n))], 1)[:, [(n - 1) // 2, n // 2]].ravel()
    for value in values:
        assert np.mean(found <= value) == pytest.approx(np.mean(drawn <= value), abs=0.04)
    assert set(found) <= set(values)


# --- The command


def command(capsys, *arguments):
    code = cli.main(["timings", *map(str, arguments)])
    return code, capsys.readouterr()


def test_the_command_prints_ratios_with_noise_memory_and_verdicts(capsys, written):
    before = written(
        "a", entry("test_x_ours", rounds(0.1), peak_mib=12.0), entry("test_x_of_numpy", rounds(1.0, 1)), device="A"
    )
    now = written(
        "b", entry("test_x_ours", rounds(0.2, 2), peak_mib=15.0), entry("test_x_of_numpy", rounds(1.0, 3)), device="B"
    )
    code, said = command(capsys, before, now)
    assert code == 1
    row = next(line for line in said.out.splitlines() if line.startswith("metric: one"))
    assert "x_of_numpy" in row
    assert "12 -> 15" in row
    assert row.endswith("slower")
    assert "Another device: A before, B now." in said.out
    assert said.out.splitlines()[-1] == "1 ratios: 1 slower. Exit code 1."
    assert command(capsys, before, now, "--margin", "2")[0] == 0
    assert command(capsys, before, before)[0] == 0


def test_nothing_timed_is_no_success(capsys, written):
    empty, full = written("empty"), written("full", entry("test_x_ours", rounds(1)), entry("test_x_peer", rounds(1)))
    alone = written("alone", entry("test_x_ours", rounds(1)))
    for pair in ((empty, empty), (empty, full), (full, empty), (alone, alone)):
        assert command(capsys, *pair)[0] == 4


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<!DOCTYPE html>",
        "[]",
        "{}",
        '{"benchmarks": 3}',
        '{"benchmarks": [{}]}',
        json.dumps({"benchmarks": [entry("test_x_ours", [])]}),
        json.dumps({"benchmarks": [entry("test_x_ours", [1.0, 0.0])]}),
        json.dumps({"benchmarks": [entry("test_x_ours", [1.0, float("nan")])]}),
        '{"benchmarks": [{"group": "a", "name": "test_x_ours", "stats": {"data": ["soon"]}}]}',
    ],
)
def test_a_file_that_is_no_file_of_timings_is_one_line_and_code_5(capsys, tmp_path, content, written):
    good = written("good", entry("test_x_ours", rounds(1)), entry("test_x_peer", rounds(1)))
    (tmp_path / "bad.json").write_text(content)
    for pair in ((good, tmp_path / "bad.json"), (tmp_path / "bad.json", good)):
        code, said = command(capsys, *pair)
        assert code == 5
        assert said.err.count("\n") == 1
        assert "bad.json" in said.err
        assert "--benchmark-json" in said.err


def test_a_file_that_is_not_there_and_a_margin_below_nothing(capsys, tmp_path, written):
    good = written("good", entry("test_x_ours", rounds(1)))
    assert command(capsys, good, tmp_path / "none.json")[0] == 5
    assert command(capsys, good, good, "--margin", "-1")[0] == 5


# --- pytest's side

SPEED = """
import numpy as np
import pytest

pytestmark = pytest.mark.speed

@pytest.mark.benchmark(group="sums")
def test_sum_ours(benchmark):
    benchmark.pedantic(lambda: np.ones(40 * 2**20 // 8).sum(), rounds=2)

@pytest.mark.benchmark(group="sums")
def test_sum_of_python(benchmark):
    benchmark.pedantic(lambda: sum(range(1000)), rounds=2)
"""
OTHER = "def test_of_something_else():\n    assert 1 + 1 == 2\n"


@pytest.fixture
def suite(pytester, monkeypatch):
    """Runs a suite of two timings, with other tests or without, in a process of its own."""

    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))

    def run(*options, others=False):
        pytester.makepyfile(test_speed=SPEED, **({"test_other": OTHER} if others else {}))
        quick = ("-p", "same_eyes.plugin", "-p", "no:cacheprovider", "--benchmark-disable", "-W", "error")
        return pytester.runpytest_subprocess(*quick, *options)

    return run


def test_a_file_says_what_it_was_timed_on_and_what_memory_it_took(suite, pytester):
    result = suite("--benchmark-enable", "--benchmark-json", "now.json")
    assert result.ret == 0
    assert "nothing was timed" not in result.stdout.str()
    content = json.loads((pytester.path / "now.json").read_text())
    machine = content["machine_info"]
    assert machine["device"]
    assert machine["cores"] > 0
    assert machine["versions"]["numpy"] == np.__version__
    extra = {timed["name"]: timed["extra_info"] for timed in content["benchmarks"]}
    assert set(extra) == {"test_sum_ours", "test_sum_of_python"}
    for facts in extra.values():
        assert facts["peak_by"] in ("VmHWM, set back before the test", "ru_maxrss of the whole process")
    assert 30 < extra["test_sum_ours"]["peak_mib"] < 100  # an array of 40 MiB
    assert extra["test_sum_of_python"]["peak_mib"] < 10
    found = read(pytester.path / "now.json")
    assert list(found.pairs) == [("sums", "test_sum_ours", "test_sum_of_python")]


def test_timings_that_are_left_out_are_missed_where_nothing_else_runs(suite):
    result = suite()
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["ERROR nothing was timed: 2 timings were left out. Add --benchmark-enable."])


def test_timings_that_are_left_out_beside_other_tests_are_not_missed(suite):
    result = suite(others=True)
    assert result.ret == 0
    assert "nothing was timed" not in result.stdout.str()


def test_a_file_that_was_asked_for_and_cannot_be_written_fails_the_run(suite, pytester):
    result = suite("--benchmark-json", "now.json", others=True)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.fnmatch_lines(["ERROR nothing was timed: 2 timings were left out. Add --benchmark-enable."])
    assert "INTERNALERROR" not in result.stderr.str()


def test_xdist_times_nothing_and_that_fails_the_run(suite):
    pytest.importorskip("xdist")
    result = suite("--benchmark-enable", "-n", "1", "-p", "xdist", others=True)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR nothing was timed: pytest-xdist *Leave -n out."])
