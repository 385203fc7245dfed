"""The pictures of teams: what every rule gains, and what it costs in questions and in labelled images.

Drawn from the tables of ``measure.team_table`` and ``measure.team_labels``, in the style of ``plots``: rules are told
apart by dash and marker as well as by shade, and the controls are hollow.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .plots import _figure, _footer, _in_one_style, _instead
from .team_rules import available_rules

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"person": "(a) with one person", "people": "(b) with all people"}
STYLES = (  # colour, dash, marker: the darkest first
    ("black", "-", "o"),
    ("0.45", "--", "s"),
    ("#08306b", "-.", "D"),
    ("#d9780f", ":", "^"),
    ("#4a90c2", (0, (5, 1)), "v"),
    ("0.65", (0, (1, 1)), "x"),
)
DRAWN = ("threshold", "plug_in_deferral", "p_plus_l", "selective", "tempered_pool", "logistic")


@_in_one_style
def gains(teams: pd.DataFrame, source: str = "") -> Figure:
    """What each rule gains over the better member: mean over machines, each machine, and the control."""
    found = {(row["kind"], row["rule"]): row for row in teams[teams["machine"] == "mean"].to_dict("records")}
    figure, panels = _figure(1, 2, width=11, height=4.6, title="What a team gains over its better member")
    for axes, (kind, title) in zip(panels[0], PANELS.items(), strict=True):
        axes.set_title(title, fontsize=9)
        rules = sorted((rule for of, rule in found if of == kind), key=lambda rule: found[kind, rule]["gain"])
        if not rules:
            _instead(axes, f"no team of the kind {kind} was asked for")
            continue
        for place, rule in enumerate(rules):
            single = teams[(teams["kind"] == kind) & (teams["rule"] == rule) & (teams["machine"] != "mean")]["gain"]
            axes.plot(100 * single, np.full(len(single), place), ".", color="0.75", markersize=3, zorder=1)
            _gain(axes, place, found[kind, rule], found.get(("machine", rule)) if kind == "person" else None)
        _frame(axes, rules)
    _footer(figure, f"{source} Grey dots: single teams. Hollow: by the same rule with another machine instead.")
    return figure


def _gain(axes: Axes, place: int, row: dict[Hashable, Any], control: dict[Hashable, Any] | None) -> None:
    axes.plot([100 * row["gain_low"], 100 * row["gain_high"]], [place, place], color="black", linewidth=1.2)
    axes.plot(100 * row["gain"], place, "o", color="black", markersize=5, gid="ours")
    if control:
        gain = 100 * control["gain"]
        axes.plot(gain, place, "s", color="0.4", markerfacecolor="white", markersize=5, gid="control")
    text = f"{100 * row['realised']:.0f} %   {100 * row['asked']:.0f} %"
    axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), fontsize=7, va="center")


def _frame(axes: Axes, rules: Sequence[str]) -> None:
    beside = axes.get_yaxis_transform()
    axes.text(1.02, len(rules) - 0.3, "of the oracle's\n        asked", transform=beside, fontsize=6.5)
    axes.axvline(0, color="0.6", linewidth=0.8)
    axes.set_yticks(range(len(rules)), [_title(rule) for rule in rules])
    axes.set_ylim(-0.7, len(rules) + 0.4)
    axes.set_xlabel("points of accuracy")


@_in_one_style
def costs(curves: pd.DataFrame, labels: pd.DataFrame | None = None, source: str = "") -> Figure:
    """Accuracy against questions, with one person and with all; and the gain against labelled images."""
    title = (
        "What an answer costs: accuracy by the share of images asked about, and gain by the number of labelled images"
    )
    figure, panels = _figure(1, 3, width=14, height=4.6, title=title)
    known = [rule for rule in DRAWN if rule in set(curves["rule"])] or list(curves["rule"].unique()[: len(STYLES)])
    for axes, (kind, title) in zip(panels[0], PANELS.items(), strict=False):
        axes.set_title(title, fontsize=9)
        rows = curves[curves["kind"] == kind]
        if rows.empty:
            _instead(axes, f"no team of the kind {kind} was asked for")
            continue
        for rule, style in zip(known, STYLES, strict=False):
            drawn = rows[rows["rule"] == rule]
            _line(axes, 100 * drawn["budget"], 100 * drawn["accuracy"], style, _title(rule), every=4)
        axes.set_xlabel("images asked about, %")
        axes.set_ylabel("accuracy, %")
    axes = panels[0, 2]
    axes.set_title("(c) by labelled images, with one person", fontsize=9)
    if labels is None:
        _instead(axes, "same-eyes teams --labels measures it")
    else:
        rows = labels[labels["partner"] == labels["partner"].iloc[0]]
        for rule, style in zip(known, STYLES, strict=False):
            drawn = rows[rows["rule"] == rule]
            _line(axes, drawn["images"], 100 * drawn["gain"], style, _title(rule), every=1)
        axes.set_xscale("log")
        axes.set_xlabel("labelled images that a rule learns from")
        axes.set_ylabel("points gained over the better member")
    panels[0, 0].legend(frameon=False, fontsize=7, loc="lower center")
    _footer(figure, f"{source} Means over machines.")
    return figure


def _line(axes: Axes, x: pd.Series, y: pd.Series, style: tuple, name: str, every: int) -> None:
    colour, dash, marker = style
    axes.plot(
        x, y, linestyle=dash, marker=marker, markevery=every, color=colour, markersize=4, linewidth=1.3, label=name
    )


def _title(rule: str) -> str:
    known = available_rules()
    return known[rule].title if rule in known else rule
