"""The pictures of likeness: three matrices of all people and machines, their tree and map, and the robustness grid.

Drawn from ``measure.likeness`` and ``measure.robustness``, in the style of ``plots``: people are circles and dark,
machines squares and light, and no difference is one of colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .measure.core import Measured
from .measure.likeness import (
    consistencies,
    consistency,
    distances,
    everybody,
    matrix,
    permutation_null,
    positions,
    wrong_agreement,
    wrong_agreements,
)
from .plots import (
    MACHINES,
    PEOPLE,
    WITHOUT,
    _divide,
    _figure,
    _footer,
    _heat,
    _in_one_style,
    _instead,
    _interval,
    _scale,
    _wrapped,
    save,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .measure.robustness import Grid

KINDS = {"HH": "two people", "MM": "two machines", "HM": "a person and a machine"}


def write(folder: Path, figures: Mapping[str, Callable[[], Figure]]) -> list[str]:
    """Write pictures as SVG and PNG, by name; a line for each file, or one that says why there is none."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return [f"pictures left out: {WITHOUT}"]
    return [f"written: {path}" for name, figure in figures.items() for path in save(figure(), folder, name)]


@_in_one_style
def likeness_matrices(measured: Measured, source: str = "") -> Figure:
    """Error consistency, wrong agreement beyond chance, and error distance of any two."""
    names = everybody(measured)
    wide = 2.6 + 0.34 * len(names)
    title = "Who errs on the same images (a), with the same wrong answers (b), and in the same classes (c)"
    figure, panels = _figure(1, 3, width=3 * wide, height=wide + 0.9, title=title)
    of_kind = {"(a) error consistency": consistency, "(b) wrong agreement beyond chance": wrong_agreement}
    for axes, (name, mean), found in zip(
        panels[0], of_kind.items(), (consistencies(measured), wrong_agreements(measured)), strict=False
    ):
        image = _heat(axes, matrix(names, found), names, names, low=0, high=1)
        lines = [f"{who}: {_interval(mean(measured, kind))}" for kind, who in KINDS.items()]  # type: ignore[arg-type]
        axes.set_title("\n".join([name, *lines]), fontsize=8, loc="left")
        _scale(figure, image, axes, "0: as by chance; 1: always")
    apart, null = matrix(names, distances(measured)), permutation_null(measured)
    image = _heat(panels[0, 2], apart, names, names, low=0, high=max(0.3, float(np.nanmax(apart, initial=0))))
    places = np.arange(len(names))
    pairs = places[:, None] < places
    beyond = int((null.p[pairs] <= 0.05).sum())
    panels[0, 2].set_title(
        "(c) error distance (Jensen-Shannon, mean over classes)\n"
        f"of two samples of one distribution: {np.nanmean(null.mean[pairs]):.2f}\n"
        f"further apart than such two (p <= 0.05): {beyond} of {pairs.sum()} pairs,\n"
        f"{int((null.p[_mixed(measured)] <= 0.05).sum())} of them a person and a machine",
        fontsize=8,
        loc="left",
    )
    _scale(figure, image, panels[0, 2], "0: the same; 1: no confusion in common")
    for axes in panels[0]:
        _divide(axes, across=[len(measured.people)], down=[len(measured.people)], thick=2.5)
    _footer(figure, source)
    return figure


@_in_one_style
def likeness_map(measured: Measured, source: str = "") -> Figure:
    """Everybody as a tree and as a map, by error consistency and by error distance."""
    figure, panels = _figure(2, 2, width=12, height=9.5, title="All people and machines, by whom they err like")
    kappa = matrix(everybody(measured), consistencies(measured), diagonal=1)
    apart = {
        "by the images they err on: √(1 - error consistency)": np.sqrt(np.maximum(1 - kappa, 0)),
        "by the classes they confuse: error distance": matrix(everybody(measured), distances(measured), diagonal=0),
    }
    for column, (title, between) in zip(panels.T, apart.items(), strict=True):
        names, known = _known(measured, between)
        if len(names) < 3:
            for axes in column:
                _instead(axes, "fewer than three of them err in a way that can be compared")
            continue
        column[0].set_title(title, fontsize=9)
        _tree(column[0], names, known, measured)
        points, shown = positions(known)
        held = f"its map holds {100 * shown:.0f} % of the distances' variance;"
        column[1].set_title(f"{held}\nleast true of {_misfit(names, known, points)}", fontsize=9)
        _map(column[1], names, points, measured)
    _footer(figure, f"{source} Circles: people; squares: machines. Tree: average linkage. Map: classical scaling.")
    return figure


def _mixed(measured: Measured) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    people, everyone = len(measured.people), len(everybody(measured))
    first, second = np.meshgrid(np.arange(people), np.arange(people, everyone), indexing="ij")
    return first.ravel(), second.ravel()


