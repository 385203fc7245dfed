"""Gains of a team: over whom, and how much of what was possible.

    from the original   team - original machine
    over the better     team - max(original, partner)
    realised share      (team - better) / (oracle - better)

The study, Section 4, Figures 5 and 7. Its tables mix the first two (machine partners are measured from the better
member, the people's majority from the original machine), which no single baseline explains; so both are
always reported.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _finite


class Gains(NamedTuple):
    """What a team gains on the original machine, and on its better member; each (...) float."""

    from_original: NDArray[np.float64]
    over_better: NDArray[np.float64]


def gains(team: ArrayLike, original: ArrayLike, partner: ArrayLike) -> Gains:
    """Gains of a team over its members.

    Parameters
    ----------
    team, original, partner : (...) float
        Accuracies of the team, of the machine it starts from, and of its partner; they broadcast.

    Returns
    -------
    Gains
        In the unit of the accuracies. Where the partner is the better member, `over_better` is the smaller.

    Examples
    --------
    The study's CE with the majority of three people: +12.17 as printed.

    >>> print("from original {:.2f}, over better {:.2f}".format(*gains(97.13, 84.96, 90.97)))
    from original 12.17, over better 6.16
    """
    team, original = np.asarray(team, dtype=np.float64), np.asarray(original, dtype=np.float64)
    return Gains(team - original, team - np.maximum(original, partner))


def realised_share(team: ArrayLike, original: ArrayLike, partner: ArrayLike, oracle: ArrayLike) -> NDArray[np.float64]:
    """Share of the oracle's gain over the better member that the team realises.

    Parameters
    ----------
    team, original, partner, oracle : (...) float
        Accuracies; they broadcast.

    Returns
    -------
    (...) float
        At most 1 for a team that picks one of its members' answers, negative where the team is worse than its
        better member; NaN where the oracle gains nothing.

    Examples
    --------
    >>> round(float(realised_share(0.9, 0.85, 0.8, 0.95)), 9)
    0.5
    """
    over_better = gains(team, original, partner).over_better
    return _finite.divide(over_better, gains(oracle, original, partner).over_better)
