"""The images that a report shows, from the user's own copy of the data; none is part of the repository."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import data, digits
from ..data import MissingData

HOW = "The images are not on this machine: `same-eyes data fetch` gets CIFAR-10 (170 MB)."
CIFAR10 = "From your own copy of CIFAR-10, which states no licence: mind that before you pass this page on."
LICENCE = {
    "cifar10n": CIFAR10,
    "cifar10h": CIFAR10,
    "digits": "scikit-learn's digits (Alpaydin & Kaynak 1998, CC BY 4.0).",
}


def of(found: Mapping[str, Any], data_dir: Path | None = None) -> tuple[dict[int, str], str]:
    """The pictures of a report's images, and what to say of them.

    Returns
    -------
    pictures : dict of int to str
        A row of the study to a data URI; empty where the images are not on this machine, which are never downloaded
        for this.
    note : str
        Where they are from, or how to get them.
    """
    if not found["differ"]:
        return {}, ""
    shown = found["differ"]["people lead"] + found["differ"]["machines lead"]
    try:
        pixels = _pixels(found["study"], [each["image"] for each in shown], data_dir)
    except MissingData:
        return {}, HOW
    if pixels is None:
        return {}, f"Of the study {found['study']} no images are known."
    return {each["row"]: _uri(image) for each, image in zip(shown, pixels, strict=True)}, LICENCE[found["study"]]


def _pixels(study: str, images: list[int], data_dir: Path | None) -> NDArray[np.uint8] | None:
    """(n, h, w) or (n, h, w, 3) from 0 to 255."""
    if study in ("cifar10n", "cifar10h"):
        split: data.Split = "train" if study == "cifar10n" else "test"
        return data.cifar10_images(split, data_dir, download=False)[images]
    if study == "digits":
        return (255 * (1 - digits.digits().images[digits.HELDOUT][images])).astype(np.uint8)
    return None


def _uri(pixels: NDArray[np.uint8]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
