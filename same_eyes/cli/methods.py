"""``same-eyes methods``: what there is to train."""

from __future__ import annotations

import argparse

from tabulate import tabulate

from ..method import available
from ..runset import STUDY

HELP = "the methods at hand, and what each needs"
EXAMPLE = "same-eyes methods"


def add(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(asked: argparse.Namespace) -> int:
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
