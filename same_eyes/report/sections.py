"""What stands beside the claims: where the user's own machines are, and how much hangs on what the study leaves open.

A section is a title, a few words, and tables; a cell is text, or a number with its interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..measure import sensitivity


def standing_section(number: int, entry: Mapping[str, Any], simulated: bool) -> dict[str, Any]:
    """Where one machine of the user's own stands: an entry of :func:`same_eyes.standing.content`."""
    place = entry["rank"]
    ties = f"not told from {', '.join(place['ties'])}" if place["ties"] else "told from every other"
    words = (
        f"Rank {place['place']} of {place['among']} machines by accuracy (between {place['low']} and {place['high']}), "
        f"{ties}."
    )
    if entry["labels only"]:
        words += " Only labels are known of it: nothing that asks how sure it is was measured."
    found = [_table("In numbers", ["", "with", "here"], [[r["what"], r["partner"], _number(r)] for r in entry["rows"]])]
    if entry["claims"] and not simulated:
        judged = [
            [claim["number"], f"{claim['says']} ({claim['reading']})", case["name"], _number(case), case["verdict"]]
            for claim in entry["claims"]
            for case in claim["cases"]
        ]
        found.append(_table("Claims that have cases of it", ["#", "claim", "with", "here", "verdict"], judged))
    return {
        "name": f"own-{number}",
        "menu": entry["name"],
        "title": f"Where {entry['name']} stands",
        "words": words,
        "tables": found,
    }


def sensitivity_section(found: Sequence[sensitivity.Row]) -> dict[str, Any]:
    """Which claims would end otherwise under other choices: rows of :func:`same_eyes.measure.sensitivity.rows`."""
    moved = {row.claim for row in found if not row.stands}
    otherwise = [row for row in found if not row.stands or (row.varied == sensitivity.AS_IT_IS and row.claim in moved)]
    words = (
        f"{sensitivity.summary(found)} The claims' own tests under choices that the study leaves open, by the worst of "
        "the cases that moved; a claim stands where its verdict is what it is otherwise."
    )
    tables = [("Claims that end otherwise", otherwise), ("All claims that move", found)]
    return {
        "name": "sensitivity",
        "menu": "Other choices",
        "title": "How much hangs on what the study leaves open",
        "words": words,
        "tables": [_table(title, sensitivity.HEADER, sensitivity.table(rows)) for title, rows in tables if rows],
    }


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}


def _number(row: Mapping[str, Any]) -> dict[str, Any]:
    """A cell that is drawn as well as written."""
    value, low, high = (row[end] for end in ("value", "low", "high"))
    shown = "" if value != value else f"{value:.3f} [{low:.3f}, {high:.3f}]"  # NaN: not measured
    return {"shown": shown, "measured": value, "low": low, "high": high}
