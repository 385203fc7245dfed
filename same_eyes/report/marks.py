"""Small interval plots: a number with its interval, over the range that is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

WIDE, HIGH, EDGE = 180, 24, 6  # of the drawing, and the room at its ends, in its own units


class Scale(NamedTuple):
    """The numbers at the two ends of an axis."""

    low: float
    high: float

    def x(self, value: float | None, otherwise: float) -> float:
        """Where a number lies on the drawing; ``otherwise`` for None, an end without bound."""
        if value is None:
            return otherwise
        part = (value - self.low) / (self.high - self.low)
        return round(EDGE + (WIDE - 2 * EDGE) * min(1.0, max(0.0, part)), 1)


def scale(cases: Sequence[Mapping[str, Any]]) -> Scale | None:
    """One axis for all cases of a claim: zero, their intervals and the finite ends of what is allowed.

    Zero is left out where all numbers are far from it, as accuracies are; None where nothing was measured.
    """
    ends = [case[end] for case in cases for end in ("low", "high", "measured")]
    ends += [_printed(case) for case in cases]
    ends += [end for case in cases if case["measured"] is not None for end in case.get("bounds", ())]
    known = [end for end in ends if end is not None]
    if all(case["measured"] is None for case in cases):
        return None
    low, high = min(known), max(known)
    if min(abs(low), abs(high)) <= high - low:  # zero is near: show it
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * (high - low) or max(0.05 * abs(low), 1e-6)
    return Scale(low - room, high + room)


def interval(case: Mapping[str, Any], axis: Scale | None, among: Sequence[Mapping[str, Any]] = ()) -> Markup:
    """Dot and whiskers of one case, over its allowed band; the number beside it says the same in words.

    The cases ``among`` which it is are small strokes, where they are all allowed the same.
    """
    if axis is None or case["measured"] is None:
        return Markup("")
    low, high = case.get("bounds", (None, None))
    parts: list[str] = []
    if low is not None or high is not None:
        left, right = axis.x(low, 0), axis.x(high, WIDE)
        parts.append(f'<rect class="band" x="{left:g}" y="2" width="{right - left:g}" height="{HIGH - 4}" rx="2"/>')
    if axis.low < 0 < axis.high:
        zero = axis.x(0.0, 0)
        parts.append(f'<path class="zero" d="M{zero:g} 1V{HIGH - 1}"/>')
    middle = HIGH / 2
    if all(other["bounds"] == case["bounds"] for other in among):
        places = sorted({axis.x(other["measured"], 0) for other in among if other["measured"] is not None})
        parts += [f'<path class="other" d="M{place:g} {middle - 5:g}v10"/>' for place in places]
    printed = _printed(case)
    if printed is not None:
        paper = axis.x(printed, 0)
        parts.append(f'<path class="paper" d="M{paper:g} {middle - 5:g}l5 5l-5 5l-5 -5z"/>')
    ends = [axis.x(case[end], axis.x(case["measured"], 0)) for end in ("low", "high")]
    parts.append(f'<path class="whisker" d="M{ends[0]:g} {middle:g}H{ends[1]:g}"/>')
    parts.append(f'<circle class="dot" cx="{axis.x(case["measured"], 0):g}" cy="{middle:g}" r="4"/>')
    drawing = (
        f'<svg class="mini" viewBox="0 0 {WIDE} {HIGH}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )
    return Markup(drawing)  # numbers only: nothing of it comes from a name


def _printed(case: Mapping[str, Any]) -> float | None:
    """The paper's number, where it is the number measured: its own, or the middle of what is allowed around it."""
    if case.get("check") == "close":
        return sum(case["bounds"]) / 2
    paper = case.get("paper")
    return paper if isinstance(paper, float) else None
