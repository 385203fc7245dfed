"""The study's figures, drawn from the numbers that its claims assert.

Each is a function of a :class:`~same_eyes.measure.Measured` and of a line that says where the numbers come from;
:func:`draw` makes those of which a run of the suite checked a claim. Nothing is measured here.

Readable in grey and by colour-blind readers: matrices are shades of one hue with their numbers, lines and points are
told apart by dash and marker as well as by shade, and what the paper prints is hollow.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from same_eyes.metrics.mistake_confusion import empty_rows

from .claims import Estimate, NotTestable
from .measure.core import Measured, accuracy
from .measure.difficulty import By, Kind, Row, curves, figure_rows, identity_line, line, why_no_times
from .measure.matching import matchings, others, strongest_mixed_match, weakest_match
from .measure.mistakes import confusion, same_mistake
from .measure.teaming import (
    Rule,
    best_machine,
    best_person,
    gain_as_printed,
    matrix_agreement,
    published,
    team,
    teams,
)
from .store import replace_file
from .types import BadInput, NotKnown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from .plugin import Session

Drawing = TypeVar("Drawing", bound="Callable[..., Figure]")
SHADES = "Blues"
PAPER = "0.45"  # the grey of what the paper prints
WITHOUT = "matplotlib is not installed (the extra `report`: pip install 'same-eyes[report]')"
FEW = 200  # images: a level with fewer says how many
STYLE = {"svg.hashsalt": "same-eyes", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False}


class Look(NamedTuple):
    """How one kind of classifier is drawn everywhere."""

    name: str
    colour: str
    marker: str
    dash: str = "-"


PEOPLE = Look("people", "#08306b", "o", "-")
MACHINES = Look("machines", "#d9780f", "s", "--")
PRINTED_AS = {"machine": "model", "person": "human", "Aggre": "aggre"}  # in figure5.csv
PARTNERS = (Look("machine", MACHINES.colour, "s"), Look("person", PEOPLE.colour, "o"), Look("Aggre", "#4a90c2", "D"))


def _style() -> AbstractContextManager[None]:
    """The same settings everywhere, whatever the user's own are."""
    from matplotlib import style

    return style.context(["default", STYLE])


def _in_one_style(figure: Drawing) -> Drawing:
    @wraps(figure)
    def drawn(*arguments: Any, **named: Any) -> Figure:
        with _style():
            return figure(*arguments, **named)

    return cast("Drawing", drawn)


# --- What a run of the suite draws -------------------------------------------------------------------------


class Drawn(NamedTuple):
    """A figure in a folder, ``<name>.svg`` and ``<name>.png``; ``alt`` says in words what it shows."""

    number: int
    name: str
    title: str
    alt: str


def draw(folder: Path, session: Session) -> tuple[list[Drawn], dict[int, str]]:
    """Write the figures of which this run checked a claim, each as SVG and PNG.

    Returns
    -------
    drawn : list of Drawn
    left_out : dict of int to str
        Why a figure is not drawn, by its number.
    """
    due = sorted({number for case in session.record for number in figures_in(case.claim.where)})
    if due:
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            return [], dict.fromkeys(due, WITHOUT)
    drawn, left_out = [], {}
    for number in due:
        try:
            figure = _of_session(number, session)
        except (NotTestable, NotKnown, BadInput) as missing:
            left_out[number] = " ".join(str(missing).split())
        else:
            save(figure, folder, f"figure{number}")
            drawn.append(Drawn(number, f"figure{number}", figure.get_suptitle(), _in_words(figure)))
    return drawn, left_out


