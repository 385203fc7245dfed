"""Dealing answers out without replacement."""

import numpy as np
from numpy.typing import NDArray


def dealt(rng: np.random.Generator, pooled: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """(..., k) so many of each of the pooled answers, (...) in all: multivariate hypergeometric, answer by answer."""
    drawn, left = np.zeros_like(pooled), pooled.sum(-1)
    for answer in range(pooled.shape[-1]):
        left = left - pooled[..., answer]
        drawn[..., answer] = rng.hypergeometric(pooled[..., answer], left, wanted)
        wanted = wanted - drawn[..., answer]
    return drawn
