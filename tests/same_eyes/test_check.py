"""``same-eyes check`` on the digits."""

import numpy as np
import pytest
from scipy.stats import binomtest

from same_eyes import cli
from same_eyes.digits import HELDOUT, digits

TRUTH = digits().truth[HELDOUT]


def probabilities(seed=0):
    random = np.random.default_rng(seed)
    labels = np.where(random.random(len(TRUTH)) < 0.9, TRUTH, random.integers(0, 10, len(TRUTH)))
    probs = np.full((len(TRUTH), 10), 0.02)
    probs[np.arange(len(TRUTH)), labels] = 0.82
    return probs


@pytest.fixture
def check(tmp_path, capsys):
    def run(suffix="", **arrays):
        path = tmp_path / "mine.npz"
        np.savez(path, **arrays)
        code = cli.main(["check", f"{path}{suffix}", "--study", "digits"])
        return code, *capsys.readouterr()

    return run


def test_it_says_what_it_read(check, tmp_path):
    probs = probabilities()
    code, out, _ = check(probs=probs)
    assert code == 0
    right = int((probs.argmax(1) == TRUTH).sum())
    low, high = binomtest(right, 797).proportion_ci(method="wilson")
    assert out.splitlines() == [
        "read:      probabilities of 797 rows and 10 classes",
        "images:    without an index: the held-out images 1000 to 1796",
        f"accuracy:  {right / 797:.2%} [{low:.2%}, {high:.2%}] on the 797 held-out images",
        "certainty: 82.00% on average",
        f"next:      pytest benchmark --study digits --predictions NAME={tmp_path}/mine.npz",
    ]


def test_labels_have_no_certainty_and_notes_are_printed(check):
    code, out, _ = check(labels=np.full(len(TRUTH), 3))
    assert code == 0
    assert "read:      labels of 797 rows" in out
    assert "note:      it gives one answer to all images" in out
    assert "certainty:" not in out


@pytest.mark.parametrize(
    ("arrays", "suffix", "message"),
    [
        ({"probs": np.roll(probabilities(), 1, axis=0)}, "", "standing one too late"),
        ({"probs": np.log(probabilities())}, "", "log-probabilities"),
        ({"probs": probabilities()}, "@official", "the study digits has no official test images"),
    ],
)
def test_what_is_misaligned_is_one_line_and_exit_code_1(check, tmp_path, arrays, suffix, message):
    code, out, err = check(suffix, **arrays)
    assert (code, out) == (1, "")
    assert err.startswith(f"same-eyes: {tmp_path}/mine.npz" if not suffix else "same-eyes: ")
    assert err.count("\n") == 1
    assert message in err
