"""Writing a report: whole files that say the same, one line for what is missing, and nothing of it in other runs."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from same_eyes import plots, report
from same_eyes.places import CHECKOUT
from same_eyes.report import page

FILES = ["junit.xml", "report.html", "report.json", "report.md", "tables.tex"]


@pytest.fixture
def undrawn(session, monkeypatch):
    """A session whose figures take no time to draw: none of its claims is of one."""
    monkeypatch.setattr(plots, "draw", lambda folder, session: ([], {}))
    return session


def test_the_files_say_the_same(undrawn, tmp_path):
    pytest.importorskip("jinja2")
    folder = tmp_path / "deep" / "report"
    lines = report.write(folder, undrawn)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert lines[0].startswith(f"written to {folder}: report.json, report.md, junit.xml, tables.tex, report.html")
    found = json.loads((folder / "report.json").read_text())
    shown = found["claims"][0]["shown"]
    assert shown == "0.600 [0.580, 0.620]"
    for name in ("report.html", "tables.tex", "report.md"):
        assert shown in (folder / name).read_text().replace("\\[", "[").replace("\\]", "]")
    assert shown in ElementTree.parse(folder / "junit.xml").findall(".//skipped")[0].text


def test_the_same_run_is_the_same_bytes(undrawn, tmp_path):
    for name in ("first", "second"):
        report.write(tmp_path / name, undrawn)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_without_jinja_all_but_the_page_is_written(undrawn, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    lines = report.write(tmp_path, undrawn)
    assert lines[-1] == (
        "left out: report.html: jinja2 is not installed (the extra `report`: pip install 'same-eyes[report]')"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [name for name in FILES if name != "report.html"]


def test_a_figure_left_out_is_a_line(session, tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "draw", lambda folder, session: ([], {6: "no runs of backbones"}))
    assert "left out: figure 6: no runs of backbones" in report.write(tmp_path, session)


def test_a_run_without_a_report_imports_nothing_of_it():
    program = """
import sys, pytest
asked = "benchmark/test_preconditions.py --study digits --replicates 40 -q -p no:cacheprovider"
code = pytest.main(asked.split())
heavy = {"matplotlib", "jinja2", "PIL", "same_eyes.plots", "same_eyes.report.content", "same_eyes.report.page"}
assert code == 0, code
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, check=True, capture_output=True)
