"""``report.md``: the verdicts and the figures, as a page that a repository shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

LONG = 40  # rows: a longer table beside the claims is left to the other files
COLUMNS = {
    "#": "number",
    "claim": "says",
    "reading": "reading",
    "where": "where",
    "paper": "paper",
    "here [95 %]": "shown",
    "allowed": "allowed",
    "verdict": "verdict",
    "cases": "tally",
}


def text(found: Mapping[str, Any]) -> str:
    """The report as Markdown; figures are linked by their names, so that the file must lie beside them."""
    parts = [f"# same-eyes: {found['study']}, {found['describe']}", _counts(found)]
    if found["simulated"]:
        parts.append("The people of this study are simulated: no claim was checked.")
    parts.append(_table([[row[each] for each in COLUMNS.values()] for row in found["claims"]], list(COLUMNS)))
    for figure in found["figures"]:
        parts += [f"## Figure {figure['number']}", f"![{_cell(figure['alt'])}]({figure['name']}.svg)"]
    parts += [f"*Left out: {_cell(line)}*" for line in found["left_out"]]
    for part in found["sections"]:
        parts += [f"## {_cell(part['title'])}", _cell(part["words"])]
        for table in part["tables"]:
            shown = [[cell["shown"] if isinstance(cell, Mapping) else cell for cell in row] for row in table["rows"]]
            long = f"{len(shown)} rows, which report.html and report.json hold."
            parts += [f"### {_cell(table['title'])}", _table(shown, table["columns"]) if len(shown) <= LONG else long]
    for row in found["claims"]:
        bad = [case for case in row["cases"] if case["verdict"] != "reproduced"]
        if bad:
            parts += _deviating(row, bad)
    return "\n\n".join(parts) + "\n"


def _counts(found: Mapping[str, Any]) -> str:
    total = ", ".join(f"{count} {verdict}" for verdict, count in found["counts"].items() if count)
    return f"{len(found['claims'])} claims: {total}."


def _deviating(row: Mapping[str, Any], bad: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is said of a claim of which a case does not reproduce."""
    parts = [f"## {row['number']}. {_cell(row['says'])} ({row['reading']})", f"Allowed because: {_cell(row['why'])}."]
    parts += [f"Known deviation: {_cell(reason)}." for reason in row["reasons"]]
    shown = [
        [case["name"], case["paper"], case["shown"], case["allowed"], case["verdict"], case["note"]] for case in bad
    ]
    return [*parts, _table(shown, ["case", "paper", "here [95 %]", "allowed", "verdict", "note"])]


def _table(rows: Sequence[Sequence[Any]], header: Sequence[str]) -> str:
    return tabulate([[_cell(each) for each in row] for row in rows], header, tablefmt="github", disable_numparse=True)


def _cell(value: Any) -> str:
    """Text that stays text: a name may hold what Markdown or HTML would read as its own."""
    text = " ".join(str(value).split())
    for character, instead in {
        "&": "&amp;",
        "<": "&lt;",
        "|": "\\|",
        "[": "\\[",
        "]": "\\]",
        "*": "\\*",
        "`": "\\`",
    }.items():
        text = text.replace(character, instead)
    return text
