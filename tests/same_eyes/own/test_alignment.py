"""Which images rows are about: every known way to get it wrong is named, and no bad machine is accused of one."""

import numpy as np
import pytest

from same_eyes.data import CLASSES, tfds_order
from same_eyes.own.alignment import Images, place, rows
from same_eyes.own.files import Answers
from same_eyes.types import BadInput

RANDOM = np.random.default_rng(0)
TRUTH, TEST = RANDOM.integers(0, 10, 50_000), RANDOM.permutation(np.arange(10_000) % 10)
IMAGES = Images("cifar10n", CLASSES, TRUTH, range(40_000, 50_000), TEST)
HELDOUT = TRUTH[40_000:]
K = 10


def machine(truth, accuracy=0.85, seed=1):
    """Labels of a machine that errs evenly."""
    random = np.random.default_rng(seed)
    wrong = (truth + random.integers(1, K, len(truth))) % K
    return np.where(random.random(len(truth)) < accuracy, truth, wrong)


def said(labels, index=None, split="heldout", named=False):
    return place(Answers(np.asarray(labels), index=index, named=named), split, IMAGES, "mine.npz")


def refused(labels, message, **more):
    with pytest.raises(BadInput, match=message) as error:
        said(labels, **more)
    assert str(error.value).startswith("mine.npz")
    assert "\n" not in str(error.value)


# --- Aligned


def test_rows_in_order_are_the_held_out_images_or_all():
    index, says = said(machine(HELDOUT))
    assert (index[0], index[-1], says) == (40_000, 49_999, "without an index: the held-out images 40000 to 49999")
    index, says = said(machine(TRUTH))
    assert (index[0], index[-1], says) == (0, 49_999, "without an index: all images 0 to 49999")
    index, says = said(machine(TEST), split="official")
    assert (index[0], index[-1], says) == (0, 9_999, "without an index: the official test images 0 to 9999")


def test_rows_in_any_order_are_found_by_their_image_numbers():
    order = np.random.default_rng(2).permutation(np.arange(30_000, 50_000))
    index, says = said(machine(TRUTH[order]), index=order)
    assert np.array_equal(index, order)
    assert says == "by its index, images 30000 to 49999"
    assert np.array_equal(order[rows(index, "heldout", IMAGES, "mine.npz")], np.arange(40_000, 50_000))


def test_an_image_without_a_row_is_named():
    index = np.delete(np.arange(40_000, 50_000), [7, 5_000])
    said(machine(TRUTH[index]), index=index)
    with pytest.raises(
        BadInput, match="2 of the 10,000 held-out images 40000 to 49999 have no row, the first is image 40007"
    ):
        rows(index, "heldout", IMAGES, "mine.npz")
    with pytest.raises(BadInput, match="9,000 of the 10,000 official test images 0 to 9999 have no row"):
        rows(np.arange(1_000), "official", IMAGES, "mine.npz")


# --- Misaligned rows


@pytest.mark.parametrize("accuracy", [0.3, 0.85])
@pytest.mark.parametrize(
    ("order", "message"),
    [
        (lambda t: np.roll(t, 1), "with the rows from row 0 on standing one too late .* A row was added there"),
        (lambda t: np.roll(t, -1), "with the rows from row 0 on standing one too early .* A row is missing there"),
        (lambda t: np.insert(t[:-1], 6_000, 3), r"with the rows from row (600\d|599\d) on standing one too late"),
        (
            lambda t: np.append(np.delete(t, 2_000), 3),
            r"with the rows from row (200\d|199\d) on standing one too early",
        ),
        (lambda t: t[::-1], "in reverse order in"),
        (lambda t: np.sort(t), "sorted by class, as folders of images are served in"),
        (lambda t: TRUTH[10_000:20_000], "as images 10000 to 19999 of the training set .* Predict the images 40000 to"),
        (lambda t: TEST, r"as CIFAR-10's official test images in .* Say so: FILE@official"),
        (lambda t: np.sort(TEST), r"as CIFAR-10's official test images sorted by class in"),
        (
            lambda t: TEST[tfds_order("test")],
            r"in TensorFlow Datasets' order of test in .*tfds_order\('test'\), and say",
        ),
        (
            lambda t: TRUTH[tfds_order("train")[40_000:]],
            r"in TensorFlow Datasets' order of train\[40000:50000\] in .* Give as `index`",
        ),
    ],
)
def test_rows_in_another_order_are_named(order, message, accuracy):
    truth = order(HELDOUT)
    refused(machine(truth, accuracy), rf"is right in \d+% of its images as given, and {message}")


