"""``same-eyes data``: where the data sets are."""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate

from .. import data

HELP = "where the data sets are, their licences and citations"
EXAMPLE = "same-eyes data fetch"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "action", nargs="?", choices=("show", "fetch"), default="show", help="fetch: get what is missing"
    )
    parser.add_argument("--data-dir", type=Path, help="folder to search first")


def run(asked: argparse.Namespace) -> int:
    if asked.action == "fetch":
        data.fetch(asked.data_dir)
    rows = []
    broken = 0
    for source, found, fault in data.status(asked.data_dir):
        broken += bool(fault)
        rows.append([source.name, str(found) if found else "missing", fault or "", source.licence])
    print(tabulate(rows, ["data", "found in", "fault", "licence"], maxcolwidths=[None, 60, 40, 30]))
    print("\nCite:")
    for source, *_ in data.status(asked.data_dir):
        print(f"  {source.name}: {source.citation}\n    from {source.url}")
    print("\nSearched, in this order:", *map(str, data.search_places(asked.data_dir)), sep="\n  ")
    if any(row[1] == "missing" for row in rows):
        print("\nGet what is missing with: same-eyes data fetch")
    return int(broken > 0)