def _in_words(figure: Figure) -> str:
    """What stands above a figure and its panels, numbers included: for who cannot see it."""
    titles = [
        axes.get_title(side) for axes in figure.axes for side in ("left", "center") if axes.get_title(side).strip()
    ]
    return ". ".join(" ".join(title.split()) for title in [figure.get_suptitle(), *titles])


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as SVG and PNG, each whole or not at all; the same figure is the same bytes."""
    paths = []
    for suffix, facts in (("svg", {"Date": None}), ("png", {"Software": None})):
        buffer = io.BytesIO()
        with _style():
            figure.savefig(buffer, format=suffix, dpi=120, metadata=facts)
        paths.append(folder / f"{name}.{suffix}")
        replace_file(paths[-1], buffer.getvalue())
    return paths


def figures_in(where: str) -> set[int]:
    """Numbers of the figures that a claim's ``where`` names: "Section 4.1, Figures 5a, 7a" has 5 and 7."""
    return {int(digit) for named in re.findall(r"Figures? ([\da-d, ]+)", where) for digit in re.findall(r"\d", named)}


def _of_session(number: int, session: Session) -> Figure:
    varied = {4: "labels", 6: "backbones"}.get(number, "main")
    if varied not in session.sets:
        raise NotTestable(f"the study {session.name} has no machines with other {varied}")
    runs = session.sets[varied]
    measured = session.measured if varied == "main" else session.varied(varied)
    if len(measured.machines) < 2:
        missing = next((name for name in runs.names if name not in measured.machines), "")
        why = f"; {runs.why_missing(missing)}" if missing else ""
        raise NotTestable(f"it needs two machines, {len(measured.machines)} at hand{why}")
    source = (
        f"{'SIMULATED people. ' if session.simulated else ''}Study {session.name}, recipe {runs.recipe}, "
        f"{len(measured.machines)} of {len(runs.names)} machines, {len(measured.study.truth):,} held-out images; "
        f"95 % intervals from {measured.replicates:,} bootstrap samples of the images."
    )
    if number in (2, 4, 6):
        return {2: figure2, 4: figure4, 6: figure6}[number](measured, source)
    paper = not session.origin.elsewhere
    if number in (5, 7):
        return {5: figure5, 7: figure7}[number](measured, source, paper=paper)
    official: Measured | str
    try:
        official = session.measured_official
    except (NotTestable, BadInput) as missing:
        official = " ".join(str(missing).split())
    return figure3(measured, official, source, paper=paper)


# --- Figure 2 ----------------------------------------------------------------------------------------------


@_in_one_style
def figure2(measured: Measured, source: str = "") -> Figure:
    """Figure 2: what the second answers, given what the first answered, where both are wrong."""
    figure, panels = _figure(
        1, 3, width=11.5, height=4.8, title="Where two are both wrong: the diagonal is the same mistake"
    )
    who = {
        "HH": ("(a) two people", "a person", "another person"),
        "MM": ("(b) two machines", "a machine", "another machine"),
        "HM": ("(c) a person and a machine", "a person", "a machine"),
    }
    classes = list(measured.study.classes)
    for axes, (pair, (title, first, second)) in zip(panels[0], who.items(), strict=True):
        matrix, _ = confusion(measured, pair)  # type: ignore[arg-type]
        image = _heat(axes, matrix, classes, classes, low=0, high=1, least=0.05)
        seen = same_mistake(measured, pair)  # type: ignore[arg-type]
        empty = f"empty rows: {100 * empty_rows(matrix):.0f} %"  # a wrong answer that nobody gave, where both are wrong
        axes.set_title(f"{title}\nmean of the diagonal: {_interval(seen)}\n{empty}", fontsize=9)
        axes.set_ylabel(f"wrong answer of {first}")
        axes.set_xlabel(f"wrong answer of {second}")
    _scale(figure, image, panels[0, -1], "share of the row")
    _footer(figure, source)
    return figure


# --- Figure 3 ----------------------------------------------------------------------------------------------


class Panel(NamedTuple):
    """One panel of Figure 3: what difficulty is, and whether X is instead the machines' own accuracy."""

    letter: str
    title: str
    x: str
    by: By
    kind: Kind = "width"
    identity: bool = False


