"""``same-eyes sensitivity``: the claims under other choices."""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate

from .. import studies
from ..data import MissingData
from ..method import RECIPES, available
from ..options import replicates
from ..places import leaf
from ..runset import RunSet
from ..types import BadInput

HELP = "which claims would end otherwise under other choices than the study leaves open"
EXAMPLE = "same-eyes sensitivity --csv sensitivity.csv"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--data-dir", type=Path, help="folder with the data sets, searched first")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table here too")


def run(asked: argparse.Namespace) -> int:
    from ..measure import Measured
    from ..measure.sensitivity import HEADER, csv, rows, summary, table
    from ..store import replace_file

    runset = RunSet.choose("cifar10n", available(), asked.recipe, asked.data_dir, asked.store)
    sets = {"measured": runset} | {
        f"measured_{varied.name}": varied
        for varied in (runset.labels(), runset.backbones())
        if len(varied.stored()) == len(varied.names)
    }
    found = {name: studies.heldout("cifar10n", of.machines(), asked.data_dir) for name, of in sets.items()}
    if not found["measured"].machines:
        raise BadInput(f"no machine is stored; {runset.why_missing(runset.names[0])}")
    found["measured_whole"] = studies.whole("cifar10n", asked.data_dir)
    try:
        found["measured_official"] = studies.official(runset.machines(split="official"), asked.data_dir)
    except MissingData as missing:
        print(f"left out: {missing}")
    ground = {name: Measured(study, asked.replicates) for name, study in found.items()}
    seen = rows(ground.pop("measured"), ground, progress=True)
    print(tabulate(table(seen), HEADER, disable_numparse=True))
    print(f"\n{summary(seen)}")
    if asked.csv:
        replace_file(asked.csv, csv(seen).encode())
    return 0
