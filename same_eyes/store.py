"""Stored predictions: one ``.npz`` and one small, readable ``.json`` for every training that was run.

The npz holds, per split, log-probabilities clipped at -30 as float16; they are renormalised on loading. The
manifest says what was asked (and its hash, the *signature*), what came out, and where and when it ran. A run
whose method or recipe has changed since has another signature: it is *stale*, and never used in silence.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from . import parse
from .method import RECIPES, Method
from .types import BadInput, Predictions

FLOOR = -30.0  # of log-probabilities
FIRST_IMAGE = {("cifar10n", "heldout"): 40_000}  # where a study's split starts in its data set, if not at 0

FACTS = {  # of a manifest, and what each must be; the last three only where they are given
    "signature": str,
    "sha256": str,
    "splits": dict,
    "accuracy": dict,
    "seconds": int | float,
    "device": str,
}

Status = Literal["stored", "stale", "damaged", "missing"]


class Stale(BadInput):
    """A stored run that answers another question than the one asked now."""


@dataclass(frozen=True, order=True)
class Run:
    """One training, as it is asked for.

    Attributes
    ----------
    study, recipe, labels, method, backbone : str
    seed : int
    """

    study: str
    recipe: str
    labels: str
    method: str
    backbone: str
    seed: int = 0

    @property
    def name(self) -> str:
        """Its files' path below the store, without suffix."""
        return f"{self.study}/{self.recipe}/{self.labels}-{self.backbone}-{self.method}-{self.seed}"

    def asked(self, methods: Mapping[str, Method]) -> dict[str, Any]:
        """All that decides the outcome, as plain data: the run, its recipe, its method, the one it starts from."""
        method = methods[self.method]
        recipe = replace(method.adapt(RECIPES[self.recipe]), backbone=self.backbone)
        asked = asdict(self) | {"recipe": asdict(recipe), "method": method.facts()}
        if method.starts_from:
            asked["start"] = self.start(methods).signature(methods)
        return asked

    def start(self, methods: Mapping[str, Method]) -> Run:
        """The run whose network this one takes over."""
        starts_from = methods[self.method].starts_from
        if starts_from is None:
            raise ValueError(f"{self.method} starts from random weights.")
        return replace(self, method=starts_from)

    def signature(self, methods: Mapping[str, Method]) -> str:
        """Hash of what is asked: 16 hexadecimal digits; "", which no run has, where method or recipe is unknown."""
        if self.method not in methods or self.recipe not in RECIPES:
            return ""
        text = json.dumps(self.asked(methods), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Store:
    """A folder of stored runs.

    Parameters
    ----------
    root : path
        For instance the repository's ``predictions/``.
    methods : mapping of str to Method
        As :func:`same_eyes.method.available` gives them.
    """

    root: Path
    methods: Mapping[str, Method]

    def status(self, run: Run) -> Status:
        """Whether a run is "stored", "stale" (asked otherwise since), "damaged" or "missing"."""
        if not self._path(run, ".json").exists():
            return "missing"
        try:
            manifest = self.manifest(run)
            if manifest["signature"] != run.signature(self.methods):
                return "stale"
            self._read(run)
        except BadInput:
            return "damaged"
        return "stored"

    def manifest(self, run: Run) -> dict[str, Any]:
        """What is known of a stored run."""
        path = self._path(run, ".json")
        try:
            manifest = parse.json(path)
            if not isinstance(manifest, dict) or not {"signature", "sha256", "splits"} <= manifest.keys():
                raise BadInput("it lacks signature, sha256 or splits")
            for fact, kind in FACTS.items():
                if fact in manifest and not isinstance(manifest[fact], kind):
                    raise BadInput(f"{fact} is {manifest[fact]!r:.50}")
        except BadInput as error:
            raise BadInput(f"{path}: not a manifest of a run ({error}). {remedy(run)}") from None
        return manifest

    def load(self, run: Run, stale: bool = False) -> dict[str, Predictions]:
        """A stored run's predictions, by split.

        Parameters
        ----------
        run : Run
        stale : bool
            Whether to load it although its method or recipe has changed since, or is not at hand.

        Raises
        ------
        FileNotFoundError
            It is not stored.
        Stale
            Its method or recipe has changed since.
        BadInput
            Its file is damaged, or does not hold what its manifest says.
        """
        path = self._path(run, ".npz")
        if not self._path(run, ".json").exists():
            raise FileNotFoundError(f"{path}: not stored. {remedy(run)}")
        manifest = self.manifest(run)
        if not stale and manifest["signature"] != run.signature(self.methods):
            raise Stale(f"{path}: its method or recipe has changed since it was trained. {remedy(run)}")
        try:
            manifest, blob = self._read(run)
            found = {
                split: Predictions(
                    probs,
                    np.arange(len(probs)) + FIRST_IMAGE.get((run.study, split), 0),
                    method=run.method,
                    labels=run.labels,
                    backbone=run.backbone,
                    recipe=run.recipe,
                    seed=run.seed,
                    split=split,
                )
                for split, probs in unpack(blob, "its content").items()
            }
        except BadInput as error:
            raise BadInput(f"{path}: {error} {remedy(run)}") from None
        rows = {split: len(predictions.probs) for split, predictions in found.items()}
        if rows != manifest["splits"]:
            raise BadInput(f"{path}: holds rows {rows}, its manifest says {manifest['splits']}. {remedy(run)}")
        return found

    def save(self, run: Run, probs: Mapping[str, NDArray], facts: Mapping[str, Any]) -> Path:
        """Store a run's probabilities with its manifest: whole, or not at all.

        Parameters
        ----------
        run : Run
        probs : mapping of str to (n, k) float
            Probabilities, by split.
        facts : mapping
            What else the manifest should say: accuracy, seconds, device, versions, commit.
        """
        for split, p in probs.items():
            Predictions(p, method=run.method, split=split)  # refuses what no one should store
        blob = pack(probs)
        manifest = {
            "signature": run.signature(self.methods),
            "sha256": hashlib.sha256(blob).hexdigest(),
            "splits": {split: len(p) for split, p in probs.items()},
            **facts,
            "asked": run.asked(self.methods),
        }
        path = self._path(run, ".npz")
        text = json.dumps(manifest, indent=1) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / ".lock"):  # stays: whoever waits for a lock file must not lose it
            replace_files({path: blob, path.with_suffix(".json"): text.encode()})
        return path

    def runs(self) -> list[Run]:
        """Every run that has a manifest here, whatever its status."""
        found = []
        for path in sorted(self.root.glob("*/*/*.json")):
            named = re.fullmatch(r"(\w+)-(\w+)-(\w+)-(0|[1-9]\d*)", path.stem, re.ASCII)
            if not named:
                raise BadInput(f"{path}: not named labels-backbone-method-seed, as a run's manifest is. Move it away.")
            labels, backbone, method, seed = named.groups()
            found.append(Run(path.parts[-3], path.parts[-2], labels, method, backbone, int(seed)))
        return found

    def _read(self, run: Run) -> tuple[dict[str, Any], bytes]:
        """A run's manifest and npz, as they were stored together."""
        try:
            return self._pair(run)
        except BadInput as error:  # or another process has replaced one of the two so far: wait for it, and look again
            try:
                with FileLock(self.root / ".lock"):
                    return self._pair(run)
            except OSError:  # a store that cannot be written to
                raise error from None

    def _pair(self, run: Run) -> tuple[dict[str, Any], bytes]:
        manifest, path = self.manifest(run), self._path(run, ".npz")
        if not path.exists():
            raise BadInput("lost, only its manifest is there.")
        blob = path.read_bytes()
        if hashlib.sha256(blob).hexdigest() != manifest["sha256"]:
            raise BadInput("damaged, its SHA-256 is not its manifest's.")
        return manifest, blob

    def _path(self, run: Run, suffix: str) -> Path:
        return self.root / (run.name + suffix)