OWN = "machines' own mean accuracy in the level"
AS_REPORTED = (
    Panel("a", "machine confidence", OWN, "confidence", identity=True),
    Panel("b", "machine agreement", OWN, "agreement", identity=True),
    Panel("c", "human time (CIFAR-10H)", "people's mean reaction time, seconds", "time", "count"),
    Panel("d", "human entropy (CIFAR-10H)", "entropy of all answers, nats", "entropy"),
)
STRICT = (
    Panel("a", "X is the confidence itself", "mean confidence of the machine", "confidence"),
    Panel("b", "X is the others' agreement", "share of the other machines that are right", "leave-one-out agreement"),
    Panel(
        "c", "CIFAR-10N's time per batch instead", "people's working time on a batch of ten, seconds", "time", "count"
    ),
    Panel("d", "entropy of one half, scored on the other", "entropy of one half of the answers, nats", "half entropy"),
)


@_in_one_style
def figure3(measured: Measured, official: Measured | str, source: str = "", *, paper: bool = True) -> Figure:
    """Figure 3: accuracy over levels of difficulty; the study's reading above, the strict one below.

    Parameters
    ----------
    measured : Measured
    official : Measured or str
        CIFAR-10H's people and the machines on the official test images; or why they are not at hand.
    source : str
        For the footer.
    paper : bool
        Whether to draw the paper's numbers too: not beside other images; beside simulated people it never happens.
    """
    title = "Accuracy over levels of difficulty, easier or harder for machines (a, b) and for people (c, d)"
    figure, panels = _figure(2, 4, width=15, height=7.8, title=title)
    for axes, panel, at_hand in zip(
        panels.flat,
        AS_REPORTED + STRICT,
        (measured, measured, official, official, measured, measured, measured, official),
        strict=True,
    ):
        axes.set_title(f"({panel.letter}) {panel.title}", fontsize=9)
        axes.set_xlabel(panel.x)
        axes.set_ylim(0, 1.02)
        why = at_hand if isinstance(at_hand, str) else _why_not(at_hand, panel)
        if isinstance(at_hand, str) or why:
            _instead(axes, why)
        else:
            _levels(axes, at_hand, panel, paper and not at_hand.study.simulated)
    for axes, reading in zip(panels[:, 0], ("as the study reads it", "strict"), strict=True):
        axes.set_ylabel(f"{reading}\n\naccuracy", fontsize=9)
    if not isinstance(official, str):
        source += f" CIFAR-10H: {len(official.study.truth):,} official test images, {len(official.machines)} machines."
    _footer(
        figure,
        f"{source} Bands: from the least to the most accurate classifier. Slopes: least squares, with its interval.",
    )
    return figure


def _why_not(measured: Measured, panel: Panel) -> str:
    return why_no_times(measured) if panel.by == "time" else ""


def _levels(axes: Axes, measured: Measured, panel: Panel, paper: bool) -> None:
    """One panel: means with intervals, bands, lines, and how many images a small level has."""
    rows = figure_rows(measured, panel.by, kind=panel.kind)
    if not rows:
        return _instead(axes, "the difficulty of no image is known")
    drawn = curves(measured, panel.by, kind=panel.kind)
    x = np.array([row.machines.value if panel.identity else row.difficulty for row in rows])
    words: dict[str, str] = {}
    for look in (PEOPLE, MACHINES):
        means, bands = _of(rows, look)
        fitted = (identity_line if panel.identity else line)(drawn, look.name)  # type: ignore[arg-type]
        axes.fill_between(x, *bands.T, color=look.colour, alpha=0.18, linewidth=0)
        _points(axes, x, means, look, upright=True, label=look.name)
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, fitted.intercept + fitted.slope * ends, look.dash, color=look.colour, linewidth=1, alpha=0.8)
        _name_curve(axes, x, means, _of(rows, MACHINES if look is PEOPLE else PEOPLE)[0], look, fitted.slope)
        slope = Estimate(fitted.slope, fitted.slope_low, fitted.slope_high)
        words[look.name] = f"{look.name}: slope {_interval(slope, digits=None)}"
        if panel.identity and look is MACHINES:
            words[look.name] = "machines: slope 1 by construction"
        elif panel.identity and paper:
            steep, start = published("figure3").loc[panel.by, ["people_slope", "people_intercept"]]
            words["paper"] = f"paper (dotted), people: slope {steep:.3f}"
            axes.plot(ends, start + steep * ends, ":", color=PAPER, linewidth=1.5, gid="paper")
    side = "left" if fitted.slope < 0 else "right"  # where the curves leave room
    lines = "\n".join(words[name] for name in ("people", "paper", "machines") if name in words)
    axes.text(0.02 if side == "left" else 0.98, 0.02, lines, transform=axes.transAxes, ha=side, fontsize=7)
    few = sorted((place, row.images) for place, row in zip(x, rows, strict=True) if row.images < FEW)
    last, top = -np.inf, 1.01
    for place, images in few:
        top = 0.92 if place - last < 0.03 * np.ptp(x) and top > 1 else 1.01  # beside each other, not on each other
        axes.text(place, top, f"n={images:.0f}", fontsize=5.5, ha="center", va="top", rotation=90, color="0.3")
        last = place


