"""``same-eyes likeness``: who errs like whom, with intervals."""

from __future__ import annotations

import argparse
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from .. import studies
from ..method import RECIPES, available
from ..options import replicates
from ..places import leaf
from ..runset import RunSet
from ..store import replace_file

if TYPE_CHECKING:
    from ..claims import Estimate
    from ..measure import Measured

HELP = "who errs like whom: on the same images, with the same answers, in the same classes"
EXAMPLE = "same-eyes likeness --out likeness"
KINDS = {"two people": "HH", "two machines": "MM", "a person and a machine": "HM"}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="write likeness.csv, a row a pair, and pictures there")
    parser.add_argument("--study", choices=tuple(studies.RECIPES), help="default: cifar10n where its labels are")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")


def run(asked: argparse.Namespace) -> int:
    from ..measure import Measured

    name = asked.study or studies.default(asked.data_dir)
    runset = RunSet.choose(name, available(), asked.recipe, asked.data_dir, asked.store)
    measured = Measured(studies.heldout(name, runset.machines(), asked.data_dir), asked.replicates)
    source = f"Study {name}, {runset.describe()}, {len(measured.study.truth):,} images; "
    source += f"95 % intervals from {asked.replicates:,} bootstrap samples of the images."
    if measured.study.simulated:
        source = f"SIMULATED people. {source}"
    _print_pairs(measured)
    _print_ranks(measured)
    print(f"\n{source}")
    if asked.out:
        _write(asked.out, measured, source)
    return 0


def _print_pairs(measured: Measured) -> None:
    from ..measure.likeness import consistencies, consistency, everybody, why_undefined, wrong_agreement

    names, found = everybody(measured), consistencies(measured)
    cells = [[a, *("" if a == b else f"{found[a, b].value:.2f}" for b in names)] for a in names]
    widest = max((each.high - each.low for each in found.values()), default=0.0) / 2
    print(f"Error consistency of everybody with everybody (95 % intervals: at most ±{widest:.2f}; --out writes them)\n")
    print(tabulate(cells, ["", *names], tablefmt="github", disable_numparse=True))
    for a, b in combinations(names, 2):
        if why := why_undefined(measured, a, b):
            print(f"\n{a} and {b} have none: {why}.")
    print()
    means = [[who, _text(consistency(measured, k)), _text(wrong_agreement(measured, k))] for who, k in KINDS.items()]  # type: ignore[arg-type]
    header = ["mean of", "error consistency", "wrong agreement beyond chance"]
    print(tabulate(means, header, tablefmt="github", disable_numparse=True))


def _print_ranks(measured: Measured) -> None:
    from ..measure.likeness import distance_to_people, human_ceiling, tie_groups, with_people

    found = with_people(measured)
    rows = [
        [
            place,
            name,
            _text(found[name]),
            _text(distance_to_people(measured, name)) if name in measured.machines else "",
        ]
        for place, group in enumerate(tie_groups(found), 1)
        for name in group
    ]
    print("\nLikeness to people: the most alike first; in one group nobody is told from its first (Holm, 5 %)\n")
    header = ["group", "", "error consistency with people", "error distance from people"]
    print(tabulate(rows, header, tablefmt="github", disable_numparse=True))
    print(f"\nError distance of one answer of people from the rest (human ceiling): {_text(human_ceiling(measured))}")


def _write(folder: Path, measured: Measured, source: str) -> None:
    from ..measure.likeness import table
    from ..plots_likeness import likeness_map, likeness_matrices, write

    replace_file(folder / "likeness.csv", table(measured).to_csv(index=False, float_format="%.6g").encode())
    pictures = {"likeness_matrices": likeness_matrices, "likeness_map": likeness_map}
    lines = write(folder, {name: partial(draw, measured, source) for name, draw in pictures.items()})
    print("\n".join([f"written: {folder / 'likeness.csv'}", *lines]))


def _text(found: Estimate) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
