"""NAME=FILE as a machine beside the study's."""

import re

import numpy as np
import pytest

from same_eyes.digits import HELDOUT, digits
from same_eyes.own import Images, examine, read_machines
from same_eyes.types import BadInput, NoConfidence

TRUTH = digits().truth
TEST = np.random.default_rng(5).integers(0, 10, 10_000)
ALL = np.random.default_rng(6).integers(0, 10, 50_000)
CIFAR = Images("cifar10n", tuple("abcdefghij"), ALL, range(40_000, 50_000), TEST)


@pytest.fixture(scope="module")
def images():
    return Images.of("digits")


def probabilities(truth, accuracy=0.85, seed=0):
    random = np.random.default_rng(seed)
    labels = np.where(random.random(len(truth)) < accuracy, truth, random.integers(0, 10, len(truth)))
    probs = np.full((len(truth), 10), 0.04)
    probs[np.arange(len(truth)), labels] = 0.64
    return probs


@pytest.fixture
def file(tmp_path):
    def save(name="mine.npz", **arrays):
        np.savez_compressed(tmp_path / name, **arrays)
        return str(tmp_path / name)

    return save


def test_the_images_of_the_digits_are_numbered_as_scikit_learn_has_them(images):
    assert (images.study, len(images.truth), images.heldout, images.official) == (
        "digits",
        1797,
        range(1000, 1797),
        None,
    )
    assert images.classes[3] == "three"


def test_probabilities_become_a_machine_of_the_study(file, images):
    probs = probabilities(TRUTH[HELDOUT])
    examined = examine(file(probs=probs), images, "Mine")
    assert examined.predictions.probs == pytest.approx(probs, abs=1e-6)
    assert examined.predictions.index.tolist() == list(range(797))  # as the study numbers them
    assert (examined.predictions.method, examined.split, examined.what) == ("Mine", "heldout", "held-out")
    assert examined.right.mean() == (probs.argmax(1) == TRUTH[HELDOUT]).mean()
    assert examined.lines(images) == [
        f"Mine: probabilities of 797 rows from {examined.path}, without an index: the held-out images 1000 to 1796"
    ]


def test_rows_are_brought_into_the_order_of_the_images(file, images):
    probs, order = probabilities(TRUTH), np.random.default_rng(1).permutation(1797)
    plain = examine(file(probs=probs), images).predictions.probs
    turned = examine(file(probs=probs[order], index=order), images).predictions.probs
    assert np.array_equal(turned, plain)
    assert plain == pytest.approx(probs[HELDOUT], abs=1e-6)


def test_labels_become_a_machine_without_confidence(file, images):
    labels = probabilities(TRUTH[HELDOUT]).argmax(1)
    predictions = examine(file(labels=labels), images, "Mine").predictions
    assert np.array_equal(predictions.labels_predicted, labels)
    with pytest.raises(NoConfidence, match="Mine gives labels only"):
        predictions.confidence  # noqa: B018


def test_images_are_numbered_as_the_study_of_cifar10n_has_them(file):
    assert examine(file(probs=probabilities(ALL[40_000:])), CIFAR).predictions.index[[0, -1]].tolist() == [
        40_000,
        49_999,
    ]
    official = examine(file(probs=probabilities(TEST)) + "@official", CIFAR)
    assert (official.predictions.index[0], official.predictions.split, official.what) == (
        0,
        "official",
        "official test",
    )
    itself = examine(file(probs=probabilities(TEST), split="official"), CIFAR)
    assert itself.split == "official"


def test_a_split_said_twice_is_said_alike(file):
    path = file(probs=probabilities(TEST), split="official")
    assert examine(path + "@official", CIFAR).split == "official"
    with pytest.raises(BadInput, match=r"says itself that it holds the split 'official'. Leave out @heldout"):
        examine(path + "@heldout", CIFAR)


def test_an_at_sign_may_be_part_of_a_name(file, images):
    assert examine(file("me@home.npz", probs=probabilities(TRUTH)), images).path.name == "me@home.npz"


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        (np.full(10_000, 3), "it gives one answer to all images"),
        ((ALL[40_000:] + 1 + np.arange(10_000) % 9) % 10, r"no better than the most frequent class \(10.\d%\)"),
        (ALL[40_000:], "hardly ever wrong: has it learnt from these images.* Train on the first 40,000"),
    ],
)
def test_what_a_user_should_know_is_noted(file, labels, note):
    examined = examine(file(labels=labels), CIFAR, "Mine")
    (line,) = examined.lines(CIFAR)[1:]
    assert line.startswith("Mine: ")
    assert re.search(note, line)


# --- Several


def test_machines_are_read_by_name_and_split(file):
    heldout, official = file("h.npz", probs=probabilities(ALL[40_000:])), file("o.npz", probs=probabilities(TEST))
    found = read_machines([f"Mine={heldout}", f"Mine={official}@official", f" Other = {heldout}"], CIFAR)
    assert {name: list(splits) for name, splits in found.items()} == {
        "Mine": ["heldout", "official"],
        "Other": ["heldout"],
    }


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["{file}"], "write it as NAME=FILE"),
        (["={file}"], "write it as NAME=FILE"),
        (["Mine="], r"write it as NAME=FILE. \(The store of runs is --store.\)"),
        (["ce={file}"], "the study has a ce itself. Give yours another name"),
        (["A vs B={file}"], "must not hold ' vs '"),
        (["Mine={file}", "Mine={file}"], "Mine has predictions of these images already"),
        (
            ["Mine={official}@official"],
            "of the official test images alone; .* Give those too: --predictions Mine=FILE$",
        ),
    ],
)
def test_a_wrong_request_is_refused(file, asked, message):
    paths = {
        "file": file("h.npz", probs=probabilities(ALL[40_000:])),
        "official": file("o.npz", probs=probabilities(TEST)),
    }
    with pytest.raises(BadInput, match=message):
        read_machines([text.format(**paths) for text in asked], CIFAR, taken=["CE", "Human 1"])


def test_a_machine_must_have_seen_the_images_that_are_compared(file):
    heldout, official = file("h.npz", probs=probabilities(ALL[40_000:])), file("o.npz", probs=probabilities(TEST))
    assert list(read_machines([f"Mine={official}@official"], CIFAR, split="official")) == ["Mine"]
    with pytest.raises(BadInput, match=r"of the held-out images alone; .* --predictions Mine=FILE@official"):
        read_machines([f"Mine={heldout}"], CIFAR, split="official")