def test_all_images_in_another_order_are_named():
    order = tfds_order("train")
    refused(machine(TRUTH[order]), r"in TensorFlow Datasets' order of train in 8\d%. Give as `index` .*\('train'\)\.$")
    said(machine(TRUTH[order]), index=order)  # which is the remedy


def test_official_images_that_are_others_are_named():
    refused(
        machine(HELDOUT), "as images 40000 to 49999 of the training set in .* Leave out @official", split="official"
    )
    refused(machine(TEST[tfds_order("test")]), "TensorFlow Datasets' order of test", split="official")


def test_rows_in_an_order_of_their_own_are_refused_without_an_index():
    shuffled = np.random.default_rng(3).permutation(10_000)
    labels = machine(HELDOUT)[shuffled]
    refused(
        labels, r"nothing to do with the images in this order \(right in 1\d%, independent .* image number as `index`"
    )
    said(labels, index=40_000 + shuffled)
    said(labels, index=np.arange(40_000, 50_000))  # a machine that guesses: the order was stated


@pytest.mark.parametrize(
    ("index", "split", "message"),
    [
        (np.arange(39_999, 49_999), "heldout", "its index taken to be one too small in .* Add 1"),
        (
            np.arange(40_000, 50_000) - 40_000,
            "heldout",
            "counting the held-out images from 0 in .* Add 40000 to its index",
        ),
        (np.arange(50_000)[10_000:20_000], "heldout", "as the held-out images in order, whatever its index says"),
        (np.arange(10_000), "official", "Leave out @official, and add 40000 to its index"),
    ],
)
def test_an_index_that_is_off_is_named(index, split, message):
    refused(machine(HELDOUT), message, index=index, split=split)


def test_an_index_of_the_official_images_is_named():
    refused(machine(TEST), "as CIFAR-10's official test images in .* Say so", index=np.arange(10_000))
    order = np.random.default_rng(4).permutation(10_000)
    refused(machine(TRUTH[order]), "as images of the training set in .* Leave out", index=order, split="official")


def test_image_numbers_counted_from_1_are_named():
    refused(machine(TRUTH[:20_000]), "one too large in .* Subtract 1", index=np.arange(1, 20_001))
    refused(machine(TRUTH), "run from 1 to 50000, .* They are counted from 1: subtract 1", index=np.arange(1, 50_001))
    refused(machine(HELDOUT), "run from 40001 to 50000, .* counted from 1", index=np.arange(40_001, 50_001))
    refused(machine(HELDOUT), r"run from 90000 to 99999, but there are 0 to 49999\.$", index=np.arange(90_000, 100_000))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (machine(HELDOUT)[1:], r"has 9,999 rows. Give 10,000 or 50,000 in order, .* The first row is missing"),
        (machine(HELDOUT)[:-1], "The last row is missing"),
        (np.insert(machine(HELDOUT), 0, 3), "has 10,001 rows. .* The first row is too many"),
        (np.append(machine(HELDOUT), 3), "The last row is too many"),
        (
            machine(TEST)[1:],
            r"has 9,999 rows. Give 10,000 or 50,000 in order, or the image number of each as `index`\.$",
        ),
        (machine(TRUTH)[:40_000], "has 40,000 rows"),
    ],
)
def test_another_number_of_rows_is_refused(labels, message):
    refused(labels, message)


def test_there_are_no_official_images_of_the_digits_nor_without_their_labels():
    answers = Answers(machine(HELDOUT))
    digits = Images("digits", CLASSES, TRUTH, range(40_000, 50_000))
    with pytest.raises(BadInput, match="the study digits has no official test images"):
        place(answers, "official", digits, "mine.npz")
    without = Images("cifar10n", CLASSES, TRUTH, range(40_000, 50_000))
    with pytest.raises(BadInput, match=r"test labels are not on this machine. Get them: same-eyes data fetch"):
        place(answers, "official", without, "mine.npz")
    assert place(answers, "heldout", without, "mine.npz")[0][0] == 40_000


# --- Classes


def test_labels_counted_from_1_or_of_another_data_set_are_named():
    refused(machine(HELDOUT) + 1, "labels run from 1 to 10, .* They are counted from 1: subtract 1")
    refused(machine(HELDOUT) * 10, "labels run from 0 to 90, .* Labels of another data set")
    refused(machine(HELDOUT) - 1, "labels run from -1 to 8")


