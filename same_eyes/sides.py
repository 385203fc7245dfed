"""The two sides of a gate: the machines now, and those of the baseline, of another commit or of another folder."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from . import baseline, places, studies
from .claims import Estimate
from .gate import Gate, Side, compare, read_margins
from .measure import Measured
from .measure.core import accuracy
from .measure.quantities import quantities
from .places import leaf
from .runset import RunSet
from .store import Store
from .types import BadInput, Predictions, Study

Machines = Mapping[str, Sequence[Predictions]]


def against_numbers(runset: RunSet, path: Path, replicates: int) -> tuple[Side | None, Side]:
    """The numbers of a baseline, None where it has none of this study and recipe; and the machines now."""
    machines, hashes = of_runs(runset)
    now = measure(heldout(runset, machines), hashes, list(machines), replicates)
    return stored(path, name(runset)), now


def against_folder(runset: RunSet, folder: Path, replicates: int) -> tuple[Side, Side]:
    """The machines of another store, and the machines now, both measured here on the machines that both have."""
    machines, hashes = of_runs(runset)
    others, theirs = of_folder(folder, runset)
    common = [title for title in machines if title in others]
    return (
        measure(heldout(runset, others), theirs, common, replicates),
        measure(heldout(runset, machines), hashes, common, replicates),
    )


def against_machine(
    runset: RunSet, name: str, new: Sequence[Predictions], old: Sequence[Predictions], replicates: int
) -> tuple[Side, Side]:
    """A machine in another's place: the old one and the new one, each alone among the people, by the new one's name."""
    before, now = (heldout(runset, {name: runs}) for runs in (old, new))
    return measure(before, {name: "old"}, [name], replicates), measure(now, {name: "new"}, [name], replicates)


def measure(study: Study, hashes: Mapping[str, str], common: Sequence[str], replicates: int) -> Side:
    """One side whose predictions are at hand.

    Parameters
    ----------
    study : Study
        With its machines.
    hashes : mapping of str to str
        SHA-256 of each machine's predictions.
    common : sequence of str
        The machines that both sides have, on which all is measured; of the others the accuracy alone.
    replicates : int
        Bootstrap samples.
    """
    measured = Measured(study, replicates)
    side = of_measured(_only(measured, common), hashes)
    rest = {("accuracy", title): accuracy(measured, title) for title in measured.machines if title not in common}
    return replace(side, quantities={**side.quantities, **rest})


def of_measured(measured: Measured, hashes: Mapping[str, str]) -> Side:
    """The side that these machines are."""
    study = measured.study
    once = {title: runs[0] for title, runs in study.machines.items() if len(runs) == 1}
    right = {title: run.labels_predicted == study.truth for title, run in once.items()}
    return Side(quantities(measured) if study.machines else {}, hashes, right)


def _only(measured: Measured, titles: Sequence[str]) -> Measured:
    """The same study with some of its machines; itself, with what it has computed, where these are all."""
    if list(titles) == measured.machines:
        return measured
    machines = {title: measured.study.machines[title] for title in titles}
    return replace(measured, study=replace(measured.study, machines=machines))


def of_baseline(measured: Measured, runset: RunSet) -> Gate:
    """The study's machines as a run of the suite has measured them, held to the numbers of the baseline."""
    kept, now = stored(leaf("expected") / "baseline.json", name(runset)), of_suite(measured, runset)
    before = kept or Side({}, {})
    rows = compare(before, now, read_margins(leaf("expected") / "gate.toml"))
    return Gate(title(runset), "the numbers of expected/baseline.json", rows, notes=notes(runset, before, now))


def of_suite(measured: Measured, runset: RunSet) -> Side:
    """The study's machines as a run of the suite has measured them, without those of a user."""
    titles = [title for title in measured.machines if title not in runset.own]
    return of_measured(_only(measured, titles), _hashes(runset, titles))


def of_runs(runset: RunSet) -> tuple[Machines, dict[str, str]]:
    """The machines of a set of runs on the held-out images, and the SHA-256 of each one's predictions."""
    machines = runset.machines()
    return machines, _hashes(runset, list(machines))


