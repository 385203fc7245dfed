"""The images of a report: the user's own, or a word on how to get them."""

import base64
import io

import numpy as np
import pytest

from same_eyes import data, digits
from same_eyes.report import pictures

pytest.importorskip("PIL")

DIFFER = {"people lead": [{"row": 3, "image": 40_003}], "machines lead": [{"row": 5, "image": 40_005}]}


def pixels(uri):
    from PIL import Image

    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_cifar_images_are_the_training_images_of_these_numbers(monkeypatch, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40_010, 32, 32, 3), np.uint8)
    asked = []

    def read(split, data_dir, download):
        asked.append((split, data_dir, download))
        return images

    monkeypatch.setattr(data, "cifar10_images", read)
    found, note = pictures.of({"study": "cifar10n", "differ": DIFFER}, tmp_path)
    assert asked == [("train", tmp_path, False)]
    np.testing.assert_array_equal(pixels(found[3]), images[40_003])
    np.testing.assert_array_equal(pixels(found[5]), images[40_005])
    assert "your own copy of CIFAR-10" in note
    differ = {"people lead": [], "machines lead": [{"row": 9, "image": 9}]}
    np.testing.assert_array_equal(pixels(pictures.of({"study": "cifar10h", "differ": differ})[0][9]), images[9])
    assert asked[1] == ("test", None, False)


def test_digits_are_ink_on_paper():
    differ = {"people lead": [{"row": 7, "image": 7}], "machines lead": []}
    found, note = pictures.of({"study": "digits", "differ": differ})
    ink = digits.digits().images[digits.HELDOUT][7]
    np.testing.assert_allclose(pixels(found[7]), 255 * (1 - ink), atol=1)
    assert "CC BY 4.0" in note


def test_images_that_are_missing_are_never_downloaded(monkeypatch, tmp_path):
    from same_eyes import sources

    monkeypatch.setattr(sources, "CHECKOUT", None)
    monkeypatch.setattr(sources, "cache_dir", lambda: tmp_path)
    monkeypatch.delenv("SAME_EYES_DATA", raising=False)
    assert pictures.of({"study": "cifar10n", "differ": DIFFER}, None) == ({}, pictures.HOW)
    assert not list(tmp_path.iterdir())


def test_of_another_study_no_images_are_known():
    assert pictures.of({"study": "mine", "differ": DIFFER}) == ({}, "Of the study mine no images are known.")
    assert pictures.of({"study": "mine", "differ": None}) == ({}, "")
