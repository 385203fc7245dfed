"""``same-eyes runs``: what is stored."""

from __future__ import annotations

import argparse
from math import nan
from pathlib import Path

from tabulate import tabulate

from .. import studies
from ..claims import read_claims
from ..method import RECIPES, available
from ..places import leaf
from ..runset import RunSet

HELP = "the stored runs: accuracy beside the paper's, time, whether stale"
EXAMPLE = "same-eyes runs --recipe small"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument(
        "--set",
        choices=("main", "labels", "backbones"),
        default="main",
        help="label sets: Figure 4; backbones: Figure 6",
    )
    parser.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")


def run(asked: argparse.Namespace) -> int:
    from same_eyes.metrics.accuracy import wilson_interval

    methods = available()
    runset = RunSet.choose(asked.study, methods, asked.recipe, predictions=asked.store)
    if asked.set != "main":
        runset = runset.labels() if asked.set == "labels" else runset.backbones()
    paper = read_claims(leaf("expected"))["machines-accuracy"].values if asked.study == "cifar10n" else {}

    def printed(title: str) -> str:
        return f"{100 * paper[title]:.1f}" if title in paper else ""

    rows = []
    for title, runs in runset.runs.items():
        for run in runs:
            status = runset.store.status(run)
            beside = {"labels": run.labels, "backbones": run.backbone}.get(asked.set) or printed(title)
            if status != "stored":
                rows.append([title, beside, status, "", methods[run.method].networks, ""])
                continue
            manifest = runset.store.manifest(run)
            n, share = manifest["splits"]["heldout"], manifest.get("accuracy", {}).get("heldout", nan)
            low, high = wilson_interval(round(share * n), n) if share == share else (nan, nan)
            here, interval = f"{100 * share:.2f}", f"{100 * low:.2f} to {100 * high:.2f}"
            seconds = f"{manifest.get('seconds', nan):.0f}"
            rows.append([title, beside, here, interval, methods[run.method].networks, seconds])
    header = [
        "method",
        {"labels": "labels", "backbones": "backbone"}.get(asked.set, "paper %"),
        "here %",
        "95 % interval",
        "networks",
        "seconds",
    ]
    print(tabulate(rows, header, tablefmt="github", disable_numparse=True))
    print(f"\n{runset.describe()}; held-out images; seconds of training on {_devices(runset)}")
    return 0


def _devices(runset: RunSet) -> str:
    stored = [run for runs in runset.runs.values() for run in runs if runset.store.status(run) == "stored"]
    return (
        "; ".join(sorted({runset.store.manifest(run).get("device", "a device that is not known") for run in stored}))
        or "nothing yet"
    )
