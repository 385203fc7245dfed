"""Everything that a report says, as plain data: what ``report.json`` holds and every other file is drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__, standing
from ..claims import Estimate
from ..measure import Measured, sensitivity
from ..measure.core import accuracy
from ..measure.disagreement import Image, most_different
from ..measure.teaming import Rule, gain_as_printed, published
from ..plots import Drawn, all_machines, figures_in
from ..types import UNSEEN, BadInput
from .sections import sensitivity_section, standing_section
from .verdicts import rows

if TYPE_CHECKING:
    from ..plugin import Session

# What the claims of each file of expected/ are about, in the study's order, and the figures that show it.
TOPICS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "table1": ("accuracy", "Who is more accurate?", ()),
    "figure2": ("mistakes", "Do they make the same mistakes?", (2,)),
    "abilities": ("mistakes", "Do they make the same mistakes?", (2,)),
    "figure3": ("difficulty", "Are the same images hard for them?", (3,)),
    "matching": ("matching", "Do machines match machines more than people?", (4, 6)),
    "teaming": ("teams", "How much better is a team of both?", (5, 7)),
}
VERDICTS = ("reproduced", "inconclusive", "not reproduced", "not testable")
OTHER = ("beyond", "Beyond the study's sentences", ())
MODES: tuple[tuple[str, Rule, str], ...] = (
    ("oracle", "oracle", "figure7_oracle"),
    ("realistic, best threshold in hindsight", "hindsight", "figure7_realistic"),
)
RULE = (
    "The five images with the widest gap between the share of people and the share of machines that are right, where "
    "people lead, and the five where machines do; of equal gaps the first image in the data set's order."
)


def content(session: Session, drawn: Sequence[Drawn], missing: Mapping[int, str]) -> dict[str, Any]:
    """The report of a run.

    Parameters
    ----------
    session : Session
        After its last test.
    drawn : sequence of Drawn
        The figures, whose files lie beside the report.
    missing : mapping of int to str
        Why a figure was not drawn, by its number.
    """
    claims = rows(session)
    places = " ".join(row["where"] for row in claims)
    left_out = [
        f"figure {', '.join(str(number) for number in missing if missing[number] == why)}: {why}"
        for why in dict.fromkeys(missing.values())
    ]
    measured: Measured | None = None
    try:
        measured = session.measured
        if not measured.knows_truth:
            measured = None
            left_out.append("tables and images: nobody knows who is right")
    except BadInput as broken:  # a damaged run, say: what did not need it is reported still
        left_out.append(f"tables and images: {' '.join(str(broken).split())}")
    own = standing.content(session) if measured else []
    asked = {row["id"] for row in claims if row["verdict"] != "not testable"} if session.enforce else set()
    varied = sensitivity.rows(measured, session.ground(), among=asked) if measured and asked else []
    paper = not (session.simulated or session.origin.elsewhere)
    counted = Counter(row["verdict"] for row in claims)
    return {
        "version": __version__,
        "study": session.name,
        "simulated": session.simulated,
        "recipe": session.runset.recipe,
        "runs": session.runset.name,
        "describe": session.runset.describe(),
        "machines": session.runset.stored(),
        "people": measured.people if measured else [],
        "images": len(measured.study.truth) if measured else 0,
        "replicates": session.replicates,
        "counts": {verdict: counted[verdict] for verdict in VERDICTS},
        "topics": _topics(claims, drawn, missing),
        "claims": claims,
        "figures": [figure._asdict() for figure in drawn],
        "left_out": left_out,
        "own": own,
        "sections": [
            *(standing_section(number, entry, session.simulated) for number, entry in enumerate(own, 1)),
            *([sensitivity_section(varied)] if varied else []),
        ],
        "sensitivity": [row._asdict() for row in varied],
        "accuracies": _accuracies(session, measured, paper) if measured and "Table 1" in places else [],
        "gains": _gains(measured, paper) if measured and measured.machines and 7 in figures_in(places) else [],
        "differ": _differ(measured) if measured and measured.machines and measured.people else None,
    }


def plain(value: Any) -> Any:
    """The same as JSON can hold it: lists, numbers of Python, and null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def _topics(
    claims: Sequence[Mapping[str, Any]], drawn: Sequence[Drawn], missing: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Groups of claims, each with the figures that show them; a claim is in one group, by its number in ``claims``."""
    groups: dict[str, dict[str, Any]] = {}
    known = {figure.number for figure in drawn}
    for file, (name, title, figures) in [*TOPICS.items(), ("", OTHER)]:
        group = groups.setdefault(name, {"name": name, "title": title, "claims": []})
        group["figures"] = [number for number in figures if number in known]
        group["missing"] = [(number, missing[number]) for number in figures if number in missing]
        group["claims"] += [
            i for i, row in enumerate(claims) if row["topic"] == file or (not file and row["topic"] not in TOPICS)
        ]
    for group in groups.values():
        group["claims"].sort()
    return [group for group in groups.values() if group["claims"]]


def _accuracies(session: Session, measured: Measured, paper: bool) -> list[dict[str, Any]]:
    """Table 1: everybody's accuracy here, and in print where that is about these images."""
    of_table = [claim for claim in session.claims.values() if claim.where == "Table 1" and paper]
    printed = {case: value for claim in of_table for case, value in claim.values.items()}
    found = []
    for name in measured.names:
        kind = "person" if name in measured.people else "machine" if name in measured.machines else "people's majority"
        found.append({"name": name, "kind": kind, "paper": printed.get(name)} | _ends(accuracy(measured, name)))
    return found


def _gains(measured: Measured, paper: bool) -> list[dict[str, Any]]:
    """Figure 7: what every partner adds to every machine, here and in print, as shares of the images."""
    everybody = [name for name in all_machines(measured, paper) if name in measured.machines]
    partners = [name for name in measured.names if name not in measured.machines] + everybody
    found = []
    for mode, rule, table in MODES:
        machines = [name for name in everybody if rule == "oracle" or name in measured.confident]
        here = [
            [_ends(gain_as_printed(measured, row, column, rule)) if row != column else None for column in partners]
            for row in machines
        ]
        printed = None
        if paper:
            cells = published(table).reindex(index=machines, columns=partners) / 100
            printed = cells.where(np.not_equal.outer(machines, partners)).to_numpy()
        found.append({"mode": mode, "rows": machines, "columns": partners, "here": here, "paper": printed})
    return found


def _ends(estimate: Estimate) -> dict[str, Any]:
    return {"measured": estimate.value, "low": estimate.low, "high": estimate.high}


def _differ(measured: Measured) -> dict[str, Any]:
    """The images that people and machines differ on most, with everybody's answers; no pixel is among them."""
    people_lead, machines_lead = most_different(measured)
    return {
        "rule": RULE,
        "people lead": [_answers(measured, image) for image in people_lead],
        "machines lead": [_answers(measured, image) for image in machines_lead],
    }


def _answers(measured: Measured, image: Image) -> dict[str, Any]:
    classes, study = measured.study.classes, measured.study
    people = dict(zip(study.people.names, study.people.labels[image.row], strict=True))
    machines = Counter(int(run.labels_predicted[image.row]) for runs in study.machines.values() for run in runs)
    return {
        "image": int(study.index[image.row]),
        "row": image.row,
        "truth": classes[study.truth[image.row]],
        "people right": image.people,
        "machines right": image.machines,
        "people": {name: classes[answer] for name, answer in people.items() if answer != UNSEEN},
        "machines": {classes[answer]: count for answer, count in machines.most_common()},
    }
