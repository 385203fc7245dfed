"""``same-eyes check``: what a file of predictions, or a study's folder, holds, and whether it may be measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import studies

HELP = "what a file of your own predictions, or the folder of your own study, holds, and whether it may be measured"
EXAMPLE = "same-eyes check mine.npz"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "file", metavar="FILE|DIR", help="npz, npy, csv or parquet (FILE@official: CIFAR-10's test images); or a study"
    )
    parser.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")


def run(asked: argparse.Namespace) -> int:
    from same_eyes.metrics.accuracy import wilson_interval

    from ..own import Images, examine

    if Path(asked.file).is_dir():
        return _study(Path(asked.file))
    images = Images.of(asked.study, asked.data_dir)
    file = examine(asked.file, images, "it")
    right, n = int(file.right.sum()), len(file.right)
    low, high = wilson_interval(right, n)
    kind = "labels" if file.predictions.labels_only else "probabilities"
    print(f"read:      {kind} of {len(file.answers.labels):,} rows and {len(images.classes)} classes")
    print(f"images:    {file.says}")
    print(f"accuracy:  {right / n:.2%} [{low:.2%}, {high:.2%}] on the {n:,} {file.what} images")
    if not file.predictions.labels_only:
        print(f"certainty: {file.predictions.confidence.mean():.2%} on average")
    for note in file.notes(images):
        print(f"note:      {note}")
    study = "cifar10h" if file.split == "official" else asked.study  # whose people labelled these images
    print(f"next:      pytest benchmark --study {study} --predictions NAME={asked.file}")
    return 0


def _study(path: Path) -> int:
    from ..folder import read
    from ..measure.core import Measured, accuracy
    from ..types import UNSEEN

    folder = read(path)
    study = folder.study(folder.predictions())
    people = folder.people
    print(f"study:     {folder.name}: {len(study.truth):,} images, {len(folder.classes)} classes")
    print(f"people:    {', '.join(people.names)}; {people.counts.sum():,} answers")
    for note in folder.notes:
        print(f"note:      {note}")
    for text in ("source", "licence"):
        print(f"{text + ':':<10} {getattr(folder, text) or 'not stated'}")
    if folder.simulated:
        print("note:      its people are said to be simulated: no claim will count as checked")
    if study.truth.max() == UNSEEN:
        print("truth:     nobody knows it: only claims that need none can be checked")
    else:
        measured = Measured(study)
        for name in measured.names:
            found = accuracy(measured, name)
            print(f"accuracy:  {name} {found.value:.2%} [{found.low:.2%}, {found.high:.2%}]")
    print(f"next:      pytest benchmark --study {path}")
    return 0
