"""Many runs on many machines: each training is one task of Dask distributed, on a worker that has room for it.

The plan is that of :mod:`same_eyes.plan`. Workers are told what to train and given neither code nor weights: each
looks the method up itself, and refuses a run whose signature is another there. Predictions go into one store and
networks into one working folder, on a file system that all workers share. A worker that dies costs the epoch that it
was in: its run goes to another one, which goes on from the checkpoint.

A worker takes one training for each ``CPU`` (``GPU``, where a CUDA device is asked for) that it offers::

    dask worker tcp://host:8786 --nthreads 1 --resources CPU=1
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from .method import available
from .plan import Trainer, cost, in_order, trainer
from .store import Run, Store
from .types import BadInput

if TYPE_CHECKING:
    from distributed import Client


def train_all(
    address: str, runs: Iterable[Run], ours: Trainer, data_dir: Path | None = None, *, progress: bool = True
) -> None:
    """Train what is not stored on the workers of a scheduler, each run once and after the one that it starts from.

    Parameters
    ----------
    address : str
        "tcp://host:port"; the path of a scheduler's ``.json`` file; or "local" for workers on this machine, one for
        each CUDA device or, on CPUs, for each ``OMP_NUM_THREADS`` cores (one, where that is not set).
    runs : iterable of Run
        Of built-in studies.
    ours : Trainer
        Says the store, the working folder and the device.
    data_dir : path, optional
        Where workers look for data first.
    progress : bool
        Whether to show a progress bar (on standard error, only where it is a terminal).

    Raises
    ------
    BadInput
        No scheduler, or runs that failed: all others are trained and stored before this is raised.
    """
    methods, store = ours.store.methods, ours.store
    wanted = [run for run in in_order(runs, methods) if store.status(run) != "stored"]
    room = {"GPU" if ours.device.startswith("cuda") else "CPU": 1}
    place = (store.root.resolve(), ours.work.resolve(), data_dir and data_dir.resolve(), ours.device)
    with _client(address, room) as client:
        from distributed import as_completed

        if not any(room.keys() <= worker["resources"].keys() for worker in client.scheduler_info()["workers"].values()):
            offer = "=".join(map(str, *room.items()))
            tqdm.write(f"waiting for workers: dask worker ADDRESS --nthreads 1 --resources {offer}", file=sys.stderr)
        futures: dict[Run, object] = {}
        for run in wanted:
            start = futures.get(run.start(methods)) if methods[run.method].starts_from else None
            signature = run.signature(methods)
            futures[run] = client.submit(
                _train, run, signature, *place, start, key=f"{run.name}-{signature}", resources=room
            )
        of = {future: run for run, future in futures.items()}
        failed = {}
        total = sum(cost(run, methods) for run in wanted)
        with tqdm(total=total, unit="epoch", desc="network epochs", disable=None if progress else True) as bar:
            for i, future in enumerate(as_completed(of), 1):
                bar.set_postfix_str(f"{i} of {len(of)} runs")
                bar.update(cost(of[future], methods))
                if future.status != "finished":
                    failed[of[future]] = future.exception()
    for run in wanted:
        if run not in failed and store.status(run) != "stored":
            failed[run] = BadInput(f"trained, but not in {store.root} here: workers must share it, by the same path")
    if failed:
        why = "\n".join(f"{run.name}: {error}" for run, error in failed.items())
        raise BadInput(f"{len(failed)} of {len(wanted)} runs are not trained; the others are.\n{why}")


def _train(run: Run, signature: str, root: Path, work: Path, data_dir: Path | None, device: str, start: None) -> None:
    """What a worker does; ``start`` is only waited for."""
    store = Store(root, available())
    if run.method not in store.methods or run.signature(store.methods) != signature:
        raise BadInput("a worker has another same-eyes, or another package of the method. Install the same everywhere.")
    replace(trainer(store, data_dir, device=device), work=work).train(run, progress=False)


@contextmanager
def _client(address: str, room: dict[str, int]) -> Iterator[Client]:
    """A scheduler's client; "local" starts the scheduler and its workers, and ends them."""
    try:
        from distributed import Client, Nanny, Scheduler, SpecCluster
    except ImportError:
        raise BadInput("--scheduler needs Dask: pip install 'same-eyes[cluster,train]'") from None
    if address != "local":
        where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
        try:
            client = Client(**where)
        except (OSError, ValueError) as error:
            raise BadInput(f"no scheduler at {address} ({error}). Start one: dask scheduler") from None
        with client:
            yield client
        return
    spec = {
        i: {"cls": Nanny, "options": {"nthreads": 1, "resources": room, "memory_limit": 0, "env": env}}
        for i, env in enumerate(_shares("GPU" in room))
    }
    scheduler = {"cls": Scheduler, "options": {"host": "127.0.0.1", "dashboard": False}}
    with SpecCluster(workers=spec, scheduler=scheduler) as cluster, Client(cluster) as client:
        yield client


def _shares(gpus: bool) -> list[dict[str, str]]:
    """The environment of each local worker: one for a CUDA device, or for so many cores as a training has threads."""
    if gpus:
        import torch

        devices = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(torch.cuda.device_count())))
        return [{"CUDA_VISIBLE_DEVICES": device} for device in devices.split(",")]
    from dask.system import CPU_COUNT

    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    return [{"OMP_NUM_THREADS": str(threads)}] * max(1, CPU_COUNT // threads)
