r"""``tables.tex``: Table 1, the claims and Figure 7's matrices as LaTeX tables, to be read with ``\input``.

They ask for the packages ``array``, ``booktabs``, ``graphicx`` and ``longtable``; a name outside Latin script asks for
LuaLaTeX or XeLaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

HEAD = r"""% Written by same-eyes {version}: study {study}, {describe}.
% In the preamble: \usepackage{{array,booktabs,graphicx,longtable}}
"""
WIDTHS = {"#": 0.03, "claim": 0.25, "where": 0.11, "paper": 0.13, "here [95 %]": 0.12, "allowed": 0.11, "verdict": 0.14}
SIGNS = {r"\ensuremath{<}=": r"$\le$", r"\ensuremath{>}=": r"$\ge$", "+-": r"$\pm$"}  # as tabulate leaves them


def tables(found: Mapping[str, Any]) -> str:
    """All tables, each with its caption and label."""
    parts = [HEAD.format_map(found)]
    if found["accuracies"]:
        parts.append(_accuracies(found))
    parts.append(_claims(found))
    for mode in found["gains"]:
        parts.append(
            _gains(mode, "here", [[_points(cell and cell["measured"]) for cell in row] for row in mode["here"]])
        )
        if mode["paper"]:
            parts.append(_gains(mode, "paper", [[_points(cell) for cell in row] for row in mode["paper"]]))
    return "\n".join(parts)


def _accuracies(found: Mapping[str, Any]) -> str:
    body = [
        [row["name"], _percent(row["paper"], 1), _percent(row["measured"]), _percent(row["low"]), _percent(row["high"])]
        for row in found["accuracies"]
    ]
    table = _table(body, ["", "paper, %", "here, %", "from", "to"], "lrrrr")
    caption = f"Accuracy on {found['images']:,} held-out images; 95 % intervals."
    return _float(table, caption, "tab:accuracies")


def _claims(found: Mapping[str, Any]) -> str:
    body = []
    for row in found["claims"]:
        verdict = f"{row['verdict']} ({row['tally']})" if len(row["cases"]) > 1 else row["verdict"]
        says = f"{row['says']} ({row['reading']})"
        body.append([row["number"], says, row["where"], row["paper"], row["shown"], row["allowed"], verdict])
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{width}\linewidth}}" for width in WIDTHS.values())
    table = _table(body, list(WIDTHS), f"@{{}}{columns}@{{}}").replace("{tabular}", "{longtable}")
    caption = (
        rf"\caption{{{_escaped('Each sentence of the study that numbers can contradict.')}}}\label{{tab:claims}}\\"
    )
    table = table.replace("\\toprule", caption + "\n\\toprule", 1).replace("\\midrule", "\\midrule\n\\endhead", 1)
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n{table}}}\n"


def _gains(mode: Mapping[str, Any], whose: str, cells: Sequence[Sequence[str]]) -> str:
    body = [[name, *row] for name, row in zip(mode["rows"], cells, strict=True)]
    table = _upright(_table(body, ["", *mode["columns"]], "l" + "r" * len(mode["columns"])))
    caption = f"What a partner (column) adds to a machine (row), points of accuracy; {mode['mode']}, {whose}."
    table = "\\resizebox{\\linewidth}{!}{%\n" + table.rstrip() + "}\n"
    return _float(table, caption, f"tab:gains-{mode['mode'].split(',')[0]}-{whose}")


def _table(body: Sequence[Sequence[str]], header: Sequence[str], columns: str) -> str:
    """A booktabs table; tabulate escapes what LaTeX would read as its own."""
    plain = [[" ".join(str(cell).split()) for cell in row] for row in body]
    table = tabulate(plain, header, tablefmt="latex_booktabs", disable_numparse=True)
    for written, sign in SIGNS.items():
        table = table.replace(written, sign)
    return table.replace("{" + "l" * len(header) + "}", f"{{{columns}}}", 1) + "\n"


def _upright(table: str) -> str:
    """The table with its names of columns turned, so that columns are as narrow as their numbers."""
    before, header, after = re.split(r"(?<=\\toprule\n)(.*)(?=\\\\\n\\midrule)", table, maxsplit=1)
    first, *names = re.split(r"(?<!\\)&", header)
    return before + " & ".join([first.strip(), *(rf"\rotatebox{{90}}{{{name.strip()}}}" for name in names)]) + after


def _float(table: str, caption: str, label: str) -> str:
    named = f"\\caption{{{_escaped(caption)}}}\\label{{{label}}}"
    return f"\\begin{{table}}\n\\centering\n{named}\n{table}\\end{{table}}\n"


def _escaped(text: str) -> str:
    """A caption, whose words are ours: only these two signs occur in them."""
    return text.replace("%", r"\%").replace("&", r"\&")


def _percent(share: float | None, digits: int = 2) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}"


def _points(gain: float | None) -> str:
    return "" if gain is None else f"{100 * gain:.1f}"
