"""``same-eyes tune``: search the constants that a paper leaves open."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from .. import studies, tune
from ..method import RECIPES, available
from ..options import whole
from ..places import work
from ..types import BadInput

HELP = "search the constants a paper leaves open, by noisy labels set aside"
EXAMPLE = "same-eyes tune gce --images 12000 --epochs 8 --try q=0.3,0.7 --out found"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="methods")
    parser.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: small; tiny for digits")
    parser.add_argument("--labels", default="random1", help="whose labels to learn from (default: random1)")
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--images", type=whole(1), help="learn from no more than so many images, for a short search")
    parser.add_argument("--epochs", type=whole(1), help="train for so many epochs, instead of the recipe's")
    parser.add_argument(
        "--try",
        dest="tried",
        nargs="+",
        default=[],
        metavar="NAME=V,V",
        help="values to try of one method's constant, instead of the usual ones",
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps: what torch finds here (default: cpu)")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write NAME.json there")


def run(asked: argparse.Namespace) -> int:
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