def pack(probs: Mapping[str, NDArray]) -> bytes:
    """Probabilities as a compressed npz of float16 log-probabilities, clipped at -30."""
    buffer = io.BytesIO()
    with np.errstate(divide="ignore"):
        logs = {split: np.log(np.clip(p, 0, None, dtype=np.float64)) for split, p in probs.items()}
    logs = {split: log_p.clip(FLOOR).astype(np.float16) for split, log_p in logs.items()}
    np.savez_compressed(buffer, **logs)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(blob: bytes, name: str) -> dict[str, NDArray[np.float32]]:
    """The reverse of :func:`pack`, renormalised. ``name`` is for the error message."""
    try:
        logs = parse.arrays(blob)
        if "" in logs:
            raise BadInput("it holds an array that is named after no split")
    except BadInput as error:
        raise BadInput(f"{name}: not a file of predictions ({error}).") from None
    for split, log_p in logs.items():
        if log_p.ndim != 2 or not log_p.size or log_p.dtype.kind != "f" or not np.isfinite(log_p).all():
            what = f"shape {log_p.shape} of {log_p.dtype}"
            raise BadInput(f"{name}: {split!r} holds no finite (n, k) log-probabilities, but {what}.")
    return {split: _normalised(log_p.astype(np.float64)).astype(np.float32) for split, log_p in logs.items()}


def _normalised(log_p: NDArray) -> NDArray:
    with np.errstate(over="ignore"):
        p = np.exp(log_p - log_p.max(1, keepdims=True))  # no row of it is all zero
    return p / p.sum(1, keepdims=True)


def replace_file(path: Path, blob: bytes) -> None:
    """Write a file whole or not at all."""
    replace_files({path: blob})


def replace_files(blobs: Mapping[Path, bytes]) -> None:
    """Write files whole or not at all: none is replaced before the disk holds them all. Folders are made."""
    mark = uuid.uuid4().hex  # not the process id: two machines that share the folder may have the same
    partials = {path: path.with_name(f"{path.name}.{mark}.part") for path in blobs}
    try:
        for path, blob in blobs.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partials[path].write_bytes(blob)
        for path, partial in partials.items():
            os.replace(partial, path)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)


def remedy(run: Run) -> str:
    """The sentence that says how to get a run."""
    default = RECIPES[run.recipe].backbone if run.recipe in RECIPES else ""
    backbone = "" if run.backbone == default else f" --backbone {run.backbone}"
    return (
        f"Train it: same-eyes train {run.method} --study {run.study} --recipe {run.recipe} "
        f"--labels {run.labels}{backbone} --seed {run.seed}"
    )
