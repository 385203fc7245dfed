"""Large studies: what is written and read, and the numbers of the small path."""

import json
import re
import tracemalloc

import numpy as np
import pytest

from same_eyes import cli, large
from same_eyes.large import LargeStudy, compare, read_probs, summary, write_study
from same_eyes.measure import Measured
from same_eyes.measure.matching import matchings
from same_eyes.measure.mistakes import confusion
from same_eyes.measure.teaming import teams
from same_eyes.metrics import _blocks
from same_eyes.metrics.error_consistency import error_consistency
from same_eyes.metrics.mistake_confusion import same_mistake
from same_eyes.places import leaf
from same_eyes.testing.large import ERRORS, TRAPPED, synthetic_study
from same_eyes.types import Annotators, BadInput, Predictions, Study


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A study on disk: 2,000 images, 3 people, 4 machines, 7 classes."""
    return synthetic_study(tmp_path_factory.mktemp("stored"), 2_000, 4, 7)


def softmax(images, classes, seed=0):
    scores = np.random.default_rng(seed).normal(size=(images, classes))
    return (np.exp(scores) / np.exp(scores).sum(1, keepdims=True)).astype(np.float32)


def as_small(stored):
    """The same study as one in memory: probabilities that have its labels and confidences."""
    r, k = len(stored.people), stored.classes
    machines = {}
    for j, name in enumerate(stored.machines):
        confidence = np.maximum(stored.confidence[:, j], 0.3)[:, None]  # else another class would be likelier
        probs = np.where(np.arange(k) == stored.labels[:, r + j, None], confidence, (1 - confidence) / (k - 1))
        machines[name] = [Predictions(probs, method=name)]
    people = Annotators(stored.labels[:, :r], k, stored.people)
    return Study("small", stored.truth, people, machines, [str(c) for c in range(k)])


def test_it_gives_the_numbers_of_the_small_path(stored):
    measured, names = Measured(as_small(stored), replicates=2), [*stored.people, *stored.machines]
    found = compare(stored, 0.6, progress=False)
    for pair, matrix in found.mistakes.items():
        np.testing.assert_array_equal(matrix, confusion(measured, pair)[0])
    for (row, column), match in matchings(measured).items():
        assert found.matching[names.index(row), names.index(column)] == match.value
    for machine in stored.machines:
        for partner in set(names) - {machine}:
            a, b = names.index(machine), names.index(partner)
            assert found.oracle[a, b] == teams(measured, "oracle")[machine, partner].value
            assert found.threshold[a - 3, b] == teams(measured, 0.6)[machine, partner].value
    right = stored.labels[:, [0, 5]] == stored.truth[:, None]
    assert found.consistency[0, 5] == error_consistency(*right.T)


def test_the_summary_is_the_mean_over_each_kind_of_pair(stored):
    found = compare(stored, progress=False)
    rows = {row.pairs: row for row in summary(stored, found)}
    assert list(rows) == ["two people", "a person and a machine", "two machines"]
    mixed = rows["a person and a machine"]
    both_ways = [found.matching[:3, 3:], found.matching[3:, :3].T]
    assert mixed.matching == pytest.approx(np.mean(both_ways))
    assert mixed.threshold == pytest.approx(found.threshold[:, :3].mean())
    assert mixed.same_mistake == same_mistake(found.mistakes["HM"])
    pairs = [found.consistency[3 + a, 3 + b] for a in range(4) for b in range(a)]
    assert rows["two machines"].consistency == pytest.approx(np.mean(pairs))
    assert np.isnan(rows["two people"].threshold)


def test_a_study_without_people_has_machines_to_compare(tmp_path):
    study = synthetic_study(tmp_path, 500, 3, 4, people=0)
    people, mixed, machines = summary(study, compare(study, progress=False))
    assert np.isnan([*people[1:], *mixed[1:]]).all()
    assert np.isfinite(machines[1:]).all()


def test_it_is_read_a_block_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(_blocks, "ENTRIES", 2**13)
    taken = {}
    for images in (5_000, 40_000):
        study = synthetic_study(tmp_path / str(images), images, 20, 30)
        assert isinstance(study.labels, np.memmap)
        tracemalloc.start()
        compare(study, progress=False)
        taken[images] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert taken[40_000] < 1.5 * taken[5_000]  # for eight times the images
    assert taken[40_000] < study.confidence.nbytes


# --- Probabilities ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 50, 2**20])
def test_probabilities_are_read_block_by_block(monkeypatch, block):
    probs = softmax(300, 5)
    monkeypatch.setattr(large, "BLOCK", block)
    labels, confidence = read_probs(probs)
    np.testing.assert_array_equal(labels, probs.argmax(1))
    np.testing.assert_array_equal(confidence, probs.max(1))


def test_probabilities_on_disk_are_never_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(large, "BLOCK", 2**12)
    np.save(tmp_path / "probs.npy", softmax(20_000, 50).astype(np.float16))
    probs = np.load(tmp_path / "probs.npy", mmap_mode="r")
    tracemalloc.start()
    labels, _ = read_probs(probs)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < probs.nbytes / 4  # (n,) labels and confidences, and a block
    np.testing.assert_array_equal(labels, probs.argmax(1))


def test_a_bad_row_is_named_with_its_block(monkeypatch):
    probs = softmax(300, 5)
    probs[120] = np.nan
    monkeypatch.setattr(large, "BLOCK", 500)
    with pytest.raises(BadInput, match=r"'mine'.*row 20\. \(Rows are counted from image 100\.\)"):
        read_probs(probs, "mine")
    with pytest.raises(BadInput, match=r"\(n, k\)"):
        read_probs(probs[0])


# --- Files --------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path):
    truth, probs = np.array([0, 1, 2, 1]), softmax(4, 3)
    person = np.array([0, 2, 2, 0])
    write_study(tmp_path, truth, 3, ["Ann"], ["net"], [(person, None), read_probs(probs)], progress=False)
    study = LargeStudy.open(tmp_path)
    assert study.people == ("Ann",)
    assert study.machines == ("net",)
    assert study.classes == 3
    np.testing.assert_array_equal(study.labels, np.stack([person, probs.argmax(1)], 1))
    np.testing.assert_array_equal(study.right, study.labels == truth[:, None])
    np.testing.assert_array_equal(study.confidence[:, 0], probs.max(1))
    assert study.labels.dtype == np.int8


@pytest.mark.parametrize(("classes", "kind"), [(10, np.int8), (128, np.int8), (129, np.int16), (1000, np.int16)])
def test_labels_take_the_smallest_type_that_holds_them(tmp_path, classes, kind):
    truth = np.array([classes - 1, 0])
    study = write_study(tmp_path, truth, classes, ["Ann"], [], [(np.array([0, classes - 1]), None)], progress=False)
    assert study.labels.dtype == study.truth.dtype == kind
    assert study.labels[:, 0].tolist() == [0, classes - 1]
    assert study.truth[0] == classes - 1


GOOD = (np.array([0, 1]), np.array([0.5, 0.9]))


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([], r"0 answers for 1 names; 'net' has none"),
        ([GOOD, GOOD], r"more answers than names \(1\)"),
        ([(np.array([0, 2]), GOOD[1])], "net: labels run from 0 to 2, but there are classes 0 to 1"),
        ([(np.array([0, -2]), GOOD[1])], "net: labels run from -2"),
        ([(np.array([0, -1]), GOOD[1])], r"net: did not see 1 of 2 images \(-1\), .* Leave out"),
        ([(np.array([0.0, 1.0]), GOOD[1])], "net: expected 2 integers, got float64"),
        ([(np.array([0, 1, 1]), GOOD[1])], r"net: expected 2 integers, got int64 of shape \(3,\)"),
        ([(GOOD[0], None)], "net: a machine needs its confidence"),
        ([(GOOD[0], np.array([0.5]))], "net: expected 2 confidences"),
        ([(GOOD[0], np.array([0.5, 2.0]))], r"net: confidences must lie in \(0, 1\]"),
        ([(GOOD[0], np.array([0.5, np.nan]))], r"net: confidences must lie in \(0, 1\]"),
    ],
)
def test_bad_answers_are_refused_and_leave_no_study(tmp_path, answers, why):
    write_study(tmp_path, [0, 1], 2, [], ["net"], [GOOD], progress=False)
    with pytest.raises(BadInput, match=why):
        write_study(tmp_path, [0, 1], 2, [], ["net"], answers, progress=False)
    with pytest.raises(BadInput, match=r"study\.json: not there\. Write the study first"):
        LargeStudy.open(tmp_path)


def test_a_truth_that_is_no_class_is_refused(tmp_path):
    with pytest.raises(BadInput, match="truth: labels run from -1 to 1, but there are classes 0 to 1"):
        write_study(tmp_path, [-1, 1], 2, [], [], [], progress=False)


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    write_study(tmp_path, [0, 1], 2, [], ["net"], [GOOD], progress=False)
    np.save(tmp_path / "truth.npy", np.array([0, 1, 1]))
    with pytest.raises(BadInput, match=r"labels\.npy: shape \(2, 1\), expected \(3, 1\)"):
        LargeStudy.open(tmp_path)


# --- The made-up study --------------------------------------------------------------------------------------


def test_a_machine_is_the_same_however_many_there_are(tmp_path, stored):
    again = synthetic_study(tmp_path / "again", 2_000, 2, 7)
    other = synthetic_study(tmp_path / "other", 2_000, 2, 7, seed=1)
    np.testing.assert_array_equal(again.labels, stored.labels[:, :5])
    np.testing.assert_array_equal(again.confidence, stored.confidence[:, :2])
    assert (other.labels != again.labels).any()


def test_the_made_up_study_is_as_it_says(tmp_path):
    study = synthetic_study(tmp_path, 50_000, 5, 100)
    errors = 1 - study.right.mean(0)
    noise = 4 * 0.5 / np.sqrt(50_000)
    assert ((errors > ERRORS[0] - noise) & (errors < ERRORS[1] + noise)).all()
    both = ~study.right[:, 3] & ~study.right[:, 4]
    same = (study.labels[both, 3] == study.labels[both, 4]).mean()
    assert same == pytest.approx(TRAPPED**2, abs=4 * 0.5 / np.sqrt(both.sum()) + 1 / 99)
    sure = study.confidence[:, 0] > np.median(study.confidence[:, 0])
    assert study.right[sure, 3].mean() > study.right[~sure, 3].mean() + 0.1


# --- The command --------------------------------------------------------------------------------------------


def test_the_command_prints_the_summary_and_keeps_the_matrices(capsys, tmp_path):
    study = synthetic_study(tmp_path / "study", 400, 2, 3)
    assert cli.main(["large", str(tmp_path / "study"), "--out", str(tmp_path / "out"), "--eta", "0.7"]) == 0
    said = capsys.readouterr().out
    found = compare(study, 0.7, progress=False)
    assert "threshold 0.7" in said
    assert "400 images, 3 people, 2 machines, 3 classes" in said
    assert f"{summary(study, found)[2].matching:.4f}" in said
    for name, matrix in {"threshold": found.threshold, "mistakes_HM": found.mistakes["HM"]}.items():
        np.testing.assert_array_equal(np.load(tmp_path / "out" / f"{name}.npy"), matrix)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {
        "matching", "consistency", "oracle", "threshold", "mistakes_HH", "mistakes_MM", "mistakes_HM",
    }  # fmt: skip


def test_the_command_says_in_one_line_that_there_is_no_study(capsys, tmp_path):
    assert cli.main(["large", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "study.json: not there" in err


def test_the_names_are_readable(tmp_path):
    synthetic_study(tmp_path, 10, 1, 2, people=1)
    assert json.loads((tmp_path / "study.json").read_text())["machines"] == ["Machine 1"]


def test_the_documents_example_runs(capsys, tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (leaf("docs") / "large.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for name, array in {
        "truth": np.array([0, 999, 5]),
        "ann": np.array([0, 1, 5]),
        "ResNet": softmax(3, 1000),
        "ViT": softmax(3, 1000, seed=1),
    }.items():
        np.save(f"{name}.npy", array)
    exec(compile(example, "docs/large.md", "exec"), {})
    assert LargeStudy.open("my-study").machines == ("ResNet", "ViT")
    assert cli.main(["large", "my-study", "--out", "pairs"]) == 0
    assert "3 images, 1 people, 2 machines, 1000 classes" in capsys.readouterr().out
