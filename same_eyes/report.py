"""The closing table: one row a claim, on the terminal and as report.json and report.md."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tabulate import tabulate

from .claims import Case, Claim, headline, interval_text
from .store import replace_file

if TYPE_CHECKING:
    from .plugin import Session


def rows(session: Session) -> list[dict[str, Any]]:
    """One row a claim whose test was selected, in the numbering of the study's sentences."""
    by_claim: dict[str, list[Case]] = {}
    for case in session.record:
        by_claim.setdefault(case.claim.id, []).append(case)
    ordered = sorted(by_claim.values(), key=lambda cases: _order(cases[0].claim))
    return [_row(cases) for cases in ordered]


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
            row["verdict"] + (f" ({row['tally']})" if len(row["cases"]) > 1 else ""),
        ]
        for row in found
    ]
    widths = [max(4, round(share * max(width, 120))) for share in COLUMNS.values()]
    text = tabulate(table, list(COLUMNS), maxcolwidths=widths, disable_numparse=True)
    counts = Counter(row["verdict"] for row in found)
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    note = "\nThe people of this study are simulated: no claim of the paper was checked." if session.simulated else ""
    return f"{text}\n\n{len(found)} claims: {total}{note}"


def write(folder: Path, session: Session) -> None:
    """Write report.json and report.md, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    found = rows(session)
    content = {
        "study": session.name,
        "simulated": session.simulated,
        "recipe": session.runset.recipe,
        "runs": session.runset.name,
        "machines": session.runset.stored(),
        "replicates": session.replicates,
        "claims": found,
    }
    replace_file(folder / "report.json", (json.dumps(_plain(content), indent=1) + "\n").encode())
    text = f"# same-eyes: {session.name}, {session.runset.describe()}\n\n" + _markdown(found, session)
    replace_file(folder / "report.md", text.encode())


def _row(cases: list[Case]) -> dict[str, Any]:
    claim, worst = cases[0].claim, headline(cases)
    good = sum(case.verdict == "reproduced" for case in cases)
    return {
        "id": claim.id,
        "number": claim.number,
        "reading": claim.reading,
        "says": claim.says,
        "where": claim.where,
        "paper": worst.paper,
        "measured": worst.measured,
        "low": worst.low,
        "high": worst.high,
        "shown": "" if np.isnan(worst.measured) else interval_text(worst),
        "allowed": worst.allowed,
        "verdict": worst.verdict,
        "tally": f"{good} of {len(cases)}",
        "why": claim.why,
        "cases": [
            {
                "name": case.name,
                "paper": case.paper,
                "measured": case.measured,
                "low": case.low,
                "high": case.high,
                "allowed": case.allowed,
                "verdict": case.verdict,
                "note": case.note,
            }
            for case in cases
        ],
    }


def _markdown(found: list[dict[str, Any]], session: Session) -> str:
    table = [
        [
            r["number"],
            r["says"],
            r["reading"],
            r["where"],
            r["paper"],
            r["shown"],
            r["allowed"],
            r["verdict"],
            r["tally"],
        ]
        for r in found
    ]
    header = ["#", "claim", "reading", "where", "paper", "here [95 %]", "allowed", "verdict", "cases"]
    text = tabulate(table, header, tablefmt="github", disable_numparse=True) + "\n"
    for row in found:
        bad = [case for case in row["cases"] if case["verdict"] != "reproduced"]
        if bad:
            text += f"\n## {row['number']}. {row['says']} ({row['reading']})\n\nAllowed because: {row['why']}.\n\n"
            shown = [
                [
                    c["name"],
                    c["paper"],
                    "" if np.isnan(c["measured"]) else f"{c['measured']:.4g} [{c['low']:.4g}, {c['high']:.4g}]",
                    c["verdict"],
                    c["note"],
                ]
                for c in bad
            ]
            text += tabulate(shown, ["case", "paper", "here", "verdict", "note"], tablefmt="github") + "\n"
    return text + ("\nThe people of this study are simulated: no claim was checked.\n" if session.simulated else "")


def _order(claim: Claim) -> tuple[float, str, str]:
    digits = "".join(c for c in claim.number if c.isdigit())
    return (float(digits) if digits else np.inf, claim.number, claim.reading)


def _plain(value: Any) -> Any:
    """NaN as null, which JSON has."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
