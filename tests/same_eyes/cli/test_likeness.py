import pandas as pd
import pytest

from same_eyes import cli


def run(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def likeness(capsys, store, *more):
    return run(capsys, "likeness", "--study", "digits", "--store", store.root, "--replicates", 60, *more)


def test_everybody_is_compared_with_everybody(capsys, planted):
    code, out, _ = likeness(capsys, planted("ce", "gce"))
    assert code == 0
    rows = [line.split("|")[1].strip() for line in out.splitlines() if line.startswith("| ")]
    assert {"Human 1", "CE", "GCE", "two machines"} <= set(rows)
    assert "SIMULATED" in out
    assert "human ceiling" in out


def test_table_and_pictures_are_written(capsys, planted, tmp_path):
    pytest.importorskip("matplotlib")
    code, out, _ = likeness(capsys, planted("ce", "gce"), "--out", tmp_path / "here")
    assert code == 0
    table = pd.read_csv(tmp_path / "here" / "likeness.csv")
    assert len(table) == 10
    assert (table["error_consistency_low"] <= table["error_consistency"]).all()
    for name in (
        "likeness.csv",
        "likeness_matrices.svg",
        "likeness_matrices.png",
        "likeness_map.svg",
        "likeness_map.png",
    ):
        assert (tmp_path / "here" / name).stat().st_size
        assert f"{name}" in out


def test_without_machines_people_are_compared(capsys, tmp_path):
    code, out, _ = run(capsys, "likeness", "--study", "digits", "--store", tmp_path, "--replicates", 40)
    assert code == 0
    assert "two people" in out
