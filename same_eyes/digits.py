"""The embedded study: scikit-learn's handwritten digits and simulated annotators. No network.

1,797 images of 8 x 8 pixels: the test part of the UCI "Optical Recognition of Handwritten Digits"
(Alpaydin & Kaynak 1998, CC BY 4.0), which scikit-learn ships. The first 1,000 images, in
scikit-learn's order, are trained on; the other 797 are held out. Both hold all ten digits about
equally often.

Nobody labelled these images for us: the annotators are a model, and a study of them says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from same_eyes.types import Annotators, BadInput

TRAIN, HELDOUT = slice(0, 1000), slice(1000, 1797)
CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, eq=False)
class Digits:
    """The digits: ``images`` (1797, 8, 8) float32, ink from 0 (none) to 1; ``truth`` (1797,) int64."""

    images: NDArray[np.float32]
    truth: NDArray[np.int64]


def digits() -> Digits:
    """The digits in scikit-learn's order; ``TRAIN`` and ``HELDOUT`` are the study's two parts.

    Examples
    --------
    >>> data = digits()
    >>> data.images[TRAIN].shape, data.truth[HELDOUT].shape
    ((1000, 8, 8), (797,))
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, truth = (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)
    for array in (images, truth):
        array.setflags(write=False)
    return Digits(images, truth)


def error_model(
    images: ArrayLike, truth: ArrayLike, *, rate: float = 0.18
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How likely a simulated annotator errs on each image, and toward which class.

    Let d_c be an image's Euclidean distance to the mean image of class c, y its true class, and
    m = min over c != y of d_c, minus d_y, its margin: small or negative where it looks like another
    class. With s the margins' standard deviation over the images,

        P(error)               = 1 / (1 + exp((m - b) / s)), with b such that its mean is ``rate``
        P(answer c | error)    proportional to exp(-2 d_c / s), c != y

    With ``rate`` 0.18 on the digits the scales s and s / 2 give simulated annotators what CIFAR-10N's
    people have: errors of two raters that correlate by 0.14 (people: 0.13), and two raters who both
    err give the same wrong answer in 41 % of cases (people: 39 %).

    Parameters
    ----------
    images : (n, ...) float
    truth : (n,) int
        Classes 0 to k - 1; each occurs.
    rate : float
        The mean chance of an error, above 0 and below 1.

    Returns
    -------
    chance : (n,) float
        P(error) of each image.
    toward : (n, k) float
        P(answer | error); 0 at the true class, rows sum to 1.

    Raises
    ------
    BadInput
        Different lengths, a class without images or only one class, a rate outside (0, 1).
    """
    from scipy.optimize import brentq
    from scipy.special import expit, softmax

    images, truth = np.asarray(images, np.float64), np.asarray(truth)
    if len(images) != len(truth):
        raise BadInput(f"{len(images)} images but {len(truth)} true classes.")
    if not 0 < rate < 1:
        raise BadInput(f"the rate of mistakes must lie above 0 and below 1, got {rate}.")
    frequency = np.bincount(truth)
    if len(frequency) < 2 or not frequency.all():
        raise BadInput(f"each of at least two classes needs an image, but they have {frequency.tolist()}.")
    pixels = images.reshape(len(images), -1)
    means = np.stack([pixels[truth == c].mean(0) for c in range(len(frequency))])
    distance = np.linalg.norm(pixels[:, None] - means, axis=2)
    right = truth[:, None] == np.arange(len(frequency))
    others = np.where(right, np.inf, distance)
    margin = others.min(1) - distance[right]
    scale = margin.std() or 1.0  # 1: all images alike
    wide = 40 * scale  # beyond it every chance is 0 or 1
    b = brentq(lambda b: expit((b - margin) / scale).mean() - rate, margin.min() - wide, margin.max() + wide)
    return expit((b - margin) / scale), softmax(-2 * others / scale, axis=1)


def simulate_annotators(
    images: ArrayLike, truth: ArrayLike, *, raters: int = 3, rate: float = 0.18, seed: int
) -> Annotators:
    """Annotators whose mistakes depend on the image, by ``error_model``.

    Given the image they err independently of each other; images that look like another class mislead
    them all. They have no working times.

    Parameters
    ----------
    images : (n, ...) float
    truth : (n,) int
        Classes 0 to k - 1; each occurs.
    raters : int
    rate : float
        The mean chance of a mistake.
    seed : int

    Returns
    -------
    Annotators
        Labels (n, raters), named "Simulated 1" and so on.

    Raises
    ------
    BadInput
        As ``error_model``.

    Examples
    --------
    >>> data = digits()
    >>> people = simulate_annotators(data.images, data.truth, seed=0)
    >>> people.names
    ('Simulated 1', 'Simulated 2', 'Simulated 3')
    """
    truth = np.asarray(truth)
    chance, toward = error_model(images, truth, rate=rate)
    rng = np.random.default_rng(seed)
    errs = rng.random((raters, len(truth))) < chance
    draw = rng.random((raters, len(truth), 1))
    cumulative = toward.cumsum(1)
    wrong = (draw >= cumulative / cumulative[:, -1:]).sum(2)  # inverse of the distribution function
    labels = np.where(errs, wrong, truth).T
    return Annotators(labels, classes=toward.shape[1], names=[f"Simulated {j + 1}" for j in range(raters)])
