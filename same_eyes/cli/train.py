"""``same-eyes train``: train methods and store their predictions."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import nan
from pathlib import Path

from tabulate import tabulate

from .. import studies
from ..method import RECIPES, Method, available
from ..options import whole
from ..places import leaf
from ..runset import BACKBONES, STUDY, RunSet
from ..store import Run, Store
from ..types import BadInput

SETS = ("main", "labels", "backbones")

HELP = "train methods and store their predictions"
EXAMPLE = "same-eyes train ce gce --labels random1 --seed 0"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="methods; see `same-eyes methods`")
    parser.add_argument("--all", action="store_true", help="all thirteen of the study")
    parser.add_argument(
        "--set",
        nargs="+",
        choices=SETS,
        metavar="SET",
        dest="sets",
        help="for whole figures: main (one label set, one backbone), labels (Figure 4), backbones (Figure 6)",
    )
    parser.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: small; tiny for digits")
    parser.add_argument("--labels", help="whose labels to learn from (default: random1)")
    parser.add_argument("--backbone", help="default: the recipe's")
    parser.add_argument("--seed", type=whole(0), nargs="+", default=[0], help="one run each (default: 0)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps: what torch finds here (default: cpu)")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="train on the workers of a Dask scheduler: tcp://HOST:PORT, its .json file, or local (one a core or GPU)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and its estimated time, and stop")


def run(asked: argparse.Namespace) -> int:
    from ..plan import in_order, trainer

    methods = available()
    store = Store(asked.store, methods)
    runs = in_order(_wanted(asked, methods), methods)
    if asked.dry_run:
        _print_plan(runs, store)
        return 0
    ours = trainer(store, asked.data_dir, device=asked.device)
    if asked.scheduler:
        from ..scheduler import train_all

        train_all(asked.scheduler, runs, ours, asked.data_dir)
    else:
        ours.train_all(runs)
    for run in runs:
        manifest = store.manifest(run)
        accuracy = ", ".join(f"{split} {100 * value:.2f} %" for split, value in manifest.get("accuracy", {}).items())
        print(f"{run.name}: {accuracy} ({manifest.get('seconds', nan):.0f} s)")
    return 0


def _wanted(asked: argparse.Namespace, methods: Mapping[str, Method]) -> list[Run]:
    """The runs asked for, without those that they start from."""
    if asked.all and asked.names:
        raise BadInput(f"--all is all thirteen of the study: leave out {', '.join(asked.names)}, or --all.")
    names = [name for name in STUDY if name in methods] if asked.all else asked.names
    unknown = [name for name in names if name not in methods]
    if unknown or not names:
        what = f"no method {', '.join(unknown)}" if unknown else "name a method, or say --all"
        raise BadInput(f"{what}; there are {', '.join(methods)}.")
    for what, name, known in (
        ("labels", asked.labels, studies.label_sets(asked.study)),
        ("backbone", asked.backbone, sorted({*BACKBONES, *(recipe.backbone for recipe in RECIPES.values())})),
    ):
        if name and name not in known:
            raise BadInput(f"no {what} {name!r}; there are {', '.join(known)}.")
    recipe = asked.recipe or studies.RECIPES[asked.study][-1]
    if not asked.sets:
        backbone = asked.backbone or RECIPES[recipe].backbone
        run = Run(asked.study, recipe, asked.labels or "random1", names[0], backbone)
        return [replace(run, method=name, seed=seed) for seed in asked.seed for name in names]
    if asked.labels or asked.backbone:
        raise BadInput("--set says whose labels and which backbone each method has; leave out --labels and --backbone.")
    main = RunSet.choose(asked.study, {name: methods[name] for name in (*names, *_starts(names, methods))}, recipe)
    sets = {"main": main, "labels": main.labels(), "backbones": main.backbones()}
    found = [run for name in asked.sets for runs in sets[name].runs.values() for run in runs if run.method in names]
    if none := [name for name in names if name not in {run.method for run in found}]:
        raise BadInput(f"--set is of the study's methods: {', '.join(none)} is in none. Leave --set out.")
    return [replace(run, seed=seed) for seed in asked.seed for run in dict.fromkeys(found)]


def _starts(names: Iterable[str], methods: Mapping[str, Method]) -> set[str]:
    """The methods that some of these start from."""
    return {start for name in names if (start := methods[name].starts_from)}


def _print_plan(runs: Iterable[Run], store: Store) -> None:
    """Every run with its status and what it would cost; its minutes, by the pace of those that are stored."""
    from ..plan import cost

    rows, minutes, unknown = [], 0.0, 0
    for run in runs:
        status, epochs = store.status(run), cost(run, store.methods)
        pace = _pace(store, run.recipe, run.backbone) if status != "stored" else 0.0
        unknown += status != "stored" and not pace
        minutes += epochs * pace / 60
        rows.append([run.name, status, epochs, "?" if status != "stored" and not pace else f"{epochs * pace / 60:.1f}"])
    print(tabulate(rows, ["run", "status", "network epochs", "minutes"]))
    print(
        f"\nTo train: {sum(row[1] != 'stored' for row in rows)} of {len(rows)} runs, about {minutes:.0f} minutes",
        end="",
    )
    print(f", and {unknown} at a pace that is not known." if unknown else ".")


def _pace(store: Store, recipe: str, backbone: str) -> float:
    """Median seconds of one network's epoch among the stored runs of a recipe; 0 where there is none."""
    from statistics import median

    from ..plan import cost

    known = (run for run in store.runs() if (run.recipe, run.backbone) == (recipe, backbone))
    done = {run: store.manifest(run) for run in known if store.status(run) == "stored"}
    paces = [facts["seconds"] / cost(run, store.methods) for run, facts in done.items() if "seconds" in facts]
    return median(paces) if paces else 0.0
