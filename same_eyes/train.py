"""Training, read from top to bottom: one method, one task, one recipe, one seed.

The whole data set is a tensor on the device and images are moved and mirrored a batch at a time. The
random numbers of an epoch depend on the seed and the epoch alone, so a run that is killed goes on from its
last whole epoch and ends where an unbroken one ends. The last epoch is what counts: nothing is chosen on
the images the machine will be judged on.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from .method import Batch, Method, Recipe, Task
from .nets import Standardised, build
from .types import BadInput


class Diverged(FloatingPointError):
    """A loss or a weight left the finite numbers."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What one training gives.

    Attributes
    ----------
    probs : dict of str to (n', k) float32 array
        The machine's class probabilities on each split of ``task.ask``.
    network : Standardised
        The first network.
    history : list of float
        Mean objective of each epoch.
    seconds : float
        Wall time, of all the sittings it took.
    """

    probs: dict[str, NDArray[np.float32]]
    network: Standardised
    history: list[float]
    seconds: float


def fit(
    method: Method,
    task: Task,
    recipe: Recipe,
    seed: int = 0,
    *,
    device: str = "cpu",
    start: Standardised | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Fitted:
    """Train a method and let it answer.

    Parameters
    ----------
    method : Method
    task : Task
    recipe : Recipe
    seed : int
        Decides the weights, the order of the images and their augmentation.
    device : str
        A torch device; "cpu", "cuda", "mps".
    start : Standardised, optional
        The trained network that a method with ``starts_from`` takes over.
    checkpoint : path, optional
        Where to keep the state after each epoch; one found there is gone on from.
    progress : bool
        Whether to show a progress bar (on standard error, only where it is a terminal).

    Returns
    -------
    Fitted

    Raises
    ------
    Diverged
        The loss or a weight is not finite; the message names the step.
    BadInput
        A method that starts from another and was given none, a batch larger than the training set, a device that
        torch does not have here, or a checkpoint that cannot be read.
    """
    recipe = method.adapt(recipe)
    if len(task.images) < recipe.batch:
        raise BadInput(f"{len(task.images)} images do not fill one batch of {recipe.batch}: lower the recipe's batch.")
    _refuse_absent(device)
    began = time.monotonic()
    _keep_memory()
    images = torch.tensor(np.asarray(task.images), device=device)
    labels = torch.tensor(np.asarray(task.labels), device=device)

    # Where to start: from a trained network, from the answers of a first stage, or from nothing.
    if method.starts_from and start is None:
        raise BadInput(f"{method.name} starts from a trained {method.starts_from!r} network: pass it as start.")
    if method.first_stage:
        stage = checkpoint and checkpoint.with_suffix(".first" + checkpoint.suffix)
        first = fit(method.first_stage, task, recipe, seed, device=device, checkpoint=stage, progress=progress)
        task = replace(task, start=_answer(first.network.to(device), images))
    if method.starts_from:
        assert start is not None
        task = replace(task, start=_answer(start.to(device), images))
    networks = [build(recipe.backbone, images, task.classes, _seed(seed, "weights", i)) for i in range(method.networks)]
    if method.starts_from:
        for network in networks:
            network.load_state_dict(start.state_dict())  # type: ignore[union-attr]
    networks = [network.to(device).to(memory_format=torch.channels_last) for network in networks]

    # How far to go: a triangle of learning rates, up over the warm-up, then down to zero.
    epochs, lr = (recipe.tune_epochs, recipe.tune_lr) if method.starts_from else (recipe.epochs, recipe.lr)
    steps_an_epoch = len(images) // recipe.batch
    steps = epochs * steps_an_epoch
    task = replace(task, settings=method.settings, steps=steps)
    objective = method.objective(task)
    optimiser = torch.optim.SGD(
        _decayed(networks, recipe.weight_decay), lr=lr, momentum=recipe.momentum, nesterov=True, fused=True
    )
    peak = max(1, round(recipe.warmup * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / peak, (steps - step) / max(1, steps - peak))
    )

    done, history, spent = _resume(checkpoint, networks, optimiser, schedule, objective)
    bar = tqdm(
        total=steps,
        initial=done * steps_an_epoch,
        desc=method.title,
        unit="step",
        disable=None if progress else True,
    )
    for epoch in range(done, epochs):
        random = torch.Generator().manual_seed(_seed(seed, "epoch", epoch))
        batches = _batches(images, recipe, random)
        peers = _batches(images, recipe, random) if method.peers else None
        losses = torch.zeros(steps_an_epoch, device=device)
        for network in networks:
            network.train()
        for step, (index, pixels) in enumerate(batches):
            share = (epoch * steps_an_epoch + step) / steps
            batch = Batch(index, labels[index], epoch, share)
            if peers:
                _, others = next(peers)
                strangers = torch.randint(len(labels), (len(index),), generator=random).to(device)
                both = [_logits(network, torch.cat([pixels, others])).chunk(2) for network in networks]
                logits = tuple(own for own, _ in both)
                batch = replace(batch, peer_logits=tuple(peer for _, peer in both), peer_labels=labels[strangers])
            else:
                logits = tuple(_logits(network, pixels) for network in networks)
            loss = objective(logits, batch)
            optimiser.zero_grad()
            loss.backward()
            for network in networks:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            losses[step] = loss.detach()
            bar.update()
        _check_finite(method, networks, losses, epoch * steps_an_epoch)
        history.append(losses.mean().item())
        bar.set_postfix(epoch=epoch + 1, loss=f"{history[-1]:.3f}")
        seconds = spent + time.monotonic() - began
        if checkpoint:
            _save(checkpoint, epoch + 1, history, seconds, networks, optimiser, schedule, objective)
    bar.close()

    probs = {
        split: _answer(networks[0], torch.tensor(np.asarray(asked), device=device)).cpu().numpy()
        for split, asked in task.ask.items()
    }
    return Fitted(probs, networks[0].cpu(), history, spent + time.monotonic() - began)


def _keep_memory() -> None:
    """Let freed memory stay with the process: else each step faults the same pages in again, a sixth of its time."""
    if platform.libc_ver()[0] == "glibc":
        c = ctypes.CDLL(None)
        c.mallopt(-4, 0)  # M_MMAP_MAX: no tensor is mapped by itself
        c.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: and nothing at the end of the heap is given back


def _seed(seed: int, *parts: object) -> int:
    """A seed of its own for each use, from the run's one seed."""
    return int.from_bytes(hashlib.sha256(repr((seed, *parts)).encode()).digest()[:7])


def _batches(images: Tensor, recipe: Recipe, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in random order: ((b,) positions, (b, c, h, w) moved and mirrored images); a rest is left out."""
    order = torch.randperm(len(images), generator=random)
    shift, side = recipe.shift, images.shape[-1]
    for start in range(0, len(images) - recipe.batch + 1, recipe.batch):
        index = order[start : start + recipe.batch]
        dy, dx = torch.randint(2 * shift + 1, (2, recipe.batch), generator=random)
        mirror = torch.rand(recipe.batch, generator=random) < (0.5 if recipe.flip else 0.0)
        index, dy, dx, mirror = (t.to(images.device) for t in (index, dy, dx, mirror))
        padded = nn.functional.pad(images[index].float(), (shift,) * 4, mode="reflect")
        rows = (dy[:, None] + torch.arange(side, device=images.device))[:, None, :, None]
        columns = torch.arange(side, device=images.device).expand(len(index), side)
        columns = torch.where(mirror[:, None], side - 1 - columns, columns)
        columns = (dx[:, None] + columns)[:, None, None, :]
        b = torch.arange(len(index), device=images.device)[:, None, None, None]
        c = torch.arange(images.shape[1], device=images.device)[None, :, None, None]
        yield index, padded[b, c, rows, columns].contiguous(memory_format=torch.channels_last)


def _refuse_absent(device: str) -> None:
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # of its kinds of device each has its own
        why = str(error).strip().partition("\n")[0].partition(". ")[0]
        raise BadInput(f"no device {device!r} ({why}). Train on cpu, or on what same-eyes doctor names.") from None


def precision(device: str) -> torch.dtype:
    """What networks are multiplied in: bfloat16, or float32 on a CPU without it, which imitates it ten times slower."""
    imitated = device == "cpu" and not (
        torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
    return torch.float32 if imitated else torch.bfloat16


def _logits(network: nn.Module, pixels: Tensor) -> Tensor:
    """(b, k) float32 logits of a forward pass in the device's :func:`precision`."""
    device = pixels.device.type
    with torch.autocast(device, torch.bfloat16, enabled=precision(device) == torch.bfloat16):
        logits = network(pixels)
    return logits.float()


@torch.no_grad()
def _answer(network: nn.Module, images: Tensor) -> Tensor:
    """(n, k) float32 probabilities, from a forward pass in float32, in evaluation mode."""
    network.eval()
    parts = images.split(1000)
    return torch.cat([network(part.contiguous(memory_format=torch.channels_last)).softmax(1) for part in parts])


def _decayed(networks: list[Standardised], weight_decay: float) -> list[dict[str, Any]]:
    """Optimiser groups: weights decay, norms and biases do not."""
    weights = [p for network in networks for p in network.parameters()]
    return [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _check_finite(method: Method, networks: list[Standardised], losses: Tensor, first: int) -> None:
    bad = ~losses.isfinite()
    if bad.any():
        step = first + int(bad.int().argmax())
        raise Diverged(f"{method.name}: the loss is {losses[bad][0].item()} at step {step}. Lower lr or clip.")
    for network in networks:
        for name, weight in network.named_parameters():
            if not weight.isfinite().all():
                raise Diverged(f"{method.name}: {name} is not finite after step {first + len(losses) - 1}.")


def _resume(
    checkpoint: Path | None, networks: list[Standardised], optimiser: Any, schedule: Any, objective: Any
) -> tuple[int, list[float], float]:
    """Epochs done, their losses and seconds spent, with everything put back as it was."""
    if checkpoint is None or not checkpoint.exists():
        return 0, [], 0.0
    try:
        device = next(networks[0].parameters()).device  # not where it was written: a card's may go on elsewhere
        state = torch.load(checkpoint, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
        raise BadInput(f"{checkpoint}: not a checkpoint of a training. Delete it to train from the start.") from None
    for network, weights in zip(networks, state["networks"], strict=True):
        network.load_state_dict(weights)
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    if state["objective"] is not None:
        objective.load_state_dict(state["objective"])
    return state["epochs"], state["history"], state["seconds"]


def _save(
    checkpoint: Path,
    epochs: int,
    history: list[float],
    seconds: float,
    networks: list[Standardised],
    optimiser: Any,
    schedule: Any,
    objective: Any,
) -> None:
    """Write the state whole or not at all."""
    state = {
        "epochs": epochs,
        "history": history,
        "seconds": seconds,
        "networks": [network.state_dict() for network in networks],
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "objective": objective.state_dict() if hasattr(objective, "state_dict") else None,
    }
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    partial = checkpoint.with_name(f"{checkpoint.name}.{os.getpid()}.part")
    torch.save(state, partial)
    os.replace(partial, checkpoint)
