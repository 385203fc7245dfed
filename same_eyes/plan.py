"""Which trainings to run, in which order, and running them."""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from tqdm import tqdm

from . import __version__, studies
from .method import RECIPES, Method, Task
from .places import CHECKOUT, work
from .store import Run, Store, replace_file
from .types import BadInput

if TYPE_CHECKING:
    from .nets import Standardised
    from .train import Fitted


def in_order(runs: Iterable[Run], methods: Mapping[str, Method]) -> list[Run]:
    """The runs with those they start from, each once, a start before all that need it."""
    ordered: list[Run] = []
    for run in runs:
        chain = [run]
        while methods[chain[0].method].starts_from:
            chain.insert(0, chain[0].start(methods))
        ordered += [link for link in chain if link not in ordered]
    return ordered


def cost(run: Run, methods: Mapping[str, Method]) -> float:
    """Passes of one network over the training images, the unit in which runs are compared."""
    method = methods[run.method]
    recipe = method.adapt(RECIPES[run.recipe])
    epochs = recipe.tune_epochs if method.starts_from else recipe.epochs
    own = epochs * method.networks * (2 if method.peers else 1)
    stage = method.first_stage
    return own + (stage.adapt(recipe).epochs if stage else 0)


@dataclass(frozen=True)
class Trainer:
    """Trains runs into a store, each at most once, and goes on where it was broken off.

    Attributes
    ----------
    store : Store
    work : path
        Where checkpoints and trained networks are kept.
    task : callable
        ``task(study, labels)`` gives what to learn from.
    truths : callable
        ``truths(study)`` gives clean labels by split: asked after training, for the manifest's accuracy.
    device : str
    """

    store: Store
    work: Path
    task: Callable[[str, str], Task]
    truths: Callable[[str], Mapping[str, NDArray[np.int64]]]
    device: str = "cpu"

    def train_all(self, runs: Iterable[Run], progress: bool = True) -> None:
        """Train what is not stored, in an order that trains a shared start once.

        Raises
        ------
        FloatingPointError
            The only training diverged.
        BadInput
            Some of several did; it names them, once the others are done.
        """
        wanted = [run for run in in_order(runs, self.store.methods) if self.store.status(run) != "stored"]
        failed: dict[Run, str] = {}
        for i, run in enumerate(wanted, 1):
            tqdm.write(f"[{i}/{len(wanted)}] {run.name}", file=sys.stderr)
            start = run.start(self.store.methods) if self.store.methods[run.method].starts_from else None
            if start in failed:
                failed[run] = f"{run.name}: it starts from {start.name}"
                continue
            try:
                self.train(run, progress)
            except FloatingPointError as diverged:
                if len(wanted) == 1:
                    raise
                failed[run] = f"{run.name}: {diverged}"
        if failed:
            raise BadInput("\n".join([f"{len(failed)} of {len(wanted)} runs are not trained.", *failed.values()]))

    def train(self, run: Run, progress: bool = True) -> Path | None:
        """Train one run and store it; None where it was stored already."""
        folder = self._folder(run)
        with FileLock(folder / "lock"):
            if self.store.status(run) == "stored":
                return None
            if find_spec("torch") is None:
                raise BadInput("training needs torch: pip install 'same-eyes[train]'")
            fitted = self._fit(run, progress)
            truth = self.truths(run.study)
            accuracy = {split: float((probs.argmax(1) == truth[split]).mean()) for split, probs in fitted.probs.items()}
            facts = {
                "accuracy": accuracy,
                "seconds": round(fitted.seconds, 1),
                "device": device_name(self.device),
                "precision": precision_name(self.device),
                "loss": [round(loss, 4) for loss in fitted.history],
                "versions": versions(),
                "commit": commit(),
            }
            path = self.store.save(run, fitted.probs, facts)
            for checkpoint in folder.glob("checkpoint*"):  # partial ones of killed processes, too
                checkpoint.unlink()
            return path

    def _folder(self, run: Run) -> Path:
        folder = self.work / run.signature(self.store.methods)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _fit(self, run: Run, progress: bool) -> Fitted:
        """Train one run and keep its network's weights."""
        import torch

        from .train import fit

        method, folder = self.store.methods[run.method], self._folder(run)
        task = self.task(run.study, run.labels)
        fitted = fit(
            method,
            task,
            replace(RECIPES[run.recipe], backbone=run.backbone),
            run.seed,
            device=self.device,
            start=self._network(run.start(self.store.methods), task, progress) if method.starts_from else None,
            checkpoint=folder / "checkpoint.pt",
            progress=progress,
        )
        weights = io.BytesIO()
        torch.save(fitted.network.state_dict(), weights)
        replace_file(folder / "network.pt", weights.getvalue())
        return fitted

    def _network(self, run: Run, task: Task, progress: bool) -> Standardised:
        """The trained network of a run; trained now where its weights are not at hand."""
        import torch

        from .nets import build

        path = self._folder(run) / "network.pt"
        with FileLock(path.with_name("lock")):
            if not path.exists():
                return self._fit(run, progress).network
        network = build(run.backbone, torch.as_tensor(task.images), task.classes, run.seed)
        try:
            network.load_state_dict(torch.load(path, weights_only=True))
        except Exception as error:  # a broken archive or pickle raises nearly anything
            why = str(error).partition("\n")[0]
            raise BadInput(f"{path}: not the weights of {run.name} ({why}). Delete it to train them again.") from None
        return network


def trainer(store: Store, data_dir: Path | None = None, *, device: str = "cpu", afresh: bool = False) -> Trainer:
    """A trainer of the built-in studies' runs; ``afresh`` forgets what an earlier one left behind."""
    folder = work()
    if afresh:
        folder = folder / "afresh"
        for old in (folder, store.root):
            shutil.rmtree(old, ignore_errors=True)
    return Trainer(
        store,
        folder,
        task=lambda study, labels: studies.task(study, labels, data_dir),
        truths=lambda study: studies.truths(study, data_dir),
        device=device,
    )


def device_name(device: str) -> str:
    """What a manifest calls the device a run was trained on."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def precision_name(device: str) -> str:
    """What a manifest calls the numbers a run was trained in: "bfloat16" or "float32"."""
    import torch

    from .train import precision

    return str(precision(torch.device(device).type)).removeprefix("torch.")


def commit() -> str:
    """The commit of the checkout this runs in, with a plus sign where it is not clean; "" outside one."""
    if CHECKOUT is None:
        return ""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def versions() -> dict[str, str]:
    """What a manifest says of the software."""
    import torch

    return {
        "same-eyes": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
