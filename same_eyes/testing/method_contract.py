"""The contract of a method, for ours and for anybody's: call :func:`check_method` in a test of your own.

A method is handed the digits with one simulated annotator's labels, a fifth of them wrong; the truth stays
here. It must learn in spite of them, twice alike for one seed, and go on where it was broken off.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..digits import CLASSES, HELDOUT, TRAIN, digits, simulate_annotators
from ..method import RECIPES, Batch, Method, Recipe, Task, available
from ..nets import Standardised
from ..train import Fitted, fit
from ..types import Predictions

NOISE = 0.2  # share of the training labels that are wrong, about
_EPOCHS = 4  # of a short training, for what needs no learning, only arithmetic
_BREAK = 3  # the epoch, from 0, in which it is broken off


@cache
def digits_task(seed: int = 0) -> Task:
    """A thousand digits with noisy labels, asking about the other 797 as split "heldout"."""
    data = digits()
    images = (255 * data.images).round().astype(np.uint8)[:, None]
    noisy = simulate_annotators(data.images[TRAIN], data.truth[TRAIN], raters=1, rate=NOISE, seed=seed)
    return Task(images[TRAIN], noisy.labels[:, 0].copy(), len(CLASSES), {"heldout": images[HELDOUT]})


@cache
def _start(name: str, seed: int) -> Standardised:
    """A network trained by the method that another one starts from."""
    return _fit(available()[name], RECIPES["tiny"], seed).network


@contextmanager
def _one_thread() -> Iterator[None]:
    """Tensors this small are slower on two threads than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Stop(Exception):
    """Breaks a training off."""


class _Breaking:
    """An objective that works until an epoch, then breaks off."""

    def __init__(self, objective: Any, epoch: int) -> None:
        self._objective, self._epoch = objective, epoch

    def __call__(self, logits: tuple[torch.Tensor, ...], batch: Batch) -> torch.Tensor:
        if batch.epoch == self._epoch:
            raise _Stop
        return self._objective(logits, batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objective, name)  # its state, where it has any


def _fit(method: Method, recipe: Recipe, seed: int, checkpoint: Path | None = None) -> Fitted:
    start = _start(method.starts_from, seed) if method.starts_from else None
    with _one_thread():
        return fit(method, digits_task(seed), recipe, seed, start=start, checkpoint=checkpoint, progress=False)


def check_method(method: Method, *, least: float = 0.8, seed: int = 0) -> float:
    """Check that a method keeps the contract.

    It learns the digits under noisy labels, stays finite, reports probabilities, leaves the task as it was,
    is deterministic given a seed, and ends bit for bit where an unbroken training ends when broken off
    after a whole epoch and taken up from its checkpoint. It cannot read clean labels: it is given none.

    Parameters
    ----------
    method : Method
    least : float
        Least share of the held-out digits it must name rightly; chance is 0.1.
    seed : int

    Returns
    -------
    float
        The share it named rightly.

    Raises
    ------
    AssertionError
        The method breaks the contract; the message says where.
    same_eyes.train.Diverged
        Its loss or a weight left the finite numbers.

    Examples
    --------
    >>> from same_eyes.method import available
    >>> check_method(available()["ce"]) > 0.8
    True
    """
    name, recipe = method.name, RECIPES["tiny"]
    json.dumps(method.facts())  # TypeError: a setting that no manifest can hold

    task = digits_task(seed)
    before = [array.copy() for array in (task.images, task.labels)]
    fitted = _fit(method, recipe, seed)
    for array, copy in zip((task.images, task.labels), before, strict=True):
        assert np.array_equal(array, copy), f"{name} changed the images or labels of its task."
    assert np.isfinite(fitted.history).all(), f"{name}: an epoch's mean loss is not finite: {fitted.history}"
    said = Predictions(fitted.probs["heldout"], method=name)  # BadInput: not probabilities
    accuracy = float((said.labels_predicted == digits().truth[HELDOUT]).mean())
    assert accuracy >= least, f"{name} names {accuracy:.1%} of the held-out digits rightly, less than {least:.0%}."

    short = replace(recipe, epochs=_EPOCHS, tune_epochs=_EPOCHS)
    once, again = (_fit(method, short, seed).probs["heldout"] for _ in range(2))
    _same(once, again, f"{name}: two trainings with seed {seed} differ")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "checkpoint.pt"
        breaking = replace(method, objective=lambda task: _Breaking(method.objective(task), _BREAK))
        try:
            _fit(breaking, short, seed, checkpoint)
        except _Stop:
            resumed = _fit(method, short, seed, checkpoint).probs["heldout"]
        else:
            raise AssertionError(f"{name}: its objective was never called in epoch {_BREAK}.")
    _same(once, resumed, f"{name}: broken off and resumed, it ends elsewhere; does its objective keep its state?")
    return accuracy


def _same(a: NDArray[np.float32], b: NDArray[np.float32], message: str) -> None:
    assert np.array_equal(a, b), f"{message}, by {np.abs(a - b).max():.2g} at most."