@pytest.mark.parametrize("accuracy", [0.6, 0.85])
def test_classes_in_another_order_are_named(accuracy):
    swapped = np.array([0, 1, 2, 5, 4, 3, 6, 7, 8, 9])
    refused(
        swapped[machine(HELDOUT, accuracy)],
        r"with its 5 taken for cat, 3 taken for dog in \d+%. The classes are airplane",
    )
    refused(
        (machine(HELDOUT, accuracy) + 1) % K,
        r"with its 1 taken for airplane, 2 taken for automobile, .* 0 taken for truck",
    )


def test_classes_in_alphabetical_order_are_called_so():
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits = Images("digits", names, TRUTH, range(40_000, 50_000))
    alphabetical = np.argsort(np.argsort(names))
    with pytest.raises(BadInput, match="with its classes in alphabetical order in 85%"):
        place(Answers(alphabetical[machine(HELDOUT)]), "heldout", digits, "mine.npz")


def test_classes_that_are_named_are_believed():
    swapped = np.array([0, 1, 2, 5, 4, 3, 6, 7, 8, 9])
    assert said(swapped[machine(HELDOUT)], named=True)[0][0] == 40_000


# --- Bad machines, rightly aligned


def confused(truth, random, share):
    """Takes cats for dogs and dogs for cats so often, and is right otherwise."""
    other = np.array([0, 1, 2, 5, 4, 3, 6, 7, 8, 9])[truth]
    return np.where(random.random(len(truth)) < share, other, truth)


BAD = {
    "always wrong, evenly": lambda t, r: (t + r.integers(1, K, len(t))) % K,
    "often wrong, evenly": lambda t, r: machine(t, r.uniform(0, 0.3), int(r.integers(1e6))),
    "takes each class for the next, mostly not": lambda t, r: np.where(
        r.random(len(t)) < 0.4, (t + 1) % K, machine(t, 0.3)
    ),
    "cats for dogs, half of the time": lambda t, r: confused(t, r, 0.5),
    "cats for dogs, three times of five": lambda t, r: confused(t, r, 0.6),
    "all cats are dogs": lambda t, r: np.where(t == 3, 5, machine(t)),
    "knows three classes": lambda t, r: np.where(t < 3, t, r.integers(0, 3, len(t))),
    "says dog wherever it errs": lambda t, r: np.where(r.random(len(t)) < 0.8, 5, t),
    "one answer": lambda t, r: np.full(len(t), r.integers(K)),
    "one answer, but for ten images": lambda t, r: np.where(np.arange(len(t)) < 10, t, 5),
    "half of the images right, then one answer": lambda t, r: np.where(np.arange(len(t)) < len(t) // 2, t, 0),
}


@pytest.mark.parametrize("split", ["heldout", "official"])
@pytest.mark.parametrize("kind", BAD)
def test_no_bad_machine_is_taken_for_a_misaligned_one(kind, split):
    truth = HELDOUT if split == "heldout" else TEST
    part = np.arange(40_000, 50_000) if split == "heldout" else np.arange(10_000)
    for seed in range(5):
        labels = BAD[kind](truth, np.random.default_rng(seed))
        assert np.array_equal(said(labels, split=split)[0], part)
        order = np.random.default_rng(seed).permutation(part)
        images = TRUTH if split == "heldout" else TEST
        said(BAD[kind](images[order], np.random.default_rng(seed)), index=order, split=split)


@pytest.mark.parametrize("seed", range(20))
def test_a_machine_that_guesses_is_taken_with_an_index(seed):
    random = np.random.default_rng(seed)
    said(random.integers(0, K, 10_000), index=np.arange(40_000, 50_000))
    said(random.choice(K, 10_000, p=random.dirichlet(np.ones(K))), index=np.arange(40_000, 50_000))


def test_no_bad_machine_is_accused_where_images_come_in_runs_of_one_class():
    """In such an order a shift by one row changes few labels, so that it fits nearly as well."""
    truth = np.sort(np.arange(2_000) % K)
    images = Images("digits", CLASSES, np.concatenate([truth, truth]), range(2_000, 4_000))
    for kind in BAD:
        labels = BAD[kind](truth, np.random.default_rng(0))
        assert place(Answers(labels), "heldout", images, "mine.npz")[0][0] == 2_000
