"""``tables.tex``: what LaTeX reads without complaint, whatever a machine is called."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from same_eyes.report.latex import tables

PAGE = (
    r"\documentclass{article}\usepackage{array,booktabs,graphicx,longtable}\begin{document}\input{tables}\end{document}"
)


def test_the_tables_of_a_report(found):
    said = tables(found)
    labels = re.findall(r"\\label\{(.*?)\}", said)
    assert labels == [
        "tab:accuracies",
        "tab:claims",
        "tab:gains-oracle-here",
        "tab:gains-oracle-paper",
        "tab:gains-realistic-here",
        "tab:gains-realistic-paper",
    ]
    assert re.findall(r"\\label\{(.*?)\}", tables(found | {"accuracies": [], "gains": []})) == ["tab:claims"]


def test_numbers_are_those_of_the_report(found):
    said = tables(found)
    ce = next(row for row in found["accuracies"] if row["name"] == "CE")
    cells = [cell.strip() for cell in next(line for line in said.splitlines() if line.startswith(" CE ")).split("&")]
    assert cells[1:4] == ["85.0", f"{100 * ce['measured']:.2f}", f"{100 * ce['low']:.2f}"]
    row = found["claims"][0]
    assert f"{row['shown']}" in said
    assert "not reproduced (1 of 2)" in said
    matrix = said.split("tab:gains-oracle-here")[1].split("\\end{tabular}")[0]
    cells = [cell.strip(" \\") for cell in next(s for s in matrix.splitlines() if s.startswith(" CE ")).split("&")]
    here = found["gains"][0]["here"][0]
    assert cells[1:] == ["" if cell is None else f"{100 * cell['measured']:.1f}" for cell in here]


def test_every_environment_and_brace_is_closed(found):
    said = tables(found)
    open_ones = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+)\}", said):
        if what == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert not open_ones
    bare = re.sub(r"\\[{}]", "", said)
    assert bare.count("{") == bare.count("}")


def test_every_row_has_as_many_cells_as_its_table_has_columns(found):
    bodies = re.findall(
        r"\\begin\{(?:tabular|longtable)\}.*?\n(.*?)\\end\{(?:tabular|longtable)\}", tables(found), re.S
    )
    assert len(bodies) == 6
    for body in bodies:
        rows = [line for line in body.splitlines() if "&" in line]
        assert len({re.sub(r"\\&", "", line).count("&") for line in rows}) == 1


def test_a_name_cannot_become_a_command(found):
    said = tables(found)
    assert r"50 \% \& \_more\_" in said
    assert "<" not in said.replace(r"\ensuremath{<}", "")
    found["claims"][0]["says"] = r"\input{/etc/passwd} $x$ #1 ~ ^ {"
    said = tables(found)
    assert r"\input" not in said.replace(r"\textbackslash{}input", "")
    assert r"\$x\$ \#1" in said


def compiled(found, folder):
    """What LaTeX says of the tables, and the page."""
    if not (program := shutil.which("pdflatex") or shutil.which("tectonic")):
        pytest.skip("neither pdflatex nor tectonic")
    (folder / "tables.tex").write_text(tables(found))
    (folder / "page.tex").write_text(PAGE)
    options = {"pdflatex": ["-halt-on-error"], "tectonic": ["--untrusted"]}[Path(program).stem]
    done = subprocess.run([program, *options, "page.tex"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout + done.stderr, (folder / "page.pdf").read_bytes()


def test_it_compiles(found, tmp_path):
    assert compiled(found, tmp_path)[1].startswith(b"%PDF")


def test_nothing_is_seen_to_stick_out(found, tmp_path):
    named = {"name": "Co-teaching+"}  # as long as names are that no one made to break anything
    found["accuracies"] = [row | named for row in found["accuracies"]]
    said, _ = compiled(found, tmp_path)
    assert [points for points in re.findall(r"Overfull .hbox \(([\d.]+)pt too wide", said) if float(points) > 2] == []


def test_signs_are_those_of_print(found):
    said = tables(found)
    assert r"0.85 $\pm$ 0.1" in said
    assert "+-" not in said
