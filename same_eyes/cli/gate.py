"""``same-eyes gate``: is this set of machines no worse than another?"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import studies
from ..method import RECIPES, available
from ..options import replicates
from ..places import leaf
from ..runset import RunSet
from ..store import replace_file
from ..types import BadInput

if TYPE_CHECKING:
    from ..gate import Gate, Margin, Side
    from ..types import Predictions

HELP = "fail if the machines are worse than the baseline's, another commit's, or another folder's"
EXAMPLE = "same-eyes gate --against HEAD --markdown gate.md"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--study", choices=tuple(studies.RECIPES), default="cifar10n")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--store", type=Path, help="the machines now; default: predictions/")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument(
        "--against", metavar="REF|DIR", help="a commit or a store of runs; default: expected/baseline.json's numbers"
    )
    new = parser.add_mutually_exclusive_group()
    new.add_argument(
        "--predictions", metavar="NAME=FILE", help="compare a machine of your own, known by its predictions"
    )
    new.add_argument("--method", metavar="METHOD", help="the same, trained by a method (as pytest benchmark --method)")
    parser.add_argument("--as", dest="other", metavar="MACHINE", help="with which of the study's it is compared: CE")
    parser.add_argument("--margins", type=Path, default=leaf("expected") / "gate.toml", metavar="FILE")
    parser.add_argument("--expectations", type=Path, metavar="FILE", help="what is known to fail (docs/gate.md)")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    parser.add_argument("--keep", action="store_true", help="keep the numbers of now as the baseline's, and end with 0")
    parser.set_defaults(bad_input=5)


def run(asked: argparse.Namespace) -> int:
    from .. import expectations, gate
    from ..claims import read_claims

    new = asked.predictions or asked.method
    if bool(new) != bool(asked.other):
        raise BadInput("--as MACHINE goes with --predictions or --method: the machine, and whose place it takes.")
    if asked.keep and (asked.against or asked.expectations or new):
        raise BadInput("--keep writes the baseline: leave --against, --expectations and --as out.")
    margins = gate.read_margins(asked.margins)
    if asked.keep:
        return _keep(_runset(asked), margins, asked.replicates)
    known = [*expectations.QUANTITIES, *read_claims(leaf("expected"))]
    expected = expectations.read(asked.expectations, known) if asked.expectations else []
    with tempfile.TemporaryDirectory() as scratch:
        ended = (_of_one if new else _of_all)(asked, margins, Path(scratch))
    rows, stale = expectations.excuse(ended.rows, expected)
    ended = replace(ended, rows=rows, stale=stale)
    print(ended.text(), ended.ending, sep="\n\n")
    if asked.markdown:
        replace_file(asked.markdown, f"{ended.text('github')}\n\n{ended.ending}\n".encode())
    return ended.code


def _runset(asked: argparse.Namespace, **own: Any) -> RunSet:
    methods = own.pop("methods", None) or available()
    return RunSet.choose(asked.study, methods, asked.recipe, asked.data_dir, asked.store, **own)


def _keep(runset: RunSet, margins: Mapping[str, Margin], replicates: int) -> int:
    """Make the numbers of now those of the baseline."""
    from .. import baseline, gate, sides

    path = leaf("expected") / "baseline.json"
    before, now = sides.against_numbers(runset, path, replicates)
    rows = gate.compare(before or gate.Side({}, {}), now, margins)
    ended = gate.Gate(sides.title(runset), f"the numbers of expected/{path.name}", rows)
    if not now.quantities:
        print(f"No machine is stored, so nothing is kept: {runset.why_missing(runset.names[0])}")
        return gate.NOTHING
    print(ended.text())
    baseline.keep(path, sides.name(runset), sides.section(now))
    print(f"\nKept in {path}.")
    return gate.OK


def _of_all(asked: argparse.Namespace, margins: Mapping[str, Margin], scratch: Path) -> Gate:
    """The machines of two sides."""
    from .. import gate, sides

    runset, drifted = _runset(asked), []
    if not asked.against:
        path = leaf("expected") / "baseline.json"
        kept, now = sides.against_numbers(runset, path, asked.replicates)
        before, against = kept or gate.Side({}, {}), f"the numbers of expected/{path.name}"
    else:
        against = f"the predictions of {asked.against}, image by image"
        folder, kept = _folder(asked.against, scratch, runset)
        before, now = sides.against_folder(runset, folder, asked.replicates)
        if kept and before.hashes.keys() <= now.hashes.keys():  # else all machines are not measured here
            again = gate.compare(kept, before, margins)
            drifted = [row for row in again if row.basis == "same runs" and row.verdict != "same"]
    rows = gate.compare(before, now, margins)
    return gate.Gate(sides.title(runset), against, rows, drifted, notes=sides.notes(runset, before, now))


def _of_one(asked: argparse.Namespace, margins: Mapping[str, Margin], scratch: Path) -> Gate:
    """A machine of the user's in the place of one of the study's."""
    from .. import gate, own, sides

    methods, heard = available(), []
    if asked.method:
        method = own.find(asked.method, methods)
        runset = _runset(asked, methods=methods | {method.name: method}, added=[method.name])
        if runset.untrained() and find_spec("torch") is None:
            raise BadInput(
                f"{method.title} is not trained yet, and training needs torch: pip install 'same-eyes[train]'"
            )
        try:
            runset = runset.trained()
        except (BadInput, FloatingPointError):  # the latter: a training that diverged
            raise
        except Exception as error:  # whatever a user's code raises
            raise BadInput(
                f"training {method.title} failed ({type(error).__name__}: {error}). "
                "same_eyes.testing.check_method(METHOD) checks a method in seconds."
            ) from error
        name, new = method.title, runset.machines()[method.title]
    else:
        runset, images = _runset(asked), own.Images.of(asked.study, asked.data_dir)
        ((name, splits),) = own.read_machines([asked.predictions], images).items()
        new, heard = (splits["heldout"].predictions,), splits["heldout"].lines(images)
    others: Mapping[str, Sequence[Predictions]] = runset.machines()
    if asked.against:
        others, _ = sides.of_folder(_folder(asked.against, scratch, runset)[0], runset)
    titles = {method.name: method.title for method in methods.values()}
    other = titles.get(asked.other, asked.other)
    if other not in others:
        raise BadInput(
            f"--as {asked.other}: no predictions of it are at hand; there are {', '.join(others) or 'none'}."
        )
    before, now = sides.against_machine(runset, name, new, others[other], asked.replicates)
    better = {quantity: margin for quantity, margin in margins.items() if margin.worse != "either"}
    against = f"{other}" + (f" of {asked.against}" if asked.against else "") + ", image by image"
    rows = gate.compare(before, now, better)
    notes = [*heard, *sides.notes(runset, before, now)]
    return gate.Gate(f"{runset.study}, {name}", against, rows, notes=notes, passing=("same", "changed"))


def _folder(asked: str, scratch: Path, runset: RunSet) -> tuple[Path, Side | None]:
    """The store that a folder is or a commit has, and the numbers that the commit kept of it."""
    from .. import sides

    if Path(asked).is_dir():
        return Path(asked), None
    sides.extract(asked, scratch)
    return scratch / "predictions", sides.stored(scratch / "expected" / "baseline.json", sides.name(runset))
