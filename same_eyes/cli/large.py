"""``same-eyes large``: compare all pairs of a study that does not fit into memory."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..options import share

HELP = "compare all pairs of a large study on disk: mistakes, matching, error consistency, teams"
EXAMPLE = "same-eyes large my-study --eta 0.6 --out pairs"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, help="where same_eyes.large.write_study wrote it")
    parser.add_argument("--eta", type=share, default=0.6, help="confidence up to which a machine asks (default: 0.6)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write all matrices there, one .npy each")


def run(asked: argparse.Namespace) -> int:
    import numpy as np
    from tabulate import tabulate

    from ..large import LargeStudy, Row, compare, summary

    study = LargeStudy.open(asked.folder)
    found = compare(study, asked.eta)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        matrices = found._asdict() | {f"mistakes_{pair}": matrix for pair, matrix in found.mistakes.items()}
        del matrices["mistakes"]
        for name, matrix in matrices.items():
            np.save(asked.out / f"{name}.npy", matrix)
    header = [name.replace("_", " ") for name in Row._fields]
    header[-1] = f"threshold {asked.eta:g}"
    print(tabulate(summary(study, found), header, tablefmt="github", floatfmt=".4f"))
    seen = f"{len(study.people)} people, {len(study.machines)} machines, {study.classes} classes"
    print(f"\n{len(study.truth):,} images, {seen}; means over pairs")
    return 0
