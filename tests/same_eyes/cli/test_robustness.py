import pandas as pd
import pytest

from same_eyes import cli
from same_eyes.measure import robustness
from same_eyes.measure.robustness import Variant
from same_eyes.testing.worlds import Observer, simulated_study

CLAIMS = ("machines-above-people-strict", "machines-err-together-strict")


@pytest.fixture
def two_variants(monkeypatch):
    """A grid of one simulated variant and one that is not there."""
    study = simulated_study([Observer(0.7)] * 3, {"CE": Observer(0.8), "GCE": Observer(0.6)}, images=500)
    variants = [
        Variant("as it is", "machines", lambda: study),
        Variant("labels worst", "machines", None, "0 of 13 runs are stored; same-eyes train --all --labels worst"),
    ]
    monkeypatch.setattr(robustness, "of_runs", lambda runset: variants)
    monkeypatch.setattr(robustness.grid, "__defaults__", (CLAIMS, *robustness.grid.__defaults__[1:]))


def test_the_grid_is_printed_and_written(capsys, two_variants, tmp_path):
    pytest.importorskip("matplotlib")
    code = cli.main(["robustness", "--replicates", "40", "--store", str(tmp_path), "--out", str(tmp_path / "here")])
    out = capsys.readouterr().out
    assert code == 0
    row = next(line for line in out.splitlines() if CLAIMS[0] in line)
    assert [cell.strip() for cell in row.split("|")[3:-1]] == ["✗", "·"]
    assert "b: machines, labels worst: not run, 0 of 13 runs are stored; same-eyes train --all --labels worst" in out
    table = pd.read_csv(tmp_path / "here" / "robustness.csv")
    assert table["verdict"].tolist()[:2] == ["not reproduced", "not run"]
    assert (tmp_path / "here" / "robustness.png").stat().st_size
