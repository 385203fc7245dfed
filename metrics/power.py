"""Power: how many images does it take to tell two classifiers apart?

    power  = Φ(|d| √n / s - z) + Φ(-|d| √n / s - z),   z = Φ⁻¹(1 - alpha / 2)
    images = ((z + Φ⁻¹(power)) s / d)²

for a difference d of two numbers of the same n images, tested two-sided by a normal approximation. s is the standard
deviation of what one image adds to the difference: √n times its standard error. Whatever has a bootstrap has an s
(error consistency, a team's gain); for two accuracies it follows from them and their error consistency κ:

    s² = D - d²,   D = (1 - κ) (a + b - 2 a b), the share of images that one of the two is right on

Two who err on the same images are told apart by far fewer of them. Cohen, Statistical Power Analysis, 1988; for
McNemar's test (s² = D - d²) Connor, Biometrics 43, 1987.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from . import _finite


def comparison_power(difference: ArrayLike, sd: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> NDArray[np.float64]:
    """The chance that a difference is found on so many images.

    Parameters
    ----------
    difference : (...) float
        The true difference.
    sd : (...) float
        Standard deviation of what one image adds to it, not negative.
    n : (...) float
        Images.
    alpha : float
        Significance level of the two-sided test.

    Returns
    -------
    (...) float
        In [alpha, 1]; without any spread 1 where there is a difference, and alpha where there is none.

    Examples
    --------
    >>> round(float(comparison_power(0.01, 0.4, 10_000)), 3)
    0.705
    """
    difference, sd, n = (np.asarray(each, dtype=np.float64) for each in (difference, sd, n))
    size, z = np.abs(difference) * np.sqrt(n), ndtri(1 - alpha / 2)
    errors = np.where(sd > 0, _finite.divide(size, sd), np.where(size > 0, np.inf, 0.0) + 0 * sd)
    return ndtr(errors - z) + ndtr(-errors - z)


def images_needed(
    difference: ArrayLike, sd: ArrayLike, *, alpha: float = 0.05, power: float = 0.8
) -> NDArray[np.float64]:
    """How many images find a difference with a given power.

    Parameters
    ----------
    difference, sd, alpha
        As in `comparison_power`.
    power : float
        The chance of finding it, in (alpha, 1).

    Returns
    -------
    (...) float
        Whole numbers, at least 1; infinite for no difference.

    Examples
    --------
    >>> images_needed([0.02, 0.01, 0.0], 0.4).tolist()
    [3140.0, 12559.0, inf]
    """
    difference, sd = np.asarray(difference, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    errors = ndtri(1 - alpha / 2) + ndtri(power)
    ratio = np.where(difference == 0, np.inf + 0 * sd, _finite.divide(sd, np.abs(difference)))
    return np.maximum(np.ceil((errors * ratio) ** 2), 1)


def detectable_difference(
    sd: ArrayLike, n: ArrayLike, *, alpha: float = 0.05, power: float = 0.8
) -> NDArray[np.float64]:
    """The smallest difference that so many images find with a given power.

    Parameters
    ----------
    sd, n, alpha, power
        As in `images_needed`.

    Returns
    -------
    (...) float
        NaN without images.

    Examples
    --------
    >>> round(float(detectable_difference(0.4, 10_000)), 4)
    0.0112
    """
    sd, n = np.asarray(sd, dtype=np.float64), np.asarray(n, dtype=np.float64)
    return (ndtri(1 - alpha / 2) + ndtri(power)) * _finite.divide(sd, np.sqrt(n))


def accuracy_difference_sd(first: ArrayLike, second: ArrayLike, consistency: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Standard deviation of what one image adds to the difference of two accuracies.

    Parameters
    ----------
    first, second : (...) float
        The two accuracies.
    consistency : (...) float
        Their error consistency; 0 for independent errors.

    Returns
    -------
    (...) float
        NaN where no two classifiers have these accuracies and this consistency.

    Examples
    --------
    >>> accuracy_difference_sd(0.85, 0.86, [0.0, 0.6]).round(3).tolist()
    [0.498, 0.315]
    """
    first, second, consistency = (np.asarray(each, dtype=np.float64) for each in (first, second, consistency))
    apart = (1 - consistency) * (first + second - 2 * first * second)
    least, most = np.abs(first - second), 1 - np.abs(first + second - 1)
    possible = (apart > least - 1e-9) & (apart < most + 1e-9)
    variance = np.maximum(apart - (first - second) ** 2, 0)
    return np.where(possible, np.sqrt(variance), np.nan)[()]
