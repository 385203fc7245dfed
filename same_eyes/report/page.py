"""``report.html``: one page that asks for no network and no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WITHOUT = "report.html: jinja2 is not installed (the extra `report`: pip install 'same-eyes[report]')"


def available() -> bool:
    """Whether the page can be made here."""
    return find_spec("jinja2") is not None


def html(found: Mapping[str, Any], folder: Path, pictures: tuple[Mapping[int, str], str]) -> str:
    """The report as a page.

    Parameters
    ----------
    found : mapping
        What ``report.json`` holds.
    folder : path
        Where the figures lie, each ``<name>.svg``.
    pictures : (mapping of int to str, str)
        The images that people and machines differ on, as :func:`~same_eyes.report.pictures.of` gives them.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from . import marks

    environment = Environment(
        loader=PackageLoader("same_eyes.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "slug": _slug, "signs": _signs}
    drawings = {figure["number"]: _uri(folder / f"{figure['name']}.svg") for figure in found["figures"]}
    shown, note = pictures
    return environment.get_template("page.html").render(
        report=found,
        figures={figure["number"]: figure for figure in found["figures"]},
        drawings=drawings,
        pictures=shown,
        pictures_note=note,
        scale=marks.scale,
        interval=marks.interval,
    )


def _uri(path: Path) -> str:
    """A drawing as the page holds it: an image of its own, whose names cannot meet those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()


def _percent(share: float | None, digits: int = 2) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}"


def _signs(allowed: str) -> str:
    return allowed.replace("+-", "±").replace("<=", "≤")


def _slug(verdict: str) -> str:
    return verdict.replace(" ", "-")
