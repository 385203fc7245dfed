"""Where the user's own machines stand, as data for every report and as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from .claims import SEVERITY, Case
from .measure.standing import rank, rows

if TYPE_CHECKING:
    from .plugin import Session


def content(session: Session) -> list[dict[str, Any]]:
    """One entry for each machine of the user's own that has predictions.

    Returns
    -------
    list of dict
        ``name``; ``labels only``; ``rank``: place, low, high, among, ties; ``rows``: what, partner, value, low, high;
        and ``claims``: number, reading, says and the machine's cases of it, with their verdicts.
    """
    own = session.runset.own
    if not own or not session.measured.knows_truth:
        return []
    return [_entry(session, name) for name in own if name in session.measured.machines]


def text(session: Session, width: int = 160) -> str:
    """The same as tables of about so many characters a line."""
    return "\n".join(_text(entry, session.simulated, width) for entry in content(session))


def _entry(session: Session, name: str) -> dict[str, Any]:
    measured = session.measured
    return {
        "name": name,
        "labels only": name not in measured.confident,
        "rank": rank(measured, name)._asdict(),
        "rows": [
            {"what": row.what, "partner": row.partner}
            | {end: getattr(row.estimate, end) for end in ("value", "low", "high")}
            for row in rows(measured, name)
        ],
        "claims": _claims(session.record, name),
    }


def _claims(record: Sequence[Case], name: str) -> list[dict[str, Any]]:
    """The claims that have cases of this machine, in the numbering of the study's sentences."""
    found: dict[str, dict[str, Any]] = {}
    for case in sorted(record, key=lambda case: case.claim.order):
        who = case.name.split(" vs ")
        if name not in who:
            continue
        claim = case.claim
        entry = {"id": claim.id, "number": claim.number, "reading": claim.reading, "says": claim.says, "cases": []}
        found.setdefault(claim.id, entry)["cases"].append(
            {
                "name": " vs ".join(part for part in who if part != name),
                "value": case.measured,
                "low": case.low,
                "high": case.high,
                "verdict": case.verdict,
                "note": case.note,
            }
        )
    return list(found.values())


def _text(entry: Mapping[str, Any], simulated: bool, width: int) -> str:
    own, place = entry["rows"][0], entry["rank"]
    among = f"rank {place['place']} of {place['among']} machines (between {place['low']} and {place['high']})"
    ties = f"not told from {', '.join(place['ties'])}" if place["ties"] else "told from every other"
    lines = [f"\nWhere {entry['name']} stands: right in {_shown(own)} of the images, {among}, {ties}."]
    table = [[row["what"], row["partner"], _shown(row)] for row in entry["rows"][1:]]
    lines += ["", tabulate(table, ["", "with", "here [95 %]"], disable_numparse=True)]
    if entry["labels only"]:
        lines += ["", "Only labels are known of it: nothing that asks how sure it is was measured."]
    if entry["claims"] and not simulated:
        claims = [[c["number"], f"{c['says']} [{c['reading']}]", _verdicts(c["cases"])] for c in entry["claims"]]
        widths = [4, round(0.5 * max(width, 120)), round(0.4 * max(width, 120))]
        header = ["#", f"claim, for {entry['name']}", "verdict"]
        lines += ["", tabulate(claims, header, maxcolwidths=widths, disable_numparse=True)]
    return "\n".join(lines)


def _verdicts(cases: Sequence[Mapping[str, Any]]) -> str:
    """How a claim's cases ended, the worst first; named where they did not all end alike."""
    parts = []
    for verdict in SEVERITY:
        ended = [case for case in cases if case["verdict"] == verdict]
        if not ended:
            continue
        names = ", ".join(case["name"] for case in ended if case["name"])
        notes = "; ".join(dict.fromkeys(case["note"] for case in ended)) if verdict == "not testable" else ""
        one = "" if len(ended) == len(cases) else names
        parts.append(
            f"{verdict}{f' ({len(ended)} of {len(cases)})' if len(cases) > 1 else ''}"
            + "".join(f": {more}" for more in (one, notes) if more)
        )
    return "; ".join(parts)


def _shown(row: Mapping[str, float]) -> str:
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
