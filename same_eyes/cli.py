"""The command ``same-eyes``: data, methods, training."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from . import studies
from .claims import read_claims
from .method import RECIPES, available
from .places import leaf, work
from .runset import STUDY, RunSet
from .store import Run, Store
from .types import BadInput


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 where it went well, 1 with one line on standard error where it did not."""
    parser = argparse.ArgumentParser("same-eyes", description="Do people and machines see alike?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="where the data sets are, their licences and citations")
    data.add_argument("action", nargs="?", choices=("show", "fetch"), default="show", help="fetch: get what is missing")
    data.add_argument("--data-dir", type=Path, help="folder to search first")
    data.set_defaults(run=_data)

    methods = commands.add_parser("methods", help="the methods at hand, and what each needs")
    methods.set_defaults(run=_methods)

    runs = commands.add_parser("runs", help="the stored runs: accuracy beside the paper's, time, whether stale")
    runs.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    runs.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    runs.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    runs.set_defaults(run=_runs)

    baseline = commands.add_parser("baseline", help="measure anew from the stored runs, show what changed, and keep it")
    baseline.set_defaults(run=_baseline)

    report = commands.add_parser("report", help="the closing table of all claims, and the figures")
    report.add_argument("--study", choices=tuple(studies.RECIPES), help="default: cifar10n where its labels are")
    report.add_argument(
        "--report", type=Path, default=Path("report"), metavar="DIR", help="where to (default: report/)"
    )
    report.set_defaults(run=_report)

    train = commands.add_parser("train", help="train methods and store their predictions")
    train.add_argument("names", nargs="*", metavar="NAME", help="methods; see `same-eyes methods`")
    train.add_argument("--all", action="store_true", help="all thirteen of the study")
    train.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    train.add_argument("--recipe", choices=tuple(RECIPES), help="default: small; tiny for digits")
    train.add_argument("--labels", default="random1", help="whose labels to learn from (default: random1)")
    train.add_argument("--backbone", help="default: the recipe's")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--device", default="cpu")
    train.add_argument("--data-dir", type=Path, help="folder to search first")
    train.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    train.add_argument("--dry-run", action="store_true", help="print the plan and its estimated time, and stop")
    train.set_defaults(run=_train)

    tune = commands.add_parser("tune", help="search the constants a paper leaves open, by noisy labels set aside")
    tune.add_argument("names", nargs="+", metavar="NAME", help="methods")
    tune.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    tune.add_argument("--recipe", choices=tuple(RECIPES), help="default: small; tiny for digits")
    tune.add_argument("--labels", default="random1", help="whose labels to learn from (default: random1)")
    tune.add_argument("--seed", type=int, default=0)
    tune.add_argument("--images", type=int, help="learn from no more than so many images, for a short search")
    tune.add_argument("--epochs", type=int, help="train for so many epochs, instead of the recipe's")
    tune.add_argument(
        "--try",
        dest="tried",
        nargs="+",
        default=[],
        metavar="NAME=V,V",
        help="values to try of one method's constant, instead of the usual ones",
    )
    tune.add_argument("--device", default="cpu")
    tune.add_argument("--data-dir", type=Path, help="folder to search first")
    tune.add_argument("--out", type=Path, metavar="DIR", help="write NAME.json there")
    tune.set_defaults(run=_tune)

    asked = parser.parse_args(arguments)
    try:
        return asked.run(asked)
    except (BadInput, OSError, FloatingPointError) as error:  # the last: a training that diverged
        print("same-eyes:", *str(error).split(), file=sys.stderr)
        return 1


def _data(asked: argparse.Namespace) -> int:
    from . import data

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


def _methods(asked: argparse.Namespace) -> int:
    def row(name: str) -> list[object]:
        method = found[name]
        start = method.starts_from or (f"own first stage ({method.first_stage.name})" if method.first_stage else "")
        settings = ", ".join(f"{key}={value}" for key, value in {**method.settings, **method.recipe}.items())
        return [name, method.title, method.networks, start, "yes" if method.transition else "", settings, method.paper]

    found = available()
    names = [name for name in STUDY if name in found] + [name for name in found if name not in STUDY]
    header = ["name", "title", "networks", "starts from", "estimates T", "settings", "paper"]
    print(tabulate([row(name) for name in names], header))
    return 0


def _runs(asked: argparse.Namespace) -> int:
    from same_eyes.metrics.accuracy import wilson_interval

    methods = available()
    runset = RunSet.choose(asked.study, methods, asked.recipe, predictions=asked.store)
    paper = read_claims(leaf("expected"))["machines-accuracy"].values if asked.study == "cifar10n" else {}
    rows = []
    for title, runs in runset.runs.items():
        for run in runs:
            status = runset.store.status(run)
            printed = f"{100 * paper[title]:.1f}" if title in paper else ""
            if status != "stored":
                rows.append([title, printed, status, "", methods[run.method].networks, ""])
                continue
            manifest = runset.store.manifest(run)
            n, share = manifest["splits"]["heldout"], manifest["accuracy"]["heldout"]
            low, high = wilson_interval(round(share * n), n)
            here, interval = f"{100 * share:.2f}", f"{100 * low:.2f} to {100 * high:.2f}"
            rows.append([title, printed, here, interval, methods[run.method].networks, f"{manifest['seconds']:.0f}"])
    header = ["method", "paper %", "here %", "95 % interval", "networks", "seconds"]
    print(tabulate(rows, header, tablefmt="github", disable_numparse=True))
    print(f"\n{runset.describe()}; held-out images; seconds of training on {_devices(runset)}")
    return 0


def _baseline(asked: argparse.Namespace) -> int:
    return _benchmark("--baseline", "write")


def _report(asked: argparse.Namespace) -> int:
    study = ["--study", asked.study] if asked.study else []
    return _benchmark("--report", str(asked.report.resolve()), *study)


def _benchmark(*options: str) -> int:
    """Run the suite for what it writes; a claim that fails is no error here."""
    import pytest

    quiet = ["-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "same_eyes.plugin"]
    code = pytest.main([str(leaf("benchmark")), *options, *quiet])
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) else 1


def _devices(runset: RunSet) -> str:
    stored = [run for runs in runset.runs.values() for run in runs if runset.store.status(run) == "stored"]
    return "; ".join(sorted({runset.store.manifest(run)["device"] for run in stored})) or "nothing yet"


def _train(asked: argparse.Namespace) -> int:
    from .plan import cost, in_order, trainer

    methods = available()
    names = [name for name in STUDY if name in methods] if asked.all else asked.names
    unknown = [name for name in names if name not in methods]
    if unknown or not names:
        what = f"no method {', '.join(unknown)}" if unknown else "name a method, or say --all"
        raise BadInput(f"{what}; there are {', '.join(methods)}.")
    recipe = asked.recipe or studies.RECIPES[asked.study][-1]
    backbone = asked.backbone or RECIPES[recipe].backbone
    store = Store(asked.store, methods)
    runs = in_order([Run(asked.study, recipe, asked.labels, name, backbone, asked.seed) for name in names], methods)
    if asked.dry_run:
        pace = _pace(store, recipe, backbone)
        rows = []
        for run in runs:
            status, epochs = store.status(run), cost(run, methods)
            seconds = epochs * pace if status != "stored" else 0.0
            rows.append([run.name, status, epochs, f"{seconds / 60:.1f}" if pace else "?"])
        print(tabulate(rows, ["run", "status", "network epochs", "minutes"]))
        if not pace:
            print("No run of this recipe is stored yet, so there is no pace to estimate minutes from.")
        return 0
    trainer(store, asked.data_dir, device=asked.device).train_all(runs)
    for run in runs:
        manifest = store.manifest(run)
        accuracy = ", ".join(f"{split} {100 * value:.2f} %" for split, value in manifest["accuracy"].items())
        print(f"{run.name}: {accuracy} ({manifest['seconds']:.0f} s)")
    return 0


def _tune(asked: argparse.Namespace) -> int:
    from . import tune

    methods = available()
    unknown = [name for name in asked.names if name not in tune.CANDIDATES]
    if unknown:
        raise BadInput(f"nothing is open for {', '.join(unknown)}; it is for {', '.join(tune.CANDIDATES)}.")
    task = studies.task(asked.study, asked.labels, asked.data_dir)
    recipe = RECIPES[asked.recipe or studies.RECIPES[asked.study][-1]]
    if asked.epochs:
        recipe = replace(recipe, epochs=asked.epochs, tune_epochs=asked.epochs)
    candidates = dict(map(_candidates, asked.tried))
    for name in asked.names:
        out = asked.out / f"{name}.json" if asked.out else None
        keep = work() / "tune"
        chosen = {"images": asked.images, "candidates": candidates, "out": out, "keep": keep, "device": asked.device}
        tune.run(methods[name], task, recipe, asked.seed, **chosen)
    return 0


def _candidates(text: str) -> tuple[str, list[int | float | str]]:
    """A constant's name and the values to try: "q=0.3,0.7"."""
    name, _, values = text.partition("=")
    if not name or not all(values.split(",")):
        raise BadInput(f"--try {text}: write it as NAME=VALUE,VALUE.")
    return name, [_value(value) for value in values.split(",")]


def _value(text: str) -> int | float | str:
    """A number where it is one, else the text: "4", "0.2", "tv"."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _pace(store: Store, recipe: str, backbone: str) -> float:
    """Median seconds of one network's epoch among the stored runs of a recipe; 0 where there is none."""
    from statistics import median

    from .plan import cost

    done = [
        run for run in store.runs() if (run.recipe, run.backbone) == (recipe, backbone) and run.method in store.methods
    ]
    return median([store.manifest(run)["seconds"] / cost(run, store.methods) for run in done]) if done else 0.0


if __name__ == "__main__":
    sys.exit(main())
