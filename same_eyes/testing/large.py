"""A made-up study of any size, written to disk one classifier at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..large import LargeStudy, write_study

ERRORS = (0.15, 0.35)  # the least and the greatest share of wrong answers
TRAPPED = 0.5  # of the wrong answers, how many are the one that suggests itself


def synthetic_study(
    folder: Path, images: int, machines: int, classes: int, *, people: int = 3, seed: int = 0, progress: bool = False
) -> LargeStudy:
    """People and machines who find the same images hard, and are half of the time misled into the same mistake.

    Somebody whose share of errors is e errs on an image with probability 2 e u, u the image's difficulty, uniform in
    [0, 1]; a mistake is with probability 1/2 the wrong answer that this image suggests, and else any. A machine's
    confidence is its probability to be right, but for noise.

    Parameters
    ----------
    folder : Path
    images, machines, classes, people : int
        The sizes n, m, k and r; at least two classes.
    seed : int
        The same seed gives the same study; machine j is the same however many there are.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LargeStudy
    """
    rng = np.random.default_rng((seed, 0))
    truth = rng.integers(classes, size=images, dtype=np.int32)
    difficulty = rng.random(images, dtype=np.float32)
    tempting = _another(truth, classes, rng)

    def answers() -> Iterator[tuple[NDArray[np.int32], NDArray | None]]:
        for kind, number in ((1, people), (2, machines)):
            for j in range(number):
                rng = np.random.default_rng((seed, kind, j))
                risk = 2 * np.float32(rng.uniform(*ERRORS)) * difficulty
                wrong = np.flatnonzero(rng.random(images, dtype=np.float32) < risk)
                trapped = rng.random(len(wrong), dtype=np.float32) < TRAPPED
                labels = truth.copy()
                labels[wrong] = np.where(trapped, tempting[wrong], _another(truth[wrong], classes, rng))
                noise = rng.random(images, dtype=np.float32) - np.float32(0.5)
                confidence = np.clip(1 - risk + noise / 5, 1 / classes, 1)
                yield labels, confidence if kind == 2 else None

    names = [f"Human {j + 1}" for j in range(people)], [f"Machine {j + 1}" for j in range(machines)]
    return write_study(folder, truth, classes, *names, answers(), progress=progress)


def _another(truth: NDArray[np.int32], classes: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Some other class for each image, all alike."""
    return (truth + rng.integers(1, classes, size=len(truth), dtype=np.int32)) % classes
