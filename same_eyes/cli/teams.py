"""``same-eyes teams``: how much better is a team, by which rule, and at what price?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate
from tqdm import tqdm

from .. import studies
from ..method import RECIPES, available
from ..options import replicates, whole
from ..places import leaf
from ..runset import RunSet
from ..store import replace_file
from ..types import BadInput

if TYPE_CHECKING:
    import pandas as pd

    from ..measure import Measured
    from ..measure.team_table import Kind

HELP = "how much better a team of people and a machine is, by every rule, and at what price"
EXAMPLE = "same-eyes teams --rule threshold --rule p_plus_l --out teams"
SHOWN = {
    "accuracy": "accuracy %",
    "gain": "gain",
    "realised": "of oracle's %",
    "ahead": "ahead of threshold",
    "log_loss": "log loss",
    "ece_debiased": "calibration error",
    "asked": "asked %",
    "area": "area %",
    "worst_class": "worst class",
}
IN_NATURAL_UNITS = ("log_loss",)  # all others in per cent or points


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--rule", action="append", metavar="NAME", help="only this rule (repeat); default: all at hand")
    parser.add_argument("--machine", action="append", metavar="NAME", help="only this machine (repeat)")
    parser.add_argument("--person", action="append", metavar="NAME", help="only this person (repeat)")
    parser.add_argument(
        "--team", action="append", metavar="KIND", help="only person, people, machine, machines-averaged or two-people"
    )
    parser.add_argument("--labels", action="store_true", help="also: with how few labelled images does a rule gain?")
    parser.add_argument("--limit", action="store_true", help="also: how near do rules come to what answers can tell?")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write teams.csv, team_classes.csv and pictures there")
    parser.add_argument("--study", choices=tuple(studies.RECIPES), help="default: cifar10n where its labels are")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="default: the fullest complete set")
    parser.add_argument("--store", type=Path, default=leaf("predictions"), help="where predictions are kept")
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")
    parser.add_argument("--divisions", type=whole(1), default=20, help="into five folds, for rules of closed form")
    parser.add_argument("--workers", type=whole(1), default=2, help="processes; what is found does not depend on it")


def run(asked: argparse.Namespace) -> int:
    from ..measure import Measured
    from ..measure.team_table import KINDS, table

    name = asked.study or studies.default(asked.data_dir)
    runset = RunSet.choose(name, available(), asked.recipe, asked.data_dir, asked.store)
    measured = Measured(studies.heldout(name, runset.machines(), asked.data_dir), asked.replicates)
    if not measured.confident:
        raise BadInput("a team needs a machine that says how sure it is, and none is stored: same-eyes train")
    rules = _rules(asked.rule)
    machines = _chosen("machine", asked.machine, measured.confident)
    kinds: list[Kind] = _chosen("kind of team", asked.team, KINDS)  # type: ignore[assignment]
    source = f"Study {name}, {runset.describe()}, {len(measured.study.truth):,} images, by five folds; "
    source += f"95 % intervals from {asked.replicates:,} bootstrap samples of the images."
    if measured.study.simulated:
        source = f"SIMULATED people. {source}"
    persons = _chosen("person", asked.person, measured.people)
    bar = partial(tqdm, desc="teams")
    found = table(measured, machines, rules, kinds, asked.divisions, persons, asked.workers, bar)
    if found.teams.empty:
        raise BadInput(f"{', '.join(rules)} cannot work in a team of {', '.join(kinds)}: ask for another --team.")
    tables = {"teams": found.teams, "team_classes": found.classes, "team_costs": found.costs}
    _print(found.teams)
    if asked.labels:
        tables["team_labels"] = _labels(measured, machines, rules, asked.workers)
    if asked.limit:
        tables["team_limit"] = _limit(measured, machines, asked.workers)
    print(f"\n{source}")
    if asked.out:
        _write(asked.out, tables, source)
    return 0


def _rules(asked: Sequence[str] | None) -> list[str]:
    """The rules to measure; one that lacks a package is refused where it was asked for by name, else left out."""
    from ..team_rules import absent, available_rules

    rules = available_rules()
    chosen = _chosen("team rule", asked, list(rules))
    lacking = {name: packages for name in chosen if (packages := absent(rules[name]))}
    for name, packages in lacking.items():
        why = f"the rule {name} needs {', '.join(packages)}: pip install {' '.join(packages)}"
        if asked:
            raise BadInput(why)
        print(f"left out: {why}")
    return [name for name in chosen if name not in lacking]


def _chosen(what: str, asked: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    for name in asked or ():
        if name not in known:
            raise BadInput(f"no {what} {name!r}; there are {', '.join(known)}.")
    return [name for name in known if not asked or name in asked]


def _print(teams: pd.DataFrame) -> None:
    means = teams[teams["machine"] == "mean"]
    for kind in means["kind"].unique():
        rows = means[means["kind"] == kind].sort_values("accuracy", ascending=False)
        count = len(teams[(teams["kind"] == kind) & (teams["machine"] != "mean")]) // len(rows)
        print(f"\n{kind}: mean of {count} teams\n")
        cells = [[row["rule"], *(_text(row, column) for column in SHOWN)] for _, row in rows.iterrows()]
        print(tabulate(cells, ["rule", *SHOWN.values()], tablefmt="github", disable_numparse=True))


def _text(row: pd.Series, column: str, kind: str = "") -> str:
    kind = kind or column
    scale, digits = (1, 3) if kind in IN_NATURAL_UNITS else (100, 1 if kind in ("asked", "realised") else 2)
    value, low, high = (f"{scale * row[column + end]:.{digits}f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"


def _labels(measured: Measured, machines: Sequence[str], rules: Sequence[str], workers: int) -> pd.DataFrame:
    from ..measure.team_labels import table

    found = table(measured, machines, rules, workers, progress=tqdm)
    for partner in found["partner"].unique():
        rows = found[found["partner"] == partner]
        cells = rows.assign(text=[f"{100 * gain:+.2f}{'' if low > 0 else ' n'}" for gain, low in
                                  zip(rows["gain"], rows["gain_low"], strict=True)])  # fmt: skip
        shown = cells.pivot(index="rule", columns="images", values="text")
        print(f"\n{partner}: points gained over the better member, by labelled images (n: not told from none)\n")
        print(tabulate(shown, ["rule", *map(str, shown.columns)], tablefmt="github", disable_numparse=True))
    return found


def _limit(measured: Measured, machines: Sequence[str], workers: int) -> pd.DataFrame:
    from ..measure.team_limit import table

    found = table(measured, machines, workers, progress=partial(tqdm, desc="limit"))
    columns = [
        column for column in map(str, found) if column.startswith("realised") and not column.endswith(("_low", "_high"))
    ]
    names = [column.removeprefix("realised_") for column in columns]
    cells = [[row["machine"], *(_text(row, column, "realised") for column in columns)] for _, row in found.iterrows()]
    print(
        f"\nShare of the oracle's gain with {measured.people[0]}, in %: the rule, and models that may learn anything\n"
    )
    print(tabulate(cells, ["machine", *names], tablefmt="github", disable_numparse=True))
    return found


def _write(folder: Path, tables: dict[str, pd.DataFrame], source: str) -> None:
    from ..plots_likeness import write
    from ..plots_teams import costs, gains

    for name, rows in tables.items():
        replace_file(folder / f"{name}.csv", rows.to_csv(index=False, float_format="%.5g").encode())
        print(f"written: {folder / name}.csv")
    pictures = {
        "team_gains": partial(gains, tables["teams"], source),
        "team_costs": partial(costs, tables["team_costs"], tables.get("team_labels"), source),
    }
    print("\n".join(write(folder, pictures)))
