"""A set of runs that belong together: one machine per method, trained by one recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import studies
from .method import RECIPES, Method
from .places import leaf, work
from .store import Run, Status, Store, remedy
from .types import Predictions

if TYPE_CHECKING:
    from .plan import Trainer

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

SEEDS = range(1, 5)  # of further trainings, used where they are stored

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
    added : sequence of str
        Methods that the user named, by ``--method``. What the store lacks of them is looked up, and kept, ``aside``.
    aside : path
        The user's own store.
    given : mapping of str to sequence of (mapping of str to Predictions)
        Machines that are known by a user's files: a name to predictions by split, one a training.
    left_out : mapping of str to Run
        Machines of other packages whose runs are stale, by title: nothing is said of these.
    """

    name: str
    study: str
    recipe: str
    methods: Mapping[str, Method]
    runs: Mapping[str, Sequence[Run]]
    data_dir: Path | None = None
    predictions: Path = field(default_factory=lambda: leaf("predictions"))
    added: Sequence[str] = ()
    aside: Path = field(default_factory=lambda: work() / "own")
    given: Mapping[str, Sequence[Mapping[str, Predictions]]] = field(default_factory=dict)
    left_out: Mapping[str, Run] = field(default_factory=dict)

    @classmethod
    def choose(
        cls,
        study: str,
        methods: Mapping[str, Method],
        recipe: str | None = None,
        data_dir: Path | None = None,
        predictions: Path | None = None,
        added: Sequence[str] = (),
        given: Mapping[str, Sequence[Mapping[str, Predictions]]] | None = None,
    ) -> RunSet:
        """The set by a recipe, or by the preferred one of which every run is stored; else the fullest, or the shortest.

        The methods ``added`` belong to it whether a run of theirs is stored or not; without a store named, their runs
        are kept in the working folder. Machines ``given`` stand beside the runs.
        """
        store = Store(predictions or leaf("predictions"), methods)
        candidates = [recipe] if recipe else list(studies.RECIPES[study])
        sets = [cls._main(study, name, store, data_dir, added) for name in candidates]
        fullest = max(sets, key=lambda s: (len(s.stored()) == len(s.runs), len(s.stored())))
        chosen = fullest if fullest.stored() else sets[-1]
        backbone = RECIPES[chosen.recipe].backbone
        theirs = {methods[m].title: (Run(study, chosen.recipe, "random1", m, backbone),) for m in added}
        aside = predictions or work() / "own"
        return replace(chosen, runs={**chosen.runs, **theirs}, added=added, aside=aside, given=given or {})

    @classmethod
    def _main(cls, study: str, recipe: str, store: Store, data_dir: Path | None, added: Sequence[str]) -> RunSet:
        methods = {name: method for name, method in store.methods.items() if name not in added}
        asked = {m: Run(study, recipe, "random1", m, RECIPES[recipe].backbone) for m in methods}
        status = {m: store.status(asked[m]) for m in methods if m not in STUDY}
        ordered = [m for m in STUDY if m in methods] + [m for m in status if status[m] in ("stored", "damaged")]
        runs = {methods[m].title: _trainings(store, asked[m]) for m in ordered}
        left_out = {methods[m].title: asked[m] for m in status if status[m] == "stale"}
        return cls("main", study, recipe, store.methods, runs, data_dir, store.root, left_out=left_out)

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
            title: _trainings(self.store, replace(run, **given[run.method]))
            for title, (run, *_) in self.runs.items()
            if run.method in given
        }
        return replace(self, name=name, runs=runs, added=(), given={}, left_out={})

    @property
    def names(self) -> list[str]:
        """The machines: by title those of methods, then those that are given."""
        return [*self.runs, *self.given]

    @property
    def own(self) -> list[str]:
        """The machines that are not of the study: of other packages' methods, of the user's, and those given."""
        return [name for name, runs in self.runs.items() if any(run.method not in STUDY for run in runs)] + [
            *self.given
        ]

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every machine's predictions, by the name of the run or of who gave them."""
        runs = [run for name in self.stored() for run in self.runs[name]]
        given = {
            f"{name}-{number} ({split})": hashlib.sha256(predictions.probs.tobytes()).hexdigest()
            for name, trainings in self.given.items()
            for number, splits in enumerate(trainings)
            for split, predictions in splits.items()
        }
        return {run.name: self.store_of(run).manifest(run)["sha256"] for run in runs} | given

    @property
    def store(self) -> Store:
        """Where the runs are looked up."""
        return Store(self.predictions, self.methods)

    def store_of(self, run: Run) -> Store:
        """Where one run is looked up: the store; aside, for a method that the user named and the store lacks."""
        if run.method in self.added and self.store.status(run) != "stored":
            return Store(self.aside, self.methods)
        return self.store

    def status(self, run: Run) -> Status:
        """A run's status where it is looked up."""
        return self.store_of(run).status(run)

    def stored(self) -> list[str]:
        """The machines whose every run is stored and not stale."""
        return [name for name, runs in self.runs.items() if all(self.status(run) == "stored" for run in runs)]

    def why_missing(self, name: str) -> str:
        """Why a machine has no predictions, and the command that makes them."""
        run = next(run for run in self.runs[name] if self.status(run) != "stored")
        what = {"stale": "was trained before its method or recipe changed", "damaged": "is damaged"}.get(
            self.status(run), "is not stored"
        )
        return f"the run {run.name} {what}. {remedy(run)}"

    def warnings(self) -> list[str]:
        """A line for each machine that a user would look for and that is left out."""
        return [
            f"{title} is left out: the run {run.name} was trained before its method or recipe changed. {remedy(run)}"
            for title, run in self.left_out.items()
        ]

    def describe(self) -> str:
        """One phrase: which recipe, and how many machines are there."""
        if not self.runs:
            return f"{len(self.given)} machines, known by their files"
        again = sum(len(self.runs[name]) > 1 for name in self.stored())
        several = f", {again} of them trained several times" if again else ""
        beside = f", and beside them {', '.join(self.given)}" if self.given else ""
        return f"recipe {self.recipe}, {len(self.stored())} of {len(self.runs)} machines stored{several}{beside}"

    def untrained(self) -> list[Run]:
        """The runs of methods that the user named, as far as they are not stored."""
        runs = [run for runs in self.runs.values() for run in runs if run.method in self.added]
        return [run for run in runs if self.status(run) != "stored"]

    def machines(self, split: str = "heldout") -> dict[str, tuple[Predictions, ...]]:
        """Predictions of every machine at hand.

        Parameters
        ----------
        split : str
            The images predicted, "heldout" or "official"; a machine that has not seen them is left out.

        Raises
        ------
        BadInput
            A stored run is damaged.
        """
        loaded = {
            name: tuple(self.store_of(run).load(run) for run in runs)
            for name, runs in self.runs.items()
            if all(self.status(run) in ("stored", "damaged") for run in runs)
        }
        loaded |= {name: tuple(map(dict, trainings)) for name, trainings in self.given.items()}
        return {
            name: tuple(splits[split] for splits in runs)
            for name, runs in loaded.items()
            if all(split in splits for splits in runs)
        }

    def trained(self, train: str = "never") -> RunSet:
        """The same set once what is asked for has been trained, and what of the user's methods is not stored.

        Parameters
        ----------
        train : {"never", "missing", "always"}
            "missing" trains and stores runs that are not stored; "always" trains every run afresh, into the
            working folder, and leaves the stored ones as they are.
        """
        runs = [run for runs in self.runs.values() for run in runs]
        if train == "always":
            afresh = self.afresh()
            self._trainer(afresh.predictions, afresh=True).train_all(runs)
            return afresh
        if train == "missing":
            self._trainer(self.predictions).train_all(run for run in runs if run.method not in self.added)
        for run in self.untrained():  # not train_all: a start that only the other store holds is not stored again
            self._trainer(self.aside).train(run)
        return self

    def afresh(self) -> RunSet:
        """The same set as "always" trains it: in a store of its own."""
        folder = work() / "always"
        return replace(self, predictions=folder, aside=folder)

    def _trainer(self, root: Path, afresh: bool = False) -> Trainer:
        from .plan import trainer

        return trainer(Store(root, self.methods), self.data_dir, afresh=afresh)


def _trainings(store: Store, run: Run) -> tuple[Run, ...]:
    """A run, and the same with each other seed of which there is a stored one."""
    others = (replace(run, seed=seed) for seed in SEEDS)
    return (run, *(other for other in others if store.status(other) in ("stored", "damaged")))
