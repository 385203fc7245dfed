"""``same-eyes power``: how many images it takes to tell two machines apart."""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate

from .. import studies
from ..method import RECIPES, available
from ..options import replicates
from ..places import leaf
from ..runset import RunSet
from ..types import BadInput

HELP = "how many images tell two machines apart, and whether the images at hand do"
EXAMPLE = "same-eyes power --difference 0.01 --quantity consistency"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--difference", type=float, default=0.01, metavar="D", help="the smallest that matters (default: 0.01)"
    )
    parser.add_argument(
        "--quantity",
        nargs="+",
        choices=("accuracy", "consistency", "gain"),
        default=("accuracy", "consistency", "gain"),
        metavar="QUANTITY",
        help="accuracy, consistency (with people), gain (by a person); default: all three",
    )
    parser.add_argument("--study", choices=tuple(studies.RECIPES), help="default: cifar10n where its labels are")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every spread")


def run(asked: argparse.Namespace) -> int:
    from ..measure import Measured
    from ..measure.power import MEANING, POWER, table

    if not asked.difference > 0:
        raise BadInput(f"--difference must be above 0, not {asked.difference:g}.")
    name = asked.study or studies.default(asked.data_dir)
    runset = RunSet.choose(name, available(), asked.recipe, asked.data_dir, asked.store)
    machines = runset.machines()
    if len(machines) < 2:
        missing = next(title for title in runset.names if title not in machines)
        raise BadInput(f"two machines are needed, {len(machines)} at hand: {runset.why_missing(missing)}")
    measured = Measured(studies.heldout(name, machines, asked.data_dir), asked.replicates)
    rows = table(measured, asked.difference, asked.quantity)
    if not rows:
        raise BadInput(f"no two machines at hand have a {' or '.join(asked.quantity)}: labels alone have no gain.")
    sizes = list(rows[0].images)
    power = f"{100 * POWER:.0f} %"
    print(f"Images that find a difference with a power of {power}, two-sided at 5 %: the median pair [least, most]\n")
    shown = [[row.quantity, *(_span(row.images[size]) for size in sizes)] for row in rows]
    print(tabulate(shown, ["quantity", *(f"{size:g}" for size in sizes)], tablefmt="github", disable_numparse=True))
    n = len(measured.study.truth)
    print(f"\nOn the {n:,} images at hand, where the smallest difference that matters is {asked.difference:g}:\n")
    here = [[row.quantity, f"{row.detectable:.4f}", row.pairs, *row.verdicts.values()] for row in rows]
    header = ["quantity", f"found at {power}", "pairs", *rows[0].verdicts]
    print(tabulate(here, header, tablefmt="github", disable_numparse=True))
    for row in rows:
        if row.verdicts["under-powered"]:
            print(
                f"\nUnder-powered: {row.verdicts['under-powered']} of {row.pairs} comparisons in {row.quantity} found "
                f"nothing, and would miss a difference of {asked.difference:g} more often than once in five. "
                f"It takes {row.images[asked.difference][1]:,.0f} images in the median pair."
            )
    print("\n" + "\n".join(f"{row.quantity}: {MEANING[row.quantity]}" for row in rows))
    print(f"{runset.describe()}; first trainings; {asked.replicates:,} bootstrap samples")
    return 0


def _span(images: tuple[float, float, float]) -> str:
    least, median, most = images
    return f"{median:,.0f} [{least:,.0f}, {most:,.0f}]"
