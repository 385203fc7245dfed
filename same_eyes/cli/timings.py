"""``same-eyes timings``: did anything become slower?"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..types import BadInput

HELP = "compare two files of timings, and fail where ours became slower beside its peers"
EXAMPLE = "same-eyes timings before.json now.json --margin 0.25"

FACTS = ("device", "versions", "threads")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("before", type=Path, metavar="A.json", help="as pytest --benchmark-json wrote it")
    parser.add_argument("now", type=Path, metavar="B.json")
    parser.add_argument("--margin", type=float, default=0.25, help="share by which a ratio may grow (default: 0.25)")
    parser.set_defaults(bad_input=5)


def run(asked: argparse.Namespace) -> int:
    from .. import timings

    if not asked.margin >= 0:
        raise BadInput("--margin must be 0 or more.")
    before, now = timings.read(asked.before), timings.read(asked.now)
    rows = timings.compare(before, now, asked.margin)
    if rows:
        print(timings.table(rows))
    for fact in FACTS:
        if (old := before.machine.get(fact)) != (new := now.machine.get(fact)):
            print(f"\nAnother {fact}: {old} before, {new} now.")
    verdicts = [row.verdict for row in rows]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in timings.CODES if verdict in verdicts)
    code = timings.exit_code(rows)
    print(f"\n{len(rows)} ratios: {counts or 'nothing was timed'}. Exit code {code}.")
    return code
