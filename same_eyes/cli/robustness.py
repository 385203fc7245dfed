"""``same-eyes robustness``: does each claim survive other labels, backbones, seeds, people and images?"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate
from tqdm import tqdm

from ..method import RECIPES, available
from ..options import replicates
from ..places import leaf
from ..runset import RunSet
from ..store import replace_file

if TYPE_CHECKING:
    from ..measure.robustness import Grid

HELP = "does each claim survive other labels, recipes, backbones, seeds, people and images"
EXAMPLE = "same-eyes robustness --out robustness"
SIGNS = {"reproduced": "●", "inconclusive": "◐", "not reproduced": "✗", "not testable": "–", "not run": "·"}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="write robustness.csv and the picture there")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")


def run(asked: argparse.Namespace) -> int:
    from ..measure.robustness import grid, of_runs

    runset = RunSet.choose("cifar10n", available(), asked.recipe, asked.data_dir, asked.store)
    variants = of_runs(runset)
    found = grid(variants, replicates=asked.replicates, progress=partial(tqdm, desc="variants"))
    shown = [
        [claim.number, claim.id, *(SIGNS[found.cells[claim.id, variant.name].verdict] for variant in variants)]
        for claim in found.claims
    ]
    letters = [chr(ord("a") + i) for i in range(len(variants))]
    print(tabulate(shown, ["#", "claim", *letters], tablefmt="github", disable_numparse=True))
    print("\n" + ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items()) + "\n")
    for letter, variant in zip(letters, variants, strict=True):
        print(f"{letter}: {variant.about}, {variant.name}" + (f": not run, {variant.why}" if variant.why else ""))
    source = f"{runset.describe()}; {asked.replicates:,} bootstrap samples; known deviations are not excused here."
    print(f"\n{source}")
    if asked.out:
        _write(asked.out, found, source)
    return 0


def _write(folder: Path, found: Grid, source: str) -> None:
    from ..plots_likeness import robustness_grid, write

    replace_file(folder / "robustness.csv", found.table().to_csv(index=False, float_format="%.6g").encode())
    lines = write(folder, {"robustness": partial(robustness_grid, found, source)})
    print("\n".join([f"written: {folder / 'robustness.csv'}", *lines]))