def of_folder(folder: Path, like: RunSet) -> tuple[Machines, dict[str, str]]:
    """The machines of another store, trained by the recipe of ``like``, whatever the methods were when they were.

    Raises
    ------
    BadInput
        No such folder; a run that is damaged.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no folder. Name a store of runs, such as predictions/, or a commit.")
    store = Store(folder, like.methods)
    alike = {(run.labels, run.backbone, run.seed) for runs in like.runs.values() for run in runs}
    machines: dict[str, tuple[Predictions, ...]] = {}
    hashes: dict[str, str] = {}
    for run in store.runs():
        if (run.study, run.recipe) == (like.study, like.recipe) and (run.labels, run.backbone, run.seed) in alike:
            title = like.methods[run.method].title if run.method in like.methods else run.method
            loaded = store.load(run, stale=True)
            if "heldout" in loaded:
                machines[title] = (*machines.get(title, ()), loaded["heldout"])
                hashes[title] = hashes.get(title, "") + store.manifest(run)["sha256"]
    return machines, hashes


def extract(ref: str, folder: Path) -> None:
    """Write ``predictions/`` and ``expected/baseline.json`` of a commit into a folder, out of git's objects alone.

    Raises
    ------
    BadInput
        There is no checkout, no git, no such commit, or it has no predictions.
    """
    if places.CHECKOUT is None:
        raise BadInput(f"--against {ref}: a commit needs a checkout of the repository. Name a folder of runs instead.")
    git = partial(subprocess.run, cwd=places.CHECKOUT, capture_output=True, text=True)
    try:
        commit = git(["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"])
    except FileNotFoundError:
        raise BadInput(f"--against {ref}: git is not installed. Name a folder of runs instead.") from None
    if commit.returncode:
        raise BadInput(
            f"--against {ref}: neither a folder nor a commit of {places.CHECKOUT}. "
            "A shallow clone lacks older commits: git fetch --unshallow (in GitHub Actions: fetch-depth: 0)."
        )
    sha = commit.stdout.strip()
    paths = git(["git", "ls-tree", "--name-only", sha, "predictions", "expected/baseline.json"]).stdout.split()
    if "predictions" not in paths:
        raise BadInput(f"--against {ref}: the commit has no predictions/. Name a later one.")
    with tempfile.TemporaryFile() as archive:
        subprocess.run(["git", "archive", "--format=tar", sha, *paths], cwd=places.CHECKOUT, stdout=archive, check=True)
        archive.seek(0)
        with tarfile.open(fileobj=archive) as tar:
            tar.extractall(folder, filter="data")


def name(runset: RunSet) -> str:
    """What a baseline keeps a set's numbers under."""
    return f"{runset.study}/{runset.recipe}"


def title(runset: RunSet) -> str:
    """What a reader calls a set of runs."""
    return f"{runset.study}, {runset.describe()}"


def stored(path: Path, of: str) -> Side | None:
    """The numbers that a baseline has of the machines of a study and recipe; None where it has none."""
    section = baseline.read(path).get("quantities", {}).get(of)
    if section is None:
        return None
    found = {
        (quantity, subject): Estimate(value, low, high)
        for quantity, subjects in section["measured"].items()
        for subject, (value, low, high) in subjects.items()
    }
    return Side(found, section["runs"])


def section(side: Side) -> dict[str, Any]:
    """A side's numbers as a baseline keeps them; the reverse of :func:`stored`."""
    found: dict[str, dict[str, list[float]]] = {}
    for (quantity, subject), estimate in side.quantities.items():
        found.setdefault(quantity, {})[subject] = [estimate.value, estimate.low, estimate.high]
    return {"runs": dict(side.hashes), "measured": found}


def notes(runset: RunSet, before: Side, now: Side) -> list[str]:
    """What a reader of the comparison must know: simulated people, machines that are not there any more."""
    lines = ["The people of this study are SIMULATED."] if runset.study == "digits" else []
    if not now.hashes:
        return [*lines, f"No machine is stored: {runset.why_missing(runset.names[0])}"]
    if not before.hashes:
        lines.append(f"The other side has no machine of {name(runset)}. Keep these: same-eyes gate --keep")
    gone = [title for title in before.hashes if title not in now.hashes]
    return lines + [f"{title}: {runset.why_missing(title)}" for title in gone if title in runset.runs]


def _hashes(runset: RunSet, titles: Sequence[str]) -> dict[str, str]:
    hashes = runset.hashes()
    return {title: "".join(hashes[run.name] for run in runset.runs[title]) for title in titles}


def heldout(runset: RunSet, machines: Machines) -> Study:
    """People and these machines on the held-out images."""
    return studies.heldout(runset.study, machines, runset.data_dir)
