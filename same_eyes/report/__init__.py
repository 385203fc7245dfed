"""What a run of the suite found, written down for readers of six kinds.

===============  ==========================================================================================
``report.json``  everything, as data; each of the others is drawn from it, so that none can say otherwise
``report.html``  one page that needs no network: verdicts, claims with their intervals, figures, images
``report.md``    the same verdicts for a repository's page
``junit.xml``    a test case a claim's case, for a build server
``tables.tex``   Table 1, the claims and Figure 7, for a paper
``figure*.svg``  the study's figures, and the same as PNG
``sensitivity``  a CSV file: the claims under other choices than the study leaves open
===============  ==========================================================================================

Nothing of this is imported by a run that writes no report, save :mod:`~same_eyes.report.verdicts`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..store import replace_file

if TYPE_CHECKING:
    from ..plugin import Session


def write(folder: Path, session: Session) -> list[str]:
    """Write the report into a folder, each file whole or not at all.

    Returns
    -------
    list of str
        One line on what was written, and one for each thing that was left out: what, and why.
    """
    from ..measure.sensitivity import csv
    from ..plots import draw
    from . import junit, latex, markdown, page, pictures
    from .content import content, plain

    folder.mkdir(parents=True, exist_ok=True)
    drawn, missing = draw(folder, session)
    found = plain(content(session, drawn, missing))
    files = {
        "report.json": json.dumps(found, indent=1, allow_nan=False) + "\n",
        "report.md": markdown.text(found),
        "junit.xml": junit.xml(found),
        "tables.tex": latex.tables(found),
    }
    if found["sensitivity"]:
        files["sensitivity.csv"] = csv(found["sensitivity"])
    lines = [f"left out: {line}" for line in found["left_out"]]
    if page.available():
        files["report.html"] = page.html(found, folder, pictures.of(found, session.data_dir))
    else:
        lines.append(f"left out: {page.WITHOUT}")
    for name, text in files.items():
        replace_file(folder / name, text.encode())
    return [f"written to {folder}: {', '.join([*files, *(f'{figure.name}.svg, .png' for figure in drawn)])}", *lines]
