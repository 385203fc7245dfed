"""The study's figures, drawn from the numbers that its claims assert.

Readable in grey and by colour-blind readers: sequential maps of one lightness, and lines told apart by dash and marker.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .measure.core import Measured
from .measure.mistakes import confusion, same_mistake

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = "Blues"


def figure2(measured: Measured) -> Figure:
    """Figure 2: what the second answers, given what the first answered, where both are wrong."""
    figure = _figure(3, 1, width=11, height=4.4)
    titles = {"HH": "two people", "MM": "two machines", "HM": "a person (row), a machine (column)"}
    for axes, (pair, title) in zip(figure.axes, titles.items(), strict=True):
        matrix, _ = confusion(measured, pair)  # type: ignore[arg-type]
        seen = same_mistake(measured, pair)  # type: ignore[arg-type]
        image = _heat(axes, matrix, measured.study.classes, measured.study.classes, high=1.0)
        axes.set_title(f"{title}\nsame mistake: {seen.value:.2f} [{seen.low:.2f}, {seen.high:.2f}]", fontsize=9)
    figure.colorbar(image, ax=figure.axes, shrink=0.7, label="share of the row")
    figure.suptitle("Two who are wrong: the same mistake is the diagonal", fontsize=10)
    return figure


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as SVG and PNG, each whole or not at all."""
    import io

    from .store import replace_file

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, facts in (("svg", {"Date": None}), ("png", {"Software": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, dpi=150, metadata=facts)
        paths.append(folder / f"{name}.{suffix}")
        replace_file(paths[-1], buffer.getvalue())
    return paths


def _figure(columns: int, rows: int, *, width: float, height: float) -> Figure:
    """A figure of its own, without pyplot's global state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "same-eyes"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.subplots(rows, columns)
    return figure


def _heat(axes: Axes, matrix: np.ndarray, rows: object, columns: object, *, high: float, digits: int = 2):
    """A matrix as shades, with its numbers where they are not too small to matter."""
    image = axes.imshow(matrix, cmap=SHADES, vmin=0, vmax=high)
    axes.set_xticks(range(matrix.shape[1]), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(matrix.shape[0]), rows, fontsize=7)
    for i, j in np.argwhere(np.nan_to_num(matrix) >= 0.05 * high):
        shade = "white" if matrix[i, j] > 0.55 * high else "black"
        axes.text(j, i, f"{matrix[i, j]:.{digits}f}".lstrip("0"), ha="center", va="center", fontsize=5.5, color=shade)
    return image
