"""``same-eyes report``: every claim with its interval, as a page, as data and as figures."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import studies
from ._suite import benchmark

HELP = "every claim with its interval and verdict: report.html, .md, .json, junit.xml, tables.tex, Figures 2 to 7"
EXAMPLE = "same-eyes report --report here"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--study",
        metavar="NAME|DIR",
        help=f"{', '.join(studies.NAMES)}, or a folder with a study of your own; default: cifar10n where it is",
    )
    parser.add_argument(
        "--report", type=Path, default=Path("report"), metavar="DIR", help="where to (default: report/)"
    )


def run(asked: argparse.Namespace) -> int:
    study = ["--study", asked.study] if asked.study else []
    return benchmark("--report", str(asked.report.resolve()), *study)