def _known(measured: Measured, between: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
    """Those whose distance to most others is defined, and these distances."""
    kept = np.isfinite(between).sum(1) > len(between) / 2
    while not np.isfinite(between[np.ix_(kept, kept)]).all():
        kept[np.flatnonzero(kept)[np.isfinite(between[np.ix_(kept, kept)]).sum(1).argmin()]] = False
    names = [name for name, keep in zip(everybody(measured), kept, strict=True) if keep]
    return names, between[np.ix_(kept, kept)]


def _tree(axes: Axes, names: Sequence[str], between: NDArray[np.float64], measured: Measured) -> None:
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    joined = linkage(squareform((between + between.T) / 2, checks=False), "average", optimal_ordering=True)
    drawn = dendrogram(joined, labels=list(names), orientation="right", ax=axes, color_threshold=0, no_plot=False)
    for lines in axes.collections:
        lines.set_color("0.25")
    leaves = drawn["ivl"]
    axes.set_yticks(5 + 10 * np.arange(len(leaves)), leaves, fontsize=8)
    for y, name in zip(5 + 10 * np.arange(len(leaves)), leaves, strict=True):
        look = PEOPLE if name in measured.people else MACHINES
        axes.plot([0], [y], look.marker, color=look.colour, markersize=5, clip_on=False, zorder=5)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in measured.people else "normal")
    axes.tick_params(axis="y", length=0, pad=6)
    axes.set_xlabel("mean distance between the two branches")
    axes.spines["left"].set_visible(False)


def _misfit(names: Sequence[str], between: NDArray[np.float64], points: NDArray[np.float64]) -> str:
    """Which two the map shows least truly: what lies beyond its two axes."""
    drawn = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    i, j = np.unravel_index(np.abs(between - drawn).argmax(), drawn.shape)
    return f"{names[i]} and {names[j]}: {between[i, j]:.2f} apart, drawn {drawn[i, j]:.2f}"


def _map(axes: Axes, names: Sequence[str], points: NDArray[np.float64], measured: Measured) -> None:
    """Points, with their names in a column at the right: machines lie too close together to be named in place."""
    span = max(float(np.ptp(points, axis=0).max()), 1e-9)
    right = points[:, 0].max() + 0.12 * span
    low, high = points[:, 1].min(), points[:, 1].max()
    middle, half = (low + high) / 2, max((high - low) / 2, 0.33 * span)
    order = np.argsort(points[:, 1])
    for place, i in zip(np.linspace(middle - half, middle + half, len(names)), order, strict=True):
        look = PEOPLE if names[i] in measured.people else MACHINES
        axes.plot([points[i, 0], right], [points[i, 1], place], color="0.75", linewidth=0.6, zorder=1)
        axes.plot(*points[i], look.marker, color=look.colour, markersize=6, zorder=3)
        weight = "bold" if look is PEOPLE else "normal"
        axes.text(right + 0.01 * span, place, names[i], va="center", fontsize=7.5, fontweight=weight)
    axes.set_xlim(points[:, 0].min() - 0.06 * span, right + 0.32 * span)
    axes.set_ylim(middle - 1.08 * half, middle + 1.08 * half)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel("the same units as the distances")


# --- The robustness grid --------------------------------------------------------------------------------------

SYMBOLS = {  # marker, filled, colour: told apart by shape, readable in grey
    "reproduced": ("o", "full", "black"),
    "inconclusive": ("o", "left", "0.35"),
    "not reproduced": ("X", "none", "black"),
    "not testable": ("_", "full", "0.5"),
    "not run": (".", "full", "0.7"),
}


@_in_one_style
def robustness_grid(grid: Grid, source: str = "") -> Figure:
    """One row a claim, one column a variant of the study, and how the claim ends there."""
    rows, columns = grid.claims, grid.variants
    figure, panels = _figure(
        1, 1, width=6.4 + 0.42 * len(columns), height=3.2 + 0.3 * len(rows), title="Does each claim survive?"
    )
    axes = panels[0, 0]
    for i, claim in enumerate(rows):
        for j, variant in enumerate(columns):
            cell = grid.cells[claim.id, variant.name]
            marker, fill, colour = SYMBOLS[cell.verdict]
            axes.plot(
                [j], [i], marker, fillstyle=fill, color=colour, markersize=9, markerfacecoloralt="white", linestyle=""
            )
            if cell.cases > 1 and 0 < cell.hold < cell.cases:
                axes.text(j, i + 0.42, f"{cell.hold}/{cell.cases}", ha="center", va="center", fontsize=4.5)
    texts = [_wrapped(f"{claim.number}. {claim.says} [{claim.reading}]", 78) for claim in rows]
    axes.set_yticks(range(len(rows)), texts, fontsize=5.5)
    axes.set_xticks(range(len(columns)), [variant.name for variant in columns], rotation=60, ha="left", fontsize=7)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(color="0.92", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    for border in range(1, len(columns)):
        if columns[border].about != columns[border - 1].about:
            axes.axvline(border - 0.5, color="0.6", linewidth=0.8)
    handles = [
        axes.plot([], [], m, fillstyle=f, color=c, markersize=8, markerfacecoloralt="white", linestyle="", label=name)[
            0
        ]
        for name, (m, f, c) in SYMBOLS.items()
    ]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.01, 0.96), frameon=False, fontsize=7)
    _footer(figure, f"{source} Fractions: cases that hold, where some do and some do not.")
    return figure
