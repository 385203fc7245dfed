"""``same-eyes verify``: is every stored run, and every data file, what it should be?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .. import data, parse, studies
from ..method import available
from ..places import leaf
from ..store import Run, Store
from ..types import BadInput, Predictions

HELP = "check every stored run against its manifest, and the data against their checksums"
EXAMPLE = "same-eyes verify --store predictions"

# Log-probabilities are kept as float16, to 2^-11 of their size: a row of k classes is off by this share of its entropy,
# which is 1e-3 at most for ten classes. Ten times that is no rounding.
ROUNDING = 0.01


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")


def run(asked: argparse.Namespace) -> int:
    store = Store(asked.store, available())
    runs, faults = store.runs(), 0
    for stored in tqdm(runs, unit="run", leave=False, disable=None):
        try:
            said = f"ok      {stored.name}: {', '.join(_checked(store, stored, asked.data_dir))}"
        except BadInput as error:
            faults += 1
            said = f"FAULT   {stored.name}: {' '.join(str(error).split())}"
        tqdm.write(said)
    known = {asked.store / f"{stored.name}.json" for stored in runs}
    for path in sorted(asked.store.glob("*/*/*.npz")):
        if path.with_suffix(".json") not in known:
            faults += 1
            print(f"FAULT   {path.relative_to(asked.store).with_suffix('')}: has no manifest. Delete it.")
    for source, found, fault in data.status(asked.data_dir):
        faults += bool(fault)
        state = "FAULT  " if fault else "ok     " if found else "missing"
        need = "optional, for " if source.optional else "get it with `same-eyes data fetch`, for "
        print(f"{state} data {source.name}: {fault or found or need + source.needed_for}")
    if not runs:
        print(f"No run is stored in {asked.store}, so none was verified.")
    print(f"{len(runs)} runs, {faults} faults")
    return int(faults > 0 or not runs)


def _checked(store: Store, run: Run, data_dir: Path | None) -> Iterator[str]:
    """What was found right of a run, part by part; BadInput at the first that is not."""
    if run.method not in store.methods:
        raise BadInput(f"there is no method {run.method!r} to compare its signature with. Install it, or move it away.")
    loaded = store.load(run)  # hash, signature, shape, finite, in [0, 1]
    raw = parse.arrays(store.root / f"{run.name}.npz")
    accuracies = store.manifest(run).get("accuracy", {})
    for split, predictions in loaded.items():
        n, k = predictions.probs.shape
        off = np.abs(np.exp(raw[split].astype(np.float64)).sum(1) - 1)
        if off.max() > ROUNDING:
            raise BadInput(f"{split}: row {off.argmax()} sums to 1 only within {off.max():.2g}. Train it again.")
        yield f"{split} {n} x {k}"
        truth = _truth(run.study, split, data_dir)
        if truth is not None and split in accuracies:
            _check_accuracy(predictions, truth, accuracies[split])
            yield f"accuracy {100 * accuracies[split]:.2f} %"


def _check_accuracy(predictions: Predictions, truth: NDArray[np.int64], said: float) -> None:
    if len(truth) != len(predictions.probs):
        raise BadInput(f"{predictions.split}: {len(predictions.probs)} rows for {len(truth)} images. Train it again.")
    found = np.mean(predictions.labels_predicted == truth)
    second, first = np.sort(predictions.probs, 1)[:, -2:].T
    if abs(found - said) * len(truth) > (first == second).sum() + 0.5:  # images whose two best are alike to float16
        raise BadInput(f"{predictions.split}: right in {found:.4f}, its manifest says {said:.4f}. Train it again.")


@cache
def _truth(study: str, split: str, data_dir: Path | None) -> NDArray[np.int64] | None:
    """Clean labels of the images predicted; None where they are not at hand."""
    try:
        if split == "heldout" and study == "cifar10n":
            return data.cifar10n(data_dir, download=False).labels["clean"][data.HELDOUT]
        if split == "heldout":
            return studies.heldout(study, {}, data_dir).truth
        return data.cifar10_labels("test", data_dir, download=False) if split == "official" else None
    except data.MissingData:
        return None
