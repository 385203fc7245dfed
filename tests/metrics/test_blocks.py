"""Block by block: no number depends on the block, and no memory on the number of images."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import _blocks
from metrics.error_consistency import consistency_from_counts, error_consistency_matrix
from metrics.error_distance import error_counts
from metrics.joint_cells import count_joint, joint_cells, joint_counts
from metrics.matching import matching_from_counts, matching_matrix
from metrics.mistake_confusion import mistake_cells, mistake_confusion, normalise_rows
from metrics.teaming.oracle import oracle_from_counts, oracle_matrix
from metrics.teaming.threshold import threshold_matrix, threshold_team
from metrics.wrong_agreement import wrong_agreement

READINGS = ("both", "first", "either")
cases = settings(derandomize=True, deadline=None, database=None, max_examples=60)


class Answers:
    """Answers of people (some did not see) and of machines, and how sure these are."""

    def __init__(self, images, people, machines, classes, seed):
        rng = np.random.default_rng(seed)
        self.classes = classes
        self.truth = rng.integers(classes, size=images).astype(np.int16)
        self.people = rng.integers(-1, classes, size=(images, people)).astype(np.int16)
        self.machines = rng.integers(classes, size=(images, machines)).astype(np.int16)
        self.human_right, self.right = (said == self.truth[:, None] for said in (self.people, self.machines))
        self.confidence = rng.integers(1, 9, size=(images, machines)).astype(np.float32) / 8


def of_one_kind(reading):
    return lambda a: mistake_confusion(a.machines, None, a.truth, a.classes, reading=reading)


def of_two_kinds(reading):
    return lambda a: mistake_confusion(a.people, a.machines, a.truth, a.classes, reading=reading)


BLOCKED = {
    "count_joint": lambda a: count_joint(a.right)[0],
    "matching_matrix": lambda a: matching_matrix(a.right),
    "error_consistency_matrix": lambda a: error_consistency_matrix(a.right),
    "oracle_matrix": lambda a: oracle_matrix(a.right),
    "threshold_matrix": lambda a: threshold_matrix(a.confidence, a.right, a.human_right, 0.5),
    "wrong_agreement": lambda a: wrong_agreement(a.machines, a.truth, a.classes),
    "error_counts": lambda a: error_counts(a.machines, a.truth, a.classes),
    **{f"mistake_confusion, one kind, {reading}": of_one_kind(reading) for reading in READINGS},
    **{f"mistake_confusion, two kinds, {reading}": of_two_kinds(reading) for reading in READINGS},
}
each = pytest.mark.parametrize("name", BLOCKED)
answers = st.builds(
    Answers, st.integers(0, 40), st.integers(1, 3), st.integers(1, 5), st.integers(1, 7), st.integers(0, 2**32 - 1)
)


def in_blocks_of(entries, function, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "ENTRIES", entries)
        return function(*arguments)


@given(st.integers(0, 100), st.integers(0, 9), st.integers(1, 50))
def test_blocks_part_the_images(n, width, entries):
    slices = in_blocks_of(entries, lambda: list(_blocks.blocks(n, width)))
    parts = [range(n)[rows] for rows in slices]
    assert [image for part in parts for image in part] == list(range(n))
    assert all(len(part) * width <= max(entries, width) for part in parts)


def test_a_block_has_no_more_images_than_float32_counts_exactly():
    assert len(range(2**30)[next(_blocks.blocks(2**30, 1))]) <= 2**24


@each
@cases
@given(answers=answers, entries=st.integers(1, 64))
def test_the_size_of_a_block_changes_no_number(name, answers, entries):
    np.testing.assert_array_equal(in_blocks_of(entries, BLOCKED[name], answers), BLOCKED[name](answers))


@cases
@given(answers=answers, entries=st.integers(1, 64))
def test_blocks_give_what_each_images_own_cells_give(answers, entries):
    """The path of the bootstrap, to the last bit."""
    counts = joint_counts(joint_cells(answers.right).sum(0, dtype=np.int64))
    small = {
        "count_joint": counts[0],
        "matching_matrix": matching_from_counts(*counts),
        "error_consistency_matrix": consistency_from_counts(*counts),
        "oracle_matrix": oracle_from_counts(*counts),
    }
    for reading in READINGS:
        for name, first, second in (
            ("one kind", answers.machines, None),
            ("two kinds", answers.people, answers.machines),
        ):
            cells = mistake_cells(first, second, answers.truth, answers.classes, reading=reading)
            matrix = normalise_rows(cells.sum(0).reshape(answers.classes, answers.classes))
            small[f"mistake_confusion, {name}, {reading}"] = matrix
    assert set(small) == set(BLOCKED) - {"threshold_matrix", "wrong_agreement", "error_counts"}
    for name, expected in small.items():
        np.testing.assert_array_equal(in_blocks_of(entries, BLOCKED[name], answers), expected, name)


@cases
@given(answers=answers)
def test_blocks_give_what_a_loop_over_pairs_and_images_gives(answers):
    people, machines = range(answers.people.shape[1]), range(answers.machines.shape[1])
    truth, right = answers.truth.tolist(), answers.right.tolist()
    both = [[sum(each[a] and each[b] for each in right) for b in machines] for a in machines]
    np.testing.assert_array_equal(in_blocks_of(16, BLOCKED["count_joint"], answers), both)

    said, counts = answers.machines.tolist(), np.zeros((answers.classes, answers.classes))
    for x, answer in enumerate(truth):
        for a in machines:
            for b in machines:
                if a != b and said[x][a] != answer != said[x][b]:
                    counts[said[x][a], said[x][b]] += 1
    confusion = in_blocks_of(16, BLOCKED["mistake_confusion, one kind, both"], answers)
    np.testing.assert_array_equal(confusion, normalise_rows(counts))

    confidence, right, partner = answers.confidence.T, answers.right.T, answers.human_right.T
    teams = [[threshold_team(confidence[a], right[a], partner[b], 0.5) for b in people] for a in machines]
    np.testing.assert_array_equal(in_blocks_of(16, BLOCKED["threshold_matrix"], answers), teams)


def on_disk(folder, answers):
    """The same answers, their arrays memory-mapped."""
    for name, array in vars(answers).items():
        if isinstance(array, np.ndarray):
            np.save(folder / f"{name}.npy", array)
            setattr(answers, name, np.load(folder / f"{name}.npy", mmap_mode="r"))
    return answers


def peak(function, *arguments):
    """Bytes that a call takes beyond what it is given; pages of a mapped file are the system's own.

    The least of three calls: what is remembered at the first, and what others take meanwhile, is not its own.
    """
    taken = []
    for _ in range(3):
        tracemalloc.start()
        function(*arguments)
        taken.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return min(taken)


@each
def test_memory_does_not_grow_with_the_images_and_files_are_never_loaded(name, tmp_path):
    least, taken = np.inf, {}
    for images in (10_000, 80_000):
        folder = tmp_path / str(images)
        folder.mkdir()
        stored = on_disk(folder, Answers(images, 3, 12, 20, seed=images))
        least = min(least, stored.right.nbytes)
        taken[images] = in_blocks_of(2**12, peak, BLOCKED[name], stored)
    assert taken[80_000] < 1.5 * taken[10_000]  # for eight times the images; what a block holds varies a little
    assert taken[80_000] < 80_000 * 12  # the smallest of the files that it reads, labels being twice as large


def test_what_is_copied_whole_would_be_noticed(tmp_path):
    stored = on_disk(tmp_path, Answers(80_000, 3, 12, 20, seed=0))
    assert peak(np.array, stored.right) >= 80_000 * 12