def _name_curve(
    axes: Axes, x: NDArray, means: Sequence[Estimate], others: Sequence[Estimate], look: Look, slope: float
) -> None:
    """The curve's name beside its middle, on the side away from the other curve and from its own course."""
    from matplotlib.patheffects import withStroke

    middle = len(means) // 2
    above = means[middle].value > others[middle].value
    flat = not abs(slope) * np.ptp(x) > 0.05
    right = above == (slope < 0)
    axes.annotate(
        look.name,
        (x[middle], means[middle].value),
        xytext=(0 if flat else 3 if right else -3, 16 if above else -16),
        textcoords="offset points",
        ha="center" if flat else "left" if right else "right",
        va="center",
        color=look.colour,
        fontweight="bold",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def _of(rows: Sequence[Row], look: Look) -> tuple[list[Estimate], NDArray[np.float64]]:
    """Means of people or machines in each level, and (levels, 2) their ranges."""
    if look is PEOPLE:
        return [row.people for row in rows], np.array([row.people_range for row in rows])
    return [row.machines for row in rows], np.array([row.machines_range for row in rows])


def _instead(axes: Axes, why: str) -> None:
    """A panel that cannot be drawn says why."""
    axes.text(0.5, 0.5, "not drawn:\n" + _wrapped(why, 38), transform=axes.transAxes, ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])


# --- Figures 4 and 6 ---------------------------------------------------------------------------------------


@_in_one_style
def figure4(measured: Measured, source: str = "") -> Figure:
    """Figure 4: matching on a balanced set, machines trained each on one of three people's labels."""
    return _matching(measured, "labels", "machines that learnt from different people's labels", source)


@_in_one_style
def figure6(measured: Measured, source: str = "") -> Figure:
    """Figure 6: matching on a balanced set, machines with one of three backbones each."""
    return _matching(measured, "backbone", "machines with different backbones", source)


def _matching(measured: Measured, differing: Literal["labels", "backbone"], title: str, source: str) -> Figure:
    """Machines against people and machines; machines of one kind stand together."""
    kinds = {name: getattr(runs[0], differing) for name, runs in measured.study.machines.items()}
    rows = sorted(measured.machines, key=lambda name: kinds[name])
    columns = measured.people + rows
    found = matchings(measured)
    matrix = np.array(
        [[100 * found[row, column].value if row != column else np.nan for column in columns] for row in rows]
    )
    height = max(4.2, 2.3 + 0.34 * len(rows))
    figure, panels = _figure(
        1, 1, width=max(7.5, 2.9 + 0.46 * len(columns)), height=height, title=f"Matching on a balanced set: {title}"
    )
    axes = panels[0, 0]
    named = {name: f"{name} ({_kind(kinds[name])})" for name in rows}
    names = [named.get(column, column) for column in columns]
    image = _heat(axes, matrix, [named[row] for row in rows], names, low=50, high=100, digits=1)
    people = len(measured.people)
    _divide(axes, across=[people], thick=2.5)
    borders = [i for i in range(1, len(rows)) if kinds[rows[i]] != kinds[rows[i - 1]]]
    _divide(axes, across=[people + i for i in borders], down=borders)
    weakest = min((weakest_match(measured, row, others(measured, row)) for row in rows), key=lambda match: match.value)
    strongest = strongest_mixed_match(measured)
    axes.set_title(
        f"least match of two machines: {_interval(weakest, 100, 1)}\n"
        f"greatest match of a machine with a person: {_interval(strongest, 100, 1)}",
        fontsize=8,
        loc="left",
    )
    _scale(figure, image, axes, "matching, %\n(50 is chance)")
    widest = _widest([found[row, column] for row in rows for column in columns if row != column])
    _footer(figure, f"{source} Balanced on the column. Intervals of cells: at most ±{100 * widest:.1f} points.")
    return figure


