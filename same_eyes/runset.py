"""A set of runs that belong together: one machine per method, trained by one recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from . import studies
from .method import RECIPES, Method
from .places import leaf, work
from .store import Run, Store, remedy
from .types import Predictions

STUDY = [
    "cores",
    "ce",
    "pls",
    "fdiv",
    "gce",
    "fw",
    "peerloss",
    "bw",
    "nls",
    "cal",
    "coteaching_plus",
    "jocor",
    "coteaching",
]  # in the order of the paper's Table 1

# Whose labels and which backbone each method has in Figures 4 and 6. The study drew them at random and does not say how
# they fell; these are numpy.random.default_rng(seed).permutation(13) % 3 over STUDY, seed 0 and seed 1.
LABELS = {
    "random1": ["fw", "peerloss", "bw", "nls", "cal"],
    "random2": ["cores", "pls", "fdiv", "coteaching"],
    "random3": ["ce", "gce", "coteaching_plus", "jocor"],
}
BACKBONES = {
    "resnet": ["fdiv", "gce", "nls", "jocor", "coteaching"],
    "vgg": ["cores", "ce", "pls", "fw"],
    "inception": ["peerloss", "bw", "cal", "coteaching_plus"],
}


@dataclass(frozen=True, eq=False)
class RunSet:
    """The runs that one session judges.

    Attributes
    ----------
    name : str
        "main": every machine learns from random1. "labels": each from one of the three people (Figure 4).
        "backbones": each with one of three backbones (Figure 6).
    runs : mapping of str to sequence of Run
        A machine's title to its runs, one a seed.
    predictions : path
        The store they are looked up in.
    """

    name: str
    study: str
    recipe: str
    methods: Mapping[str, Method]
    runs: Mapping[str, Sequence[Run]]
    data_dir: Path | None = None
    predictions: Path = field(default_factory=lambda: leaf("predictions"))

    @classmethod
    def choose(
        cls,
        study: str,
        methods: Mapping[str, Method],
        recipe: str | None = None,
        data_dir: Path | None = None,
        predictions: Path | None = None,
    ) -> RunSet:
        """The set by a recipe, or by the preferred recipe of which every run is stored; else the fullest."""
        candidates = [recipe] if recipe else list(studies.RECIPES[study])
        sets = [cls._main(study, name, methods, data_dir, predictions or leaf("predictions")) for name in candidates]
        return max(sets, key=lambda s: (len(s.stored()) == len(s.runs), len(s.stored())))

    @classmethod
    def _main(
        cls, study: str, recipe: str, methods: Mapping[str, Method], data_dir: Path | None, predictions: Path
    ) -> RunSet:
        backbone = RECIPES[recipe].backbone
        store = Store(predictions, methods)
        asked = {m: Run(study, recipe, "random1", m, backbone, 0) for m in methods}
        others = [m for m in methods if m not in STUDY and store.status(asked[m]) != "missing"]
        ordered = [m for m in STUDY if m in methods] + others
        runs = {methods[m].title: (asked[m],) for m in ordered}
        return cls("main", study, recipe, methods, runs, data_dir, predictions)

    def labels(self) -> RunSet:
        """The same methods, each trained on one person's labels: ``LABELS``."""
        return self._varied("labels", "labels", LABELS)

    def backbones(self) -> RunSet:
        """The same methods, each with one of three backbones: ``BACKBONES``."""
        return self._varied("backbones", "backbone", BACKBONES)

    def _varied(self, name: str, what: str, groups: Mapping[str, Sequence[str]]) -> RunSet:
        """The same runs but for what each method's group decides; a method in no group is left out."""
        given: dict[str, dict[str, Any]] = {m: {what: group} for group, methods in groups.items() for m in methods}
        runs = {
            title: tuple(replace(run, **given[run.method]) for run in runs)
            for title, runs in self.runs.items()
            if all(run.method in given for run in runs)
        }
        return replace(self, name=name, runs=runs)

    @property
    def names(self) -> list[str]:
        """The machines, by title."""
        return list(self.runs)

    @property
    def own(self) -> list[str]:
        """The machines that are not of the study: another package's methods, of which a run is stored."""
        return [name for name, runs in self.runs.items() if any(run.method not in STUDY for run in runs)]

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every stored run's predictions, by the run's name."""
        runs = [run for name in self.stored() for run in self.runs[name]]
        return {run.name: self.store.manifest(run)["sha256"] for run in runs}

    @property
    def store(self) -> Store:
        """Where the runs are looked up."""
        return Store(self.predictions, self.methods)

    def stored(self) -> list[str]:
        """The machines whose every run is stored and not stale."""
        return [name for name, runs in self.runs.items() if all(self.store.status(run) == "stored" for run in runs)]

    def why_missing(self, name: str) -> str:
        """Why a machine has no predictions, and the command that makes them."""
        run = next(run for run in self.runs[name] if self.store.status(run) != "stored")
        status = self.store.status(run)
        what = {"stale": "was trained before its method or recipe changed", "damaged": "is damaged"}.get(
            status, "is not stored"
        )
        return f"the run {run.name} {what}. {remedy(run)}"

    def describe(self) -> str:
        """One phrase: which recipe, and how many machines are there."""
        return f"recipe {self.recipe}, {len(self.stored())} of {len(self.runs)} machines stored"

    def machines(self, train: str = "never", split: str = "heldout") -> dict[str, tuple[Predictions, ...]]:
        """Predictions of every machine at hand, training first what is asked for.

        Parameters
        ----------
        train : {"never", "missing", "always"}
            "missing" trains and stores runs that are not stored; "always" trains every run afresh, into the
            working folder, and leaves the stored ones as they are. A set of runs is trained once.
        split : str
            The images predicted, "heldout" or "official"; a machine that has not seen them is left out.

        Raises
        ------
        BadInput
            A stored run is damaged.
        """
        store = _trained(self, train)
        loaded = {
            name: tuple(store.load(run) for run in runs)
            for name, runs in self.runs.items()
            if all(store.status(run) in ("stored", "damaged") for run in runs)
        }
        return {
            name: tuple(splits[split] for splits in runs)
            for name, runs in loaded.items()
            if all(split in splits for splits in runs)
        }


@cache
def _trained(runset: RunSet, train: str) -> Store:
    """The store to read from, once what is asked for has been trained."""
    store = runset.store if train != "always" else Store(work() / "always", runset.methods)
    if train != "never":
        from .plan import trainer

        wanted = [run for runs in runset.runs.values() for run in runs]
        trainer(store, runset.data_dir, afresh=train == "always").train_all(wanted)
    return store
