"""The closing table: one row a claim, on the terminal and in every file of a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from tabulate import tabulate

from ..claims import Case, headline, interval_text
from ..family import holm_pvalues, line

if TYPE_CHECKING:
    from ..plugin import Session


def rows(session: Session) -> list[dict[str, Any]]:
    """One row a claim whose test was selected, in the numbering of the study's sentences."""
    by_claim: dict[str, list[Case]] = {}
    for case in session.record:
        by_claim.setdefault(case.claim.id, []).append(case)
    ordered = sorted(by_claim.values(), key=lambda cases: cases[0].claim.order)
    adjusted = holm_pvalues(session.record)
    return [_row(cases, adjusted.get(cases[0].claim.id, np.nan)) for cases in ordered]


# Of the closing table's columns, the share of the line that each may take.
COLUMNS = {"#": 0.02, "claim": 0.28, "where": 0.1, "paper": 0.15, "here [95 %]": 0.14, "allowed": 0.12, "verdict": 0.12}


def closing_table(session: Session, width: int = 160) -> str:
    """The rows as text of about so many characters a line, and how many ended how."""
    found = rows(session)
    table = [
        [
            row["number"],
            row["says"] + (f" [{row['reading']}]" if row["reading"] != "as reported" else ""),
            row["where"],
            row["paper"],
            row["shown"],
            row["allowed"],
            row["verdict"]
            + (f" ({row['tally']})" if len(row["cases"]) > 1 else "")
            + ("" if np.isnan(row["holm_p"]) else f", Holm p = {row['holm_p']:.2g}"),
        ]
        for row in found
    ]
    widths = [max(4, round(share * max(width, 120))) for share in COLUMNS.values()]
    text = tabulate(table, list(COLUMNS), maxcolwidths=widths, disable_numparse=True)
    counts = Counter(row["verdict"] for row in found)
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    note = "The people of this study are simulated: no claim of the paper was checked." if session.simulated else ""
    below = [line(session.record), f"{len(found)} claims: {total}", note]
    return "\n".join([text, "", *filter(None, below)])


def _row(cases: list[Case], holm_p: float) -> dict[str, Any]:
    claim, worst = cases[0].claim, headline(cases)
    good = sum(case.verdict == "reproduced" for case in cases)
    return {
        "id": claim.id,
        "number": claim.number,
        "reading": claim.reading,
        "says": claim.says,
        "where": claim.where,
        "topic": claim.topic,
        "paper": worst.paper,
        "measured": worst.measured,
        "low": worst.low,
        "high": worst.high,
        "shown": _shown(worst),
        "allowed": worst.allowed,
        "verdict": worst.verdict,
        "held": good,
        "tally": f"{good} of {len(cases)}",
        "holm_p": holm_p,
        "reason": worst.reason,
        "reasons": list(dict.fromkeys(case.reason for case in cases if case.reason)),
        "why": claim.why,
        "noted": any(case.note for case in cases),
        "cases": [
            {
                "name": case.name,
                "paper": case.paper,
                "measured": case.measured,
                "low": case.low,
                "high": case.high,
                "shown": _shown(case),
                "bounds": case.bounds,
                "allowed": case.allowed,
                "check": case.check,
                "verdict": case.verdict,
                "runs": case.runs,
                "headline": case is worst,
                "p": case.p,
                "note": case.note,
                "reason": case.reason,
            }
            for case in cases
        ],
    }


def _shown(case: Case) -> str:
    return "" if np.isnan(case.measured) else interval_text(case)
