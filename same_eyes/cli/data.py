"""``same-eyes data``: where the data sets are."""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate

from .. import data
from ..types import BadInput

HELP = "where the data sets are, their licences and citations"
EXAMPLE = "same-eyes data fetch"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "action", nargs="?", choices=("show", "fetch"), default="show", help="fetch: get what is missing"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to fetch; default: all that is not optional")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")


def run(asked: argparse.Namespace) -> int:
    known = [source.name for source in data.SOURCES]
    if unknown := [name for name in asked.names if name not in known]:
        raise BadInput(f"no data {', '.join(unknown)}; there are {', '.join(known)}.")
    if asked.action == "fetch":
        data.fetch(asked.data_dir, asked.names)
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
    missing = [source for source, found, _ in data.status(asked.data_dir) if not found]
    if any(not source.optional for source in missing):
        print("\nGet what is missing with: same-eyes data fetch")
    for source in missing:
        if source.optional:
            print(f"\nOptional, for {source.needed_for}: same-eyes data fetch {source.name}")
    return int(broken > 0)
