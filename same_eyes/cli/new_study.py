"""``same-eyes new-study``: a folder to put a study of your own into."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..folder import FILE
from ..studies import NAMES
from ..types import BadInput

HELP = "start a study of your own: a folder with a small example to replace"
EXAMPLE = "same-eyes new-study birds"

TEMPLATE = """\
# A study: the same images, labelled by people and by machines. The files beside this one are made up; replace them.
# What is understood of them:          same-eyes check {folder}
# Which claims hold on your data:      pytest benchmark --study {folder}

name = {name}
source = "where the images and the answers are from"
licence = "under which licence"
classes = ["finch", "tit", "wren"] # their order numbers them, from 0

truth = "truth.csv"   # image,label. Leave the line out where nobody knows it.
people = "people.csv" # image,annotator,label and, where known, seconds; or image and a count for each class
answers = 3           # at most so many answers an image are compared one by one, where people did not see all images

simulated = true # Delete this line when the people are people: until then no claim counts as checked.

[machines] # npz, npy, csv or parquet, as for `same-eyes check`; several files are several trainings
"a machine" = "machine.csv"
"another machine" = "another.csv"
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="to be made; its name becomes the study's")


def run(asked: argparse.Namespace) -> int:
    folder: Path = asked.folder
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty. Name a new folder.")
    if folder.resolve().name in NAMES:
        raise BadInput(f"{folder.resolve().name} is a study of the suite's own. Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _example().items():
        (folder / name).write_text(text, encoding="utf-8")
    name = json.dumps(folder.resolve().name, ensure_ascii=False)  # a string of TOML, too
    (folder / FILE).write_text(TEMPLATE.format(folder=folder, name=name), encoding="utf-8")
    print(f"made {folder / FILE}; look at it, then: same-eyes check {folder}")
    return 0


def _example(images: int = 300, seed: int = 0) -> dict[str, str]:
    """Tables of a made-up study: four people of whom each image was shown to three, and two machines."""
    import numpy as np

    random = np.random.default_rng(seed)
    classes = ("finch", "tit", "wren")
    truth = random.integers(0, 3, images)
    hard = random.beta(1, 6, images)  # how likely anyone is to err
    names = [f"photo{i:03}.jpg" for i in range(images)]

    def answers(skill: float) -> np.ndarray:
        wrong = random.random(images) < hard * skill
        return np.where(wrong, (truth + random.integers(1, 3, images)) % 3, truth)

    people = {name: answers(skill) for name, skill in {"Ann": 1.0, "Ben": 1.2, "Cem": 1.3, "Dee": 1.1}.items()}
    rows = ["image,annotator,label,seconds"]
    for i, image in enumerate(names):
        for name in random.permutation(list(people))[:3]:
            rows.append(f"{image},{name},{classes[people[name][i]]},{2 + 6 * hard[i] + random.exponential():.1f}")
    found = {
        "truth.csv": "\n".join(["image,label", *(f"{n},{classes[t]}" for n, t in zip(names, truth, strict=True))])
        + "\n",
        "people.csv": "\n".join(rows) + "\n",
    }
    for file, skill in {"machine.csv": 0.8, "another.csv": 0.9}.items():
        said = answers(skill)
        sure = 1 - 0.6 * hard
        table = ["image," + ",".join(classes)]
        for i, image in enumerate(names):
            probs = np.full(3, (1 - sure[i]) / 2)
            probs[said[i]] = sure[i]
            table.append(image + "," + ",".join(f"{p:.4f}" for p in probs))
        found[file] = "\n".join(table) + "\n"
    return found
