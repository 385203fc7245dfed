"""``same-eyes baseline``: keep what is measured now."""

from __future__ import annotations

import argparse

from ._suite import benchmark

HELP = "measure anew from the stored runs, show what changed, and keep it"
EXAMPLE = "same-eyes baseline"


def add(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(asked: argparse.Namespace) -> int:
    return benchmark("--baseline", "write")
