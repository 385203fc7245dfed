"""The claims under other choices, from the command line; the study is planted, since there is no data here."""

from functools import partial

import pandas as pd
import pytest

from same_eyes import cli, studies
from same_eyes.data import MissingData
from same_eyes.measure.sensitivity import HEADER, Row
from same_eyes.testing.worlds import Observer, simulated_study


@pytest.fixture
def planted_study(monkeypatch):
    make = partial(simulated_study, [Observer(0.8)] * 3, images=200)

    def missing(machines, data_dir):
        raise MissingData("CIFAR-10 is not here")

    machines = {"CE": Observer(0.85), "GCE": Observer(0.83)}
    monkeypatch.setattr(studies, "heldout", lambda name, runs, data_dir: make(machines))
    monkeypatch.setattr(studies, "whole", lambda name, data_dir: make())
    monkeypatch.setattr(studies, "official", missing)


def test_the_table_is_printed_and_written(planted_study, capsys, tmp_path):
    path = tmp_path / "varied.csv"
    assert cli.main(["sensitivity", "--store", str(tmp_path), "--replicates", "40", "--csv", str(path)]) == 0
    said = capsys.readouterr().out
    assert "left out: CIFAR-10 is not here" in said
    assert all(column in said for column in HEADER)
    found = pd.read_csv(path)
    assert list(found.columns) == list(Row._fields)
    varied = found[found["varied"] != "as it is"]
    assert f"{(~varied['stands']).sum()} of {len(varied)} variations end a claim otherwise." in said
    assert {"paired t-test", "15 levels", "BCa interval"} <= set(varied["varied"])


def test_without_a_machine_there_is_nothing_to_vary(planted_study, monkeypatch, capsys, tmp_path):
    nobody = simulated_study([Observer(0.8)] * 3, {}, images=9)
    monkeypatch.setattr(studies, "heldout", lambda name, runs, data_dir: nobody)
    assert cli.main(["sensitivity", "--store", str(tmp_path), "--recipe", "full"]) == 1
    assert "no machine is stored; " in capsys.readouterr().err