def _kind(what: str) -> str:
    """A run's labels or backbone, in words: "random2" are the second person's answers."""
    return what.replace("random", "Human ")


# --- Figure 5 ----------------------------------------------------------------------------------------------


@_in_one_style
def figure5(measured: Measured, source: str = "", *, paper: bool = True) -> Figure:
    """Figure 5: each machine's accuracy, and what a person, the majority, or another machine adds to it.

    The last panel is the strict reading: accuracy of the team, with a threshold chosen on other images. ``paper`` is as
    in :func:`figure3`.
    """
    printed = published("figure5")
    paper = paper and not measured.study.simulated
    names = all_machines(measured, paper)
    title = "What a machine gains by a partner: another machine, a person, or the people's majority (Aggre)"
    title += "; hollow: the paper" if paper else ""
    figure, panels = _figure(1, 4, width=14, height=1.9 + 0.33 * len(names), title=title, sharey=True)
    alone, oracle, realistic, strict = panels[0]
    places = {name: y for y, name in enumerate(names)}

    alone.set_title("machine alone", fontsize=9)
    here = [name for name in names if name in measured.machines]
    sure = [name for name in here if name in measured.confident]  # of the others only labels are known
    y, y_sure = (np.array([places[name] for name in which], float) for which in (here, sure))
    looks = [look for look in PARTNERS if look.name != "Aggre" or "Aggre" in measured.names]
    _points(alone, y - 0.14, [accuracy(measured, name) for name in here], MACHINES, scale=100, label="machine alone")
    if paper:
        _hollow(alone, np.arange(len(printed)) + 0.2, printed["accuracy"], MACHINES.marker, label="machine alone")
    modes: tuple[tuple[Axes, Rule, str], ...] = ((oracle, "oracle", "oracle"), (realistic, "hindsight", "realistic"))
    for axes, rule, mode in modes:
        able, at = (here, y) if rule == "oracle" else (sure, y_sure)
        for look in looks:
            gains = [gain_as_printed(measured, name, _partner(measured, name, look, rule), rule) for name in able]
            _points(axes, at - 0.14, gains, look, scale=100, label=look.name)
            if paper:
                column = printed[f"{mode}_add_{PRINTED_AS[look.name]}"]
                _hollow(axes, np.arange(len(printed)) + 0.2, column, look.marker, label=look.name)
        axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    oracle.set_title("(a) oracle: right where either is", fontsize=9)
    realistic.set_title("(b) realistic: best threshold in hindsight", fontsize=9)
    strict.set_title("strict: threshold chosen on other images", fontsize=9)
    for look in looks:
        whole = [team(measured, name, _partner(measured, name, look, "cross-fitted"), "cross-fitted") for name in sure]
        _points(strict, y_sure - 0.14, whole, look, scale=100, label=look.name)
    for name in sure:
        level = 100 * accuracy(measured, name).value
        strict.plot([level], [places[name] - 0.14], "|", color="black", markersize=9, gid="alone")
    for axes in (alone, strict):
        axes.set_xlabel(
            "accuracy, % of images" if axes is alone else "accuracy of the team, % of images (bar: machine alone)"
        )
    for axes in (oracle, realistic):
        axes.set_xlabel("gain, points of accuracy")
    alone.set_yticks(range(len(names)), names)
    alone.set_ylim(len(names) - 0.4, -1.3)
    for axes in panels[0, 1:]:
        axes.tick_params(axis="y", length=0)
    for axes in panels[0]:
        axes.grid(axis="x", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        _direct_labels(axes)
    _footer(
        figure,
        f"{source} Person and machine: the best of each. Gains as the paper prints them: from the machine alone, but "
        "with another machine from the better of the two.",
    )
    return figure


def _partner(measured: Measured, name: str, look: Look, rule: Rule) -> str:
    """Which partner a figure draws, chosen as the claims choose it."""
    if look.name == "Aggre":
        return "Aggre"
    if look.name == "person":
        return best_person(measured, name, rule)
    return best_machine(measured, name, rule, team if rule == "cross-fitted" else gain_as_printed)


def _direct_labels(axes: Axes) -> None:
    """Name each kind of point above its first one."""
    heights = {"machine": -1.0, "person": -0.6, "Aggre": -1.0}  # staggered: neighbours do not overlap
    for points in axes.get_lines():
        label, x = str(points.get_label()), np.asarray(points.get_xdata(), float)
        if points.get_gid() == "ours" and len(x) and label in heights:
            place = (x[0], heights[label])
            axes.text(*place, label, ha="center", va="center", color=points.get_color(), fontweight="bold")


# --- Figure 7 ----------------------------------------------------------------------------------------------


@_in_one_style
def figure7(measured: Measured, source: str = "", *, paper: bool = True) -> Figure:
    """Figure 7: what every partner adds to every machine; ours beside the paper's, oracle above realistic.

    ``paper`` is as in :func:`figure3`.
    """
    paper = paper and not measured.study.simulated
    columns = 2 if paper else 1
    rows = all_machines(measured, paper)
    partners = [name for name in measured.names if name not in measured.machines] + rows
    title = "What a partner (column) adds to a machine (row), points of accuracy"
    figure, panels = _figure(2, columns, width=1.2 + 7 * columns, height=11.2, title=title)
    modes: tuple[tuple[Rule, str, str], ...] = (
        ("oracle", "figure7_oracle", "(a) oracle"),
        ("hindsight", "figure7_realistic", "(b) realistic: best threshold in hindsight"),
    )
    for axes, (rule, table, name) in zip(panels, modes, strict=True):
        found = teams(measured, rule)
        gains = {pair: gain_as_printed(measured, *pair, rule) for pair in found if pair[0] != pair[1]}
        ours = np.array([[100 * gains[r, c].value if (r, c) in gains else np.nan for c in partners] for r in rows])
        shown = [ours]
        axes[0].set_title(
            f"{name}, here (intervals of cells: at most ±{100 * _widest(list(gains.values())):.1f})", fontsize=9
        )
        if paper:
            printed = published(table).reindex(index=rows, columns=partners)
            shown.append(printed.where(np.not_equal.outer(rows, partners)).to_numpy())
            difference, correlation = matrix_agreement(measured, rule, table)
            axes[1].set_title(
                f"{name.partition(':')[0]}, paper (mean distance {_interval(difference, 100, 2)}, "
                f"rank correlation {_interval(correlation)})",
                fontsize=9,
            )
        high = max(np.nanmax(matrix) for matrix in shown)
        for panel, matrix in zip(axes, shown, strict=True):
            image = _heat(panel, matrix, rows, partners, low=0, high=high, digits=1)
            _divide(panel, across=[len(partners) - len(rows)], thick=2.5)
        _scale(figure, image, axes[-1], "points of accuracy")
    _footer(
        figure,
        f"{source} Gains from the machine alone, but with another machine from the better of the two. "
        "Grey: no run, or the machine itself.",
    )
    return figure


# --- How things are drawn ----------------------------------------------------------------------------------


def all_machines(measured: Measured, paper: bool) -> list[str]:
    """The machines at hand; where the paper's numbers are drawn too, its thirteen in its order come first."""
    printed = list(published("figure5").index) if paper else []
    return printed + [name for name in measured.machines if name not in printed]


def _figure(
    rows: int, columns: int, *, width: float, height: float, title: str, sharey: bool = False
) -> tuple[Figure, NDArray]:
    """A figure of its own, without pyplot's global state, and its (rows, columns) axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    figure.suptitle(title, fontsize=11)
    return figure, panels


def _footer(figure: Figure, text: str) -> None:
    """Where the numbers come from, at the lower left."""
    if text:
        wide = int(figure.get_figwidth() * 17)
        figure.supxlabel(_wrapped(text, wide), fontsize=6.5, x=0.01, ha="left", color="0.3")


def _heat(
    axes: Axes,
    matrix: NDArray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    low: float,
    high: float,
    digits: int = 2,
    least: float = -np.inf,
) -> AxesImage:
    """A matrix as shades with its numbers; those under ``least`` are left to the shade, NaN is blank."""
    image = axes.imshow(matrix, cmap=SHADES, vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    axes.tick_params(length=0)
    axes.set_facecolor("0.88")
    for i, j in np.argwhere(np.nan_to_num(matrix, nan=-np.inf) >= least):
        value = matrix[i, j]
        if np.isfinite(value):
            shade = "white" if value > low + 0.7 * (high - low) else "black"
            text = f"{value:.{digits}f}"
            axes.text(j, i, text, ha="center", va="center", fontsize=6, color=shade).set_in_layout(False)
    return image


def _scale(figure: Figure, image: AxesImage, axes: Axes, label: str) -> None:
    bar = figure.colorbar(image, ax=axes, shrink=0.85, aspect=30)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)  # type: ignore[operator]


def _divide(axes: Axes, across: Sequence[float] = (), down: Sequence[float] = (), thick: float = 1.2) -> None:
    """White lines between groups of columns and of rows."""
    for place in across:
        axes.axvline(place - 0.5, color="white", linewidth=thick)
    for place in down:
        axes.axhline(place - 0.5, color="white", linewidth=thick)


def _points(
    axes: Axes,
    places: NDArray,
    estimates: Sequence[Estimate],
    look: Look,
    *,
    upright: bool = False,
    scale: float = 1.0,
    label: str,
) -> None:
    """Numbers with their 95 % intervals, over places (upright) or along them."""
    values, lows, highs = (
        scale * np.array([getattr(estimate, what) for estimate in estimates], float)
        for what in ("value", "low", "high")
    )
    x, y, spans = (places, values, axes.vlines) if upright else (values, places, axes.hlines)
    spans(places, lows, highs, color=look.colour, linewidth=1.1).set_gid(f"intervals of {label}")
    axes.plot(x, y, look.marker, color=look.colour, markersize=4.5, label=label, gid="ours")


def _hollow(axes: Axes, places: NDArray, values: ArrayLike, marker: str, label: str) -> None:
    """The paper's numbers."""
    axes.plot(
        np.asarray(values, float),
        places,
        marker,
        markerfacecolor="none",
        color=PAPER,
        markersize=4,
        label=label,
        gid="paper",
    )


def _interval(estimate: Estimate, scale: float = 1.0, digits: int | None = 2) -> str:
    """Number and interval; two significant digits of the interval's wider end where no digits are asked for."""
    ends = [scale * each for each in (estimate.value, estimate.low, estimate.high)]
    if digits is None:
        size = max(map(abs, ends))
        digits = max(2, 1 - int(np.floor(np.log10(size)))) if np.isfinite(size) and size > 0 else 2
    value, low, high = (f"{each:.{digits}f}" for each in ends)
    return f"{value} [{low}, {high}]"


def _widest(estimates: Sequence[Estimate]) -> float:
    """The greatest distance of an interval's end from its number."""
    return float(np.nanmax([[each.high - each.value, each.value - each.low] for each in estimates]))


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width)
