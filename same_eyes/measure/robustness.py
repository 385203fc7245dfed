"""Does each claim survive: other labels, recipes, backbones and seeds, other people, other images?

A *variant* is the study with one thing changed. In each, the claims' own tests are run (as the suite runs them, known
deviations aside), and the worst of a claim's cases is its verdict. A variant whose machines are not all trained says
so, with the command that trains them.

============  ======================================================================================================
about         variants
============  ======================================================================================================
machines      learnt from another label set, from three (Figure 4), with three backbones (Figure 6), from another
              seed, by another recipe, and by that from another seed where it is trained
people        one of the people left out; the released majority, or the worst answer, as one more person
images        as many that a machine (or a person) gets as it misses, the "balanced set" of Section 3.4; CIFAR-10's
              official test images with CIFAR-10H's people (``--study cifar10h``)
============  ======================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from .. import data, studies
from ..claims import Case, Claim, Verdict, headline, read_claims
from ..places import leaf
from ..runset import RunSet
from ..types import Annotators, BadInput, Study
from .core import Measured

About = Literal["machines", "people", "images"]

# The claims of which each sentence says something about any people and machines: no printed number, no one method.
CLAIMS = (
    "machines-above-people-strict",
    "machines-err-together",
    "machines-err-together-strict",
    "machines-err-on-the-same-images",
    "machines-agree-beyond-confusions",
    "machines-err-unlike-people",
    "machines-err-unlike-people-strict",
    "mixed-pairs-err-as-people-do",
    "mixed-pairs-err-as-people-do-strict",
    "mixed-pairs-err-on-the-same-images",
    "mixed-pairs-agree-beyond-confusions",
    "machines-confuse-classes-unlike-people",
    "people-err-apart-strict",
    "people-agree-beyond-confusions",
    "people-know-what-machines-miss-strict",
    "confidence-guides-machines-more-strict",
    "people-lead-at-low-confidence-strict",
    "agreement-guides-machines-more-strict",
    "machines-match-across-labels",
    "person-gains-more-oracle",
    "person-gains-more-oracle-strict",
    "team-beats-each-member-strict",
    "person-gains-more-realistic",
    "person-gains-more-realistic-strict",
    "majority-gains-more-realistic-strict",
    "threshold-improves-strict",
    "oracle-above-realistic-strict",
    "team-beats-all-strict",
)
RECIPES = ("small", "short", "full")  # those that differ in nothing but how long and how large a network is trained
SEEDS = (1, 2)


class Variant(NamedTuple):
    """The study with one thing changed; ``make`` gives it, or ``why`` says why it is not there."""

    name: str
    about: About
    make: Callable[[], Study] | None
    why: str = ""


class Cell(NamedTuple):
    """How a claim ended in a variant: its verdict, how many of its cases hold, and the worst of them."""

    verdict: Verdict | Literal["not run"]
    hold: int = 0
    cases: int = 0
    case: str = ""
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    allowed: str = ""
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """Claims, variants, and a cell for each two."""

    claims: Sequence[Claim]
    variants: Sequence[Variant]
    cells: Mapping[tuple[str, str], Cell]

    def table(self) -> pd.DataFrame:
        """A row a cell."""
        return pd.DataFrame(
            [
                {"claim": claim.id, "number": claim.number, "reading": claim.reading, "says": claim.says}
                | {"variant": variant.name, "about": variant.about}
                | self.cells[claim.id, variant.name]._asdict()
                for claim in self.claims
                for variant in self.variants
            ]
        )


def grid(
    variants: Sequence[Variant],
    claims: Sequence[str] = CLAIMS,
    replicates: int = 2000,
    progress: Callable[[Sequence[Variant]], Iterator[Variant]] = iter,
) -> Grid:
    """Run the claims' own tests in every variant.

    Parameters
    ----------
    variants : sequence of Variant
    claims : sequence of str
        Their ids.
    replicates : int
        Bootstrap samples behind each interval.
    progress : callable
        Shows how far it is: tqdm, say.
    """
    known = read_claims(leaf("expected"))
    cells: dict[tuple[str, str], Cell] = {}
    for variant in progress(variants):
        if variant.make is None:
            cells |= {(claim, variant.name): Cell("not run", note=variant.why) for claim in claims}
            continue
        measured = Measured(variant.make(), replicates)
        cells |= {(claim, variant.name): _cell(claim, measured) for claim in claims}
    return Grid([known[claim] for claim in claims], variants, cells)


def _cell(claim: str, measured: Measured) -> Cell:
    from ..testing.worlds import World, run_claim

    also = dict.fromkeys(("measured", "measured_labels", "measured_backbones"), partial(_itself, measured))
    cases = run_claim(claim, World(lambda: measured.study, also=also))
    worst: Case = headline(cases)
    return Cell(
        worst.verdict,
        sum(case.verdict == "reproduced" for case in cases),
        len(cases),
        worst.name,
        worst.measured,
        worst.low,
        worst.high,
        worst.allowed,
        worst.note,
    )


def _itself(measured: Measured) -> Measured:
    return measured


# --- The variants ---------------------------------------------------------------------------------------------


def of_runs(runset: RunSet) -> list[Variant]:
    """Every variant of a study of the suite.

    Raises
    ------
    BadInput
        The study's people are simulated: no claim is about them; or no machine is stored.
    """
    if runset.study != "cifar10n":
        raise BadInput(f"the people of study {runset.study!r} are simulated: no claim of the paper is about them.")
    if not runset.stored():
        raise BadInput(f"no machine is stored; {runset.why_missing(runset.names[0])}")
    return [*_machines(runset), *_people(runset), *_images(runset)]


def _machines(runset: RunSet) -> Iterator[Variant]:
    yield _trained("as it is", runset)
    for labels in ("random2", "random3", "aggre", "worst"):
        yield _trained(f"labels {labels}", _changed(runset, labels=labels), f"--labels {labels}")
    yield _trained("labels mixed", runset.labels(), sets="labels")
    yield _trained("backbones mixed", runset.backbones(), sets="backbones")
    for seed in SEEDS:
        yield _trained(f"seed {seed}", _changed(runset, seed=seed), f"--seed {seed}")
    for recipe in RECIPES:
        if recipe != runset.recipe:
            other = RunSet.choose(runset.study, runset.methods, recipe, runset.data_dir, runset.predictions)
            yield _trained(f"recipe {recipe}", _changed(other, seed=0))
            further = (_trained(f"recipe {recipe}, seed {seed}", _changed(other, seed=seed)) for seed in SEEDS)
            yield from (variant for variant in further if variant.make)


def _changed(runset: RunSet, **what: str | int) -> RunSet:
    """One training of each machine, with something changed."""
    runs = {name: (replace(first, **what),) for name, (first, *_) in runset.runs.items()}  # type: ignore[arg-type]
    return replace(runset, name=" ".join(map(str, what.values())), runs=runs, added=(), given={}, left_out={})


def _trained(name: str, runset: RunSet, options: str = "", sets: str = "") -> Variant:
    stored, wanted = len(runset.stored()), len(runset.runs)
    if stored < wanted:
        what = f"--set {sets}" if sets else options
        command = " ".join(f"same-eyes train --all --study {runset.study} --recipe {runset.recipe} {what}".split())
        return Variant(name, "machines", None, f"{stored} of {wanted} runs are stored; {command}")
    return Variant(name, "machines", lambda: studies.heldout(runset.study, runset.machines(), runset.data_dir))


def _study(runset: RunSet) -> Study:
    return studies.heldout(runset.study, runset.machines(), runset.data_dir)


def _people(runset: RunSet) -> Iterator[Variant]:
    names = studies.whole(runset.study, runset.data_dir).people.names
    for name in names:
        yield Variant(f"without {name}", "people", partial(lambda left_out: without(_study(runset), left_out), name))
    for labels in ("aggre", "worst"):
        yield Variant(f"{labels} as a person", "people", partial(_one_more, runset, labels))


def without(study: Study, name: str) -> Study:
    """The study without one of its people."""
    return _with_people(study, [j for j, other in enumerate(study.people.names) if other != name])


def _with_people(study: Study, columns: Sequence[int]) -> Study:
    people = study.people
    kept = Annotators(people.labels[:, columns], people.classes, [people.names[j] for j in columns])
    return replace(study, people=kept)


def _one_more(runset: RunSet, labels: str) -> Study:
    study = _study(runset)
    column = data.cifar10n(runset.data_dir).labels[labels][study.index]
    people = np.column_stack([study.people.labels, column])
    return replace(study, people=Annotators(people, study.people.classes, [*study.people.names, labels.capitalize()]))


def _images(runset: RunSet) -> Iterator[Variant]:
    machine, person = runset.names[0], studies.whole(runset.study, runset.data_dir).people.names[0]
    for name in ("CE" if "CE" in runset.names else machine, person):
        yield Variant(f"balanced on {name}", "images", partial(lambda by: balanced(_study(runset), by), name))
    yield _official(runset)


def balanced(study: Study, name: str, seed: int = 0) -> Study:
    """As many images that one of them gets as it misses: all of the rarer kind, and as many of the other at random."""
    right = Measured(study).trainings[0].right(name)[:, 0]
    kinds = np.flatnonzero(right), np.flatnonzero(~right)
    size, rng = min(map(len, kinds)), np.random.default_rng(seed)
    return study.take(np.sort(np.concatenate([rng.choice(kind, size, replace=False) for kind in kinds])))


def _official(runset: RunSet) -> Variant:
    name = "CIFAR-10H's people"
    missing = [machine for machine in runset.names if machine not in runset.machines("official")]
    if missing:
        return Variant(name, "images", None, f"{', '.join(missing)} did not predict the official test images")
    try:
        study = studies.cifar10h(runset.machines("official"), runset.data_dir)
    except data.MissingData as why:
        return Variant(name, "images", None, " ".join(str(why).split()))
    return Variant(name, "images", lambda: study)
