"""A short search for the constants that a method's paper leaves open, by noisy labels alone.

A tenth of the training images, drawn by the seed, is set aside; each candidate learns from the rest and is
scored by how often it gives the noisy labels of that tenth. Neither the images a machine is judged on nor
any clean label is seen, so what is chosen here may be used there.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from tabulate import tabulate

from .method import Method, Recipe, Task, available
from .store import replace_file
from .types import BadInput

#: Values tried, by method: names of its settings or of fields of Recipe. Every combination is a candidate.
CANDIDATES: Mapping[str, Mapping[str, Sequence[Any]]] = MappingProxyType(
    {
        "gce": {"q": (0.3, 0.5, 0.7)},
        "pls": {"rate": (0.1, 0.2, 0.4, 0.6)},
        "nls": {"rate": (-0.2, -0.5, -1.0, -2.0), "tune_lr": (0.002, 0.005, 0.02)},
        "fdiv": {"divergence": ("tv", "js", "kl", "pearson", "jeffrey")},
        "fw": {"tune_lr": (0.005, 0.02)},
        "bw": {"tune_lr": (0.002, 0.005, 0.02)},
        "peerloss": {"alpha": (0.5, 1.0, 2.0), "tune_lr": (0.005, 0.02)},
        "cores": {"beta": (0.5, 1.0, 2.0)},
        "cal": {"alpha": (0.3, 0.5, 1.0)},
        "coteaching": {"forget_rate": (0.05, 0.1, 0.2, 0.3)},
        "coteaching_plus": {"forget_rate": (0.1, 0.2), "warmup": (0.1, 0.3, 0.5)},
        "jocor": {"weight": (0.1, 0.3, 0.5, 0.7), "forget_rate": (0.1, 0.2)},
    }
)

_RECIPE_FIELDS = {field.name for field in fields(Recipe)}


def split(task: Task, seed: int = 0, images: int | None = None) -> tuple[Task, np.ndarray]:
    """Set a tenth of the training images aside.

    Parameters
    ----------
    task : Task
    seed : int
        Decides which.
    images : int, optional
        Learn from no more than so many of the others, for a short search.

    Returns
    -------
    part : Task
        The other nine tenths, or so many of them, which asks about the images set aside, as split "aside".
    labels : (n // 10,) int array
        The noisy labels of the images set aside.
    """
    pixels, labels = np.asarray(task.images), np.asarray(task.labels)
    order = np.random.default_rng(seed).permutation(len(labels))
    aside, rest = order[: len(order) // 10], order[len(order) // 10 :]
    aside, rest = np.sort(aside), np.sort(rest[:images])
    return replace(task, images=pixels[rest], labels=labels[rest], ask={"aside": pixels[aside]}), labels[aside]


def variants(method: Method, candidates: Mapping[str, Sequence[Any]]) -> Iterator[tuple[dict[str, Any], Method]]:
    """Every combination of the candidates' values, with the method set to it."""
    for values in itertools.product(*candidates.values()):
        chosen = dict(zip(candidates, values, strict=True))
        ours = {name: value for name, value in chosen.items() if name not in _RECIPE_FIELDS}
        theirs = {name: value for name, value in chosen.items() if name in _RECIPE_FIELDS}
        unknown = ours.keys() - method.settings.keys()
        if unknown:
            raise BadInput(f"{method.name} has no setting {', '.join(sorted(unknown))}.")
        yield chosen, replace(method, settings={**method.settings, **ours}, recipe={**method.recipe, **theirs})


def search(
    method: Method,
    task: Task,
    recipe: Recipe,
    candidates: Mapping[str, Sequence[Any]],
    seed: int = 0,
    *,
    images: int | None = None,
    start: Any = None,
    keep: Path | None = None,
    device: str = "cpu",
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train every candidate and score it against noisy labels set aside.

    Parameters
    ----------
    method : Method
    task : Task
    recipe : Recipe
    candidates : mapping of str to sequence
        Values to try, by the name of a setting or of a field of Recipe.
    seed : int
        Decides which images are set aside, and the trainings.
    images : int, optional
        Learn from no more than so many, for a short search.
    start : Standardised, optional
        A network for a method with ``starts_from``, trained on ``split(task, seed)`` alone; trained here
        when left out.
    keep : path, optional
        Folder for that network, so that the next search finds it.
    device : str
    progress : bool
        Whether to show the trainings' progress.

    Returns
    -------
    list of dict
        One a candidate, the best first: its values, "accuracy" (share of the noisy labels set aside that
        it gives), "se" (binomial standard error of that), "seconds".
    """
    from .train import fit

    todo = list(variants(method, candidates))  # a wrong name is noticed before anything is trained
    part, labels = split(task, seed, images)
    if method.starts_from and start is None:
        first = available()[method.starts_from]
        asked = repr((first.facts(), asdict(first.adapt(recipe)), seed)).encode() + part.labels.tobytes()
        kept = keep and keep / f"{first.name}-{recipe.name}-{hashlib.sha256(asked).hexdigest()[:16]}.pt"
        start = fit(first, part, recipe, seed, device=device, checkpoint=kept, progress=progress).network
    rows = []
    for chosen, variant in todo:
        fitted = fit(variant, part, recipe, seed, device=device, start=start, progress=progress)
        accuracy = float((fitted.probs["aside"].argmax(1) == labels).mean())
        se = (accuracy * (1 - accuracy) / len(labels)) ** 0.5
        rows.append({**chosen, "accuracy": accuracy, "se": se, "seconds": round(fitted.seconds, 1)})
    return sorted(rows, key=lambda row: -row["accuracy"])


def run(
    method: Method,
    task: Task,
    recipe: Recipe,
    seed: int = 0,
    *,
    images: int | None = None,
    candidates: Mapping[str, Sequence[Any]] | None = None,
    out: Path | None = None,
    keep: Path | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Search a method's constants, by default those of ``CANDIDATES``; print the table, write it as JSON to ``out``.

    Raises
    ------
    ValueError
        The method has no candidates.
    """
    if method.name not in CANDIDATES:
        raise ValueError(f"{method.name} leaves nothing open; {', '.join(CANDIDATES)} do.")
    candidates = {**CANDIDATES[method.name], **(candidates or {})}
    rows = search(method, task, recipe, candidates, seed, images=images, keep=keep, device=device, progress=progress)
    print(tabulate(rows, headers="keys", floatfmt=".4g"))
    if out:
        recipe_of = {"recipe": recipe.name, "epochs": recipe.epochs, "tune_epochs": recipe.tune_epochs}
        found = {
            "method": method.name,
            "source": method.source,
            **recipe_of,
            "images": images,
            "seed": seed,
            "rows": rows,
        }
        replace_file(out, (json.dumps(found, indent=1) + "\n").encode())
    return rows
