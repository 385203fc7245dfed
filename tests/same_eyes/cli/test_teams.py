import pandas as pd
import pytest

from same_eyes import cli, team_rules
from same_eyes.cli.teams import _rules


def teams(capsys, store, *more):
    quick = [
        "--study",
        "digits",
        "--store",
        str(store.root),
        "--replicates",
        "40",
        "--divisions",
        "1",
        "--workers",
        "1",
    ]
    code = cli.main(["teams", *quick, *map(str, more)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_every_kind_of_team_is_printed(capsys, planted):
    code, out, err = teams(capsys, planted("ce", "gce"), "--rule", "threshold", "--rule", "p_plus_l")
    assert code == 0
    assert "teams:" in err  # the progress bar
    for kind, count in {"person": 6, "people": 2, "machine": 2, "machines-averaged": 2, "two-people": 3}.items():
        assert f"\n{kind}: mean of {count} teams" in out
    assert [line.split("|")[1].strip() for line in out.splitlines() if line.startswith("| p_plus_l")] == [
        "p_plus_l"
    ] * 4
    assert "SIMULATED" in out
    assert "written" not in out


def test_rules_machines_and_kinds_are_chosen(capsys, planted, tmp_path):
    pytest.importorskip("matplotlib")
    more = [
        "--rule",
        "p_plus_l",
        "--machine",
        "GCE",
        "--team",
        "person",
        "--labels",
        "--limit",
        "--out",
        tmp_path / "to",
    ]
    code, out, _ = teams(capsys, planted("ce", "gce"), *more)
    assert code == 0
    table = pd.read_csv(tmp_path / "to" / "teams.csv")
    assert set(table["machine"]) == {"GCE", "mean"}
    assert (set(table["kind"]), set(table["rule"])) == ({"person"}, {"p_plus_l"})
    assert (table["accuracy_low"] <= table["accuracy"]).all()
    names = ["teams.csv", "team_classes.csv", "team_costs.csv", "team_labels.csv", "team_limit.csv"]
    names += [f"{name}.{kind}" for name in ("team_gains", "team_costs") for kind in ("svg", "png")]
    for name in names:
        assert (tmp_path / "to" / name).stat().st_size
        assert f"/{name}" in out
    assert "by labelled images" in out
    assert "Share of the oracle's gain" in out


@pytest.mark.parametrize(
    ("option", "named", "known"),
    [("--rule", "no_such", "p_plus_l"), ("--machine", "Mine", "CE"), ("--team", "x", "person")],
)
def test_who_is_not_there_is_named(capsys, planted, option, named, known):
    code, _, err = teams(capsys, planted("ce"), option, named)
    assert code == 1
    assert named in err
    assert known in err


def test_without_a_machine_there_is_no_team(capsys, planted):
    code, _, err = teams(capsys, planted())
    assert code == 1
    assert "same-eyes train" in err


def test_a_rule_whose_package_is_absent_is_left_out_or_refused_by_name(capsys, planted, monkeypatch):
    monkeypatch.setattr(team_rules, "find_spec", lambda name: None)
    line = "the rule crowdlab needs cleanlab: pip install cleanlab"
    assert cli.main(["teams", "--rule", "crowdlab", "--study", "digits", "--store", str(planted("ce").root)]) == 1
    assert capsys.readouterr().err == f"same-eyes: {line}\n"
    assert "crowdlab" not in _rules(None)
    assert capsys.readouterr().out == f"left out: {line}\n"


def test_a_rule_that_needs_more_people_than_the_team_has_is_one_line(capsys, planted):
    asked = ["--rule", "crowdlab", "--team", "person", "--study", "digits", "--store", str(planted("ce").root)]
    pytest.importorskip("cleanlab")
    assert cli.main(["teams", *asked, "--replicates", "40", "--divisions", "1", "--workers", "1"]) == 1
    assert "crowdlab cannot work in a team of person: ask for another --team." in capsys.readouterr().err
