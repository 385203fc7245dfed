"""Means over the values that exist: NaN where there are none, and no warning."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def divide(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Quotient, elementwise; what is divided by zero is NaN."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient[()]


def mean(values: ArrayLike, axis: int = -1, *, keepdims: bool = False) -> NDArray[np.float64]:
    """Mean of the finite values along an axis; NaN where there are none."""
    values = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(values)
    total = np.where(finite, values, 0.0).sum(axis, keepdims=keepdims)
    return divide(total, finite.sum(axis, keepdims=keepdims))
