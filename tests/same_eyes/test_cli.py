"""The command: what it prints, and that an error is one line and exit code 1."""

import json
import re
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from same_eyes import cli, data, method, studies, tune
from same_eyes.cli import tune as tune_command
from same_eyes.places import leaf
from same_eyes.plugin import STATE
from same_eyes.runset import STUDY
from same_eyes.types import BadInput


def run(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 1
    assert err.count("\n") == 1
    assert err.startswith("same-eyes: ")
    return err


def test_methods_are_listed_with_what_they_need(capsys):
    code, out, _ = run(capsys, "methods")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[2 : 2 + len(STUDY)]] == STUDY
    assert any("Co-teaching " in line and "forget_rate=" in line for line in lines)
    assert any(line.startswith("gce") and "ce" in line and "q=0.7" in line for line in lines)


def test_data_says_what_is_where(capsys, tmp_path):
    code, out, _ = run(capsys, "data", "--data-dir", tmp_path)
    assert code == 0
    assert "cifar10n" in out
    assert "licence" in out
    assert "Cite:" in out
    assert f"Searched, in this order:\n  {tmp_path}" in out


def test_data_that_is_broken_is_a_failure(capsys, monkeypatch):
    source = next(iter(data.SOURCES.values() if hasattr(data.SOURCES, "values") else data.SOURCES))
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, None, "its SHA-256 is wrong")])
    code, out, _ = run(capsys, "data")
    assert code == 1
    assert "SHA-256 is wrong" in out.replace("\n", " ")
    assert "same-eyes data fetch" in out


def test_fetch_asks_for_what_is_missing(capsys, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(data, "fetch", lambda folder, names: asked.append((folder, names)))
    assert run(capsys, "data", "fetch", "--data-dir", tmp_path)[0] == 0
    assert run(capsys, "data", "fetch", "cifar10h-raw", "--data-dir", tmp_path)[0] == 0
    assert asked == [(tmp_path, []), (tmp_path, ["cifar10h-raw"])]
    assert refused(capsys, "data", "fetch", "mnist").startswith("same-eyes: no data mnist; there are cifar10, ")


def test_what_is_optional_is_fetched_by_name(capsys, monkeypatch):
    optional = [source for source in data.SOURCES if source.optional]
    monkeypatch.setattr(data, "status", lambda folder: [data.Status(source, None, "") for source in optional])
    out = run(capsys, "data")[1]
    assert [line for line in out.splitlines() if "data fetch" in line] == [
        f"Optional, for {source.needed_for}: same-eyes data fetch {source.name}" for source in optional
    ]


def test_a_fetch_that_fails_is_one_line(capsys, monkeypatch):
    def offline(folder, names):
        raise data.MissingData("cifar10n: no network.\nDownload it by hand.")

    monkeypatch.setattr(data, "fetch", offline)
    assert refused(capsys, "data", "fetch") == "same-eyes: cifar10n: no network. Download it by hand.\n"


DIGITS = ("--study", "digits", "--store")


def test_a_dry_run_prints_the_plan_and_trains_nothing(capsys, tmp_path):
    code, out, _ = run(capsys, "train", "gce", "coteaching", *DIGITS, tmp_path, "--dry-run")
    assert code == 0
    rows = [line.split() for line in out.splitlines()[2:5]]
    assert rows == [
        ["digits/tiny/random1-digits-ce-0", "missing", "30", "?"],
        ["digits/tiny/random1-digits-gce-0", "missing", "10", "?"],
        ["digits/tiny/random1-digits-coteaching-0", "missing", "60", "?"],
    ]
    assert out.splitlines()[-1] == ("To train: 3 of 3 runs, about 0 minutes, and 3 at a pace that is not known.")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_estimates_from_what_is_stored(capsys, planted):
    store = planted("ce")  # 3 s for 30 passes
    code, out, _ = run(capsys, "train", "--all", *DIGITS, store.root, "--dry-run")
    assert code == 0
    rows = {line.split()[0].split("-")[-2]: line.split()[1:] for line in out.splitlines()[2:15]}
    assert out.splitlines()[-1] == "To train: 12 of 13 runs, about 1 minutes."
    assert rows["ce"][:2] == ["stored", "30"]
    assert float(rows["ce"][2]) == 0
    assert rows["coteaching"] == ["missing", "60", "0.1"]


def planned(out):
    """The names of a dry run's runs, without the study and the recipe."""
    return [line.split()[0].split("/")[-1] for line in out.splitlines()[2:] if "/" in line.split(" ")[0]]


def test_a_set_is_a_whole_figure(capsys, tmp_path):
    store = ("--store", tmp_path, "--dry-run")
    _, out, _ = run(capsys, "train", "--all", "--set", "labels", "backbones", *store)
    names = planned(out)
    assert len(names) == len(set(names)) == 13 + 2 + 13 + 2  # CE is the start of others on random1, random2 ...
    assert names.index("random2-conv6-ce-0") < names.index("random2-conv6-pls-0")
    assert {"random3-conv6-jocor-0", "random1-vgg-fw-0", "random1-inception-ce-0"} <= set(names)
    _, out, _ = run(capsys, "train", "gce", "--set", "main", "labels", "--seed", 1, 2, *store)
    assert planned(out) == [
        f"{labels}-conv6-{m}-{s}" for s in (1, 2) for labels in ("random1", "random3") for m in ("ce", "gce")
    ]
    assert "leave out --labels" in refused(capsys, "train", "gce", "--set", "labels", "--labels", "random1", *store)


def test_train_stores_and_says_how_accurate(capsys, trained, monkeypatch, tmp_path):
    monkeypatch.setenv("SAME_EYES_WORK", str(tmp_path))
    code, out, _ = run(capsys, "train", "gce", *DIGITS, trained.root)  # stored already: nothing to do
    assert code == 0
    lines = out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"digits/tiny/random1-digits-{m}-0" for m in ("ce", "gce")]
    assert all(" heldout " in line and line.endswith(" s)") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_beside_the_paper(capsys, trained, planted):
    code, out, _ = run(capsys, "runs", "--study", "digits", "--store", trained.root)
    assert code == 0
    accuracy = trained.manifest(next(r for r in trained.runs() if r.method == "gce"))["accuracy"]["heldout"]
    assert f"{100 * accuracy:.2f}" in next(line for line in out.splitlines() if "GCE" in line)
    assert "missing" in next(line for line in out.splitlines() if "JoCoR" in line)
    assert "3 of 13 machines stored" in out
    assert "threads" in out
    code, out, _ = run(capsys, "runs", "--store", planted().root)
    assert code == 0
    assert "85.0" in next(line for line in out.splitlines() if "| CE " in line)
    assert "nothing yet" in out


@pytest.mark.parametrize(
    ("name", "header", "jocor"), [("labels", "labels", "random3"), ("backbones", "backbone", "resnet")]
)
def test_runs_of_a_set_say_what_is_varied(capsys, tmp_path, name, header, jocor):
    _, out, _ = run(capsys, "runs", "--recipe", "small", "--set", name, "--store", tmp_path)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if line[:1] == "|"]
    assert rows[0][:3] == ["method", header, "here %"]
    assert next(row for row in rows if row[0] == "JoCoR")[1:3] == [jocor, "missing"]


def test_runs_are_a_table_with_intervals(capsys, trained, planted):
    _, out, _ = run(capsys, "runs", "--study", "digits", "--store", trained.root)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if line[:1] == "|"]
    assert cells[0] == ["method", "paper %", "here %", "95 % interval", "networks", "seconds"]
    rows = {row[0]: row[1:] for row in cells[2:]}
    assert len(rows) == 13
    for name in ("CE", "GCE", "Co-teaching"):
        printed, here, interval, networks, seconds = rows[name]
        low, high = map(float, interval.split(" to "))
        assert printed == ""  # the paper has nothing to say of digits
        assert 0 < low < float(here) < high < 100
        assert networks == str(trained.methods["coteaching" if name == "Co-teaching" else "ce"].networks)
        assert float(seconds) >= 0
    assert rows["JoCoR"] == ["", "missing", "", "2", ""]
    code, out, _ = run(capsys, "runs", *DIGITS[:2], "--store", planted("jocor").root)
    assert code == 0
    assert "85.00" in next(line for line in out.splitlines() if "JoCoR" in line)
    assert out.splitlines()[-1].endswith("1 of 13 machines stored; held-out images; seconds of training on none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "name a method, or say --all; there are "),
        (["train", "sgd"], "no method sgd; there are "),
        (["train", "ce", "sgd", "adam"], "no method sgd, adam; there are "),
        (["train", "ce", "--labels", "aggre"], "no labels 'aggre'; there are random1, random2, random3."),
        (["train", "ce", "--labels", "aggre", "--dry-run"], "no labels 'aggre'; there are random1, random2, random3."),
        (
            ["train", "ce", "--backbone", "lenet", "--dry-run"],
            "no backbone 'lenet'; there are conv6, digits",
        ),
        (["train", "ce", "--all"], "--all is all thirteen of the study: leave out ce, or --all."),
        (["tune", "ce", *DIGITS[:2]], "nothing is open for ce; it is for gce, "),
        (["tune", "gce", "sgd", *DIGITS[:2]], "nothing is open for sgd; it is for gce, "),
        (["tune", "gce", *DIGITS[:2], "--try", "temperature=1"], "gce has no setting temperature."),
        (["tune", "gce", *DIGITS[:2], "--try", "q"], "--try q: write it as NAME=VALUE,VALUE."),
        (["tune", "gce", *DIGITS[:2], "--try", "q=0.3,"], "--try q=0.3,: write it as NAME=VALUE,VALUE."),
        (["tune", "gce", *DIGITS[:2], "--try", "=0.3"], "--try =0.3: write it as NAME=VALUE,VALUE."),
        (["train", "ce", "--device", "abacus"], "no device 'abacus' (Expected one of cpu, "),
        (["train", "ce", "--device", "cuda:99"], "no device 'cuda:99' ("),
        (["tune", "pls", *DIGITS[:2], "--images", "20"], "20 images do not fill one batch of 64: "),
    ],
)
def test_a_wrong_request_is_one_line(capfd, work, tmp_path, arguments, message):
    more = [*DIGITS, tmp_path / "store"] if "train" in arguments else []
    code = cli.main(list(map(str, [*arguments, *more])))
    last = capfd.readouterr().err.splitlines()[-1]
    assert code == 1
    assert last.startswith("same-eyes: " + message)


@pytest.mark.parametrize("option", ["--expectations", "--margins"])
def test_a_file_that_is_not_there_is_named_without_the_systems_number(capsys, option):
    assert cli.main(["gate", "--study", "digits", option, "none.toml"]) == 5
    assert capsys.readouterr().err == (
        "same-eyes: none.toml: No such file or directory. Correct the path, or the permissions there.\n"
    )


@pytest.mark.parametrize("command", [[], *([name.replace("_", "-")] for name in cli.names())])
def test_every_help_has_an_example_and_fits_a_terminal(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert said.splitlines()[-2:-1] == ["example:"]
    assert said.splitlines()[-1].startswith(" ".join(["  same-eyes", *command]))
    assert max(map(len, said.splitlines())) <= 80


# --- Searching constants


def test_a_search_writes_the_values_tried(capsys, work, tmp_path, one_thread):
    pytest.importorskip("torch")
    short = ("--images", 300, "--epochs", 1, "--seed", 3, "--out", tmp_path)
    code, out, _ = run(capsys, "tune", "pls", *DIGITS[:2], *short, "--try", "rate=0.1,0.5", "batch=32,64")
    assert code == 0
    found = json.loads((tmp_path / "pls.json").read_text())
    facts = {"method": "pls", "recipe": "tiny", "epochs": 1, "tune_epochs": 1, "images": 300, "seed": 3}
    assert {name: found[name] for name in facts} == facts
    assert found["source"] == method.available()["pls"].source
    assert sorted((row["rate"], row["batch"]) for row in found["rows"]) == [(0.1, 32), (0.1, 64), (0.5, 32), (0.5, 64)]
    scores = [row["accuracy"] for row in found["rows"]]
    assert scores == sorted(scores, reverse=True)
    assert out.splitlines()[0].split() == ["rate", "batch", "accuracy", "se", "seconds"]
    assert [line.split()[:2] for line in out.splitlines()[2:]] == [
        [f"{row['rate']:g}", f"{row['batch']}"] for row in found["rows"]
    ]
    assert [path.name.split("-")[0] for path in (work / "tune").iterdir()] == ["ce"]  # which it starts from


def test_a_wrong_constant_is_noticed_before_anything_is_trained(capsys, work):
    pytest.importorskip("torch")
    refused(capsys, "tune", "pls", *DIGITS[:2], "--try", "temperature=1")  # it starts from a trained network
    assert not work.exists()


@pytest.mark.parametrize(
    ("text", "value"), [("4", 4), ("-2", -2), ("0.2", 0.2), ("1e-3", 0.001), ("-0.5", -0.5), ("tv", "tv"), ("", "")]
)
def test_a_value_is_a_number_where_it_can_be(text, value):
    found = tune_command._value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("name", tune.CANDIDATES)
def test_the_usual_values_can_be_typed(name):
    for constant, values in tune.CANDIDATES[name].items():
        assert tune_command._candidates(f"{constant}={','.join(map(str, values))}") == (constant, list(values))


# --- Running the suite


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["baseline"], ["--baseline", "write"]),
        (["report", "--report", "/there"], ["--report", "/there"]),
        (["report", "--study", "digits", "--report", "/there"], ["--report", "/there", "--study", "digits"]),
    ],
)
@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (pytest.ExitCode.OK, 0),
        (pytest.ExitCode.TESTS_FAILED, 0),  # a claim that fails is no error here
        (pytest.ExitCode.USAGE_ERROR, 1),
        (pytest.ExitCode.INTERRUPTED, 1),
        (pytest.ExitCode.NO_TESTS_COLLECTED, 1),
    ],
)
def test_the_suite_is_run_for_what_it_writes(monkeypatch, arguments, options, ended, code):
    asked = []
    monkeypatch.setattr(pytest, "main", lambda given, plugins: asked.append(given) or ended)
    assert cli.main(arguments) == code
    (given,) = asked
    assert given[: 1 + len(options)] == [str(leaf("benchmark")), *options]
    assert given[-2:] == ["-p", "same_eyes.plugin"]  # in an installed wheel no conftest.py names it


@pytest.mark.parametrize("errors", [[], ["3 tests ended in an error, and what they measure is missing"]])
def test_what_no_claim_is_to_blame_for_is_an_error(monkeypatch, errors):
    def main(given, plugins):
        session = SimpleNamespace(config=SimpleNamespace(stash={STATE: SimpleNamespace(errors=errors)}))
        for plugin in plugins:
            plugin.pytest_sessionfinish(session)
        return pytest.ExitCode.TESTS_FAILED

    monkeypatch.setattr(pytest, "main", main)
    assert cli.main(["report"]) == len(errors)


def test_a_report_is_written_where_the_command_is_given(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(pytest, "main", lambda given, plugins: asked.extend(given) or pytest.ExitCode.OK)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report"]) == 0
    assert asked[1:3] == ["--report", str(tmp_path / "report")]
    assert "--study" not in asked


def test_a_training_that_diverges_is_one_line(capfd, work, tmp_path, monkeypatch, short, one_thread):
    pytest.importorskip("torch")
    broken = {"ce": method.replace(short["ce"], objective=lambda task: lambda z, batch: z[0].sum() * float("nan"))}
    monkeypatch.setattr("same_eyes.cli.train.available", lambda: broken)
    assert cli.main(["train", "ce", *DIGITS, str(tmp_path / "store")]) == 1
    assert capfd.readouterr().err.splitlines()[-1] == ("same-eyes: ce: the loss is nan at step 0. Lower lr or clip.")
    assert not (tmp_path / "store").exists()


def test_a_damaged_manifest_is_one_line(capsys, planted):
    store = planted("ce")
    path = store.root / "digits/tiny/random1-digits-ce-0.json"
    path.write_text(json.dumps([]))
    err = refused(capsys, "likeness", "--study", "digits", "--store", store.root)
    assert "ce-0.json: not a manifest of a run" in err
    assert "Train it: same-eyes train ce" in err


@pytest.mark.parametrize("fact", ["seconds", "accuracy", "device"])
def test_a_manifest_may_lack_what_nothing_hangs_on(capsys, planted, fact):
    store = planted("ce")
    path = store.root / "digits/tiny/random1-digits-ce-0.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != fact}))
    code, out, _ = run(capsys, "runs", "--study", "digits", "--store", store.root)
    assert code == 0
    assert "| CE" in out
    assert run(capsys, "train", "ce", "gce", *DIGITS, store.root, "--dry-run")[0] == 0


def test_a_plan_goes_by_the_pace_of_sound_runs(capsys, planted):
    store = planted("ce", "gce")
    (store.root / "digits/tiny/random1-digits-ce-0.json").write_text("[]")
    code, out, _ = run(capsys, "train", "ce", "gce", *DIGITS, store.root, "--dry-run")
    assert code == 0
    assert "damaged" in out
    assert "To train: 1 of 2 runs" in out


OUT_OF_RANGE = [["train", "ce", "--seed", "-1"], ["tune", "gce", "--epochs", "0"], ["tune", "gce", "--images", "-5"]]
OUT_OF_RANGE += [[name, "--replicates", "39"] for name in ("gate", "likeness", "power", "robustness", "sensitivity")]
OUT_OF_RANGE += [["large", "study", "--eta", eta] for eta in ("60", "-0.1", "nan", "much")]
OUT_OF_RANGE += [["teams", option, "0"] for option in ("--replicates", "--divisions", "--workers")]


@pytest.mark.parametrize("arguments", OUT_OF_RANGE, ids=" ".join)
def test_a_number_out_of_range_is_refused_before_anything_is_measured(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"error: argument {arguments[-2]}: '{arguments[-1]}' is not a " in last


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"same-eyes {version('same-eyes')}\n"


@pytest.mark.parametrize("arguments", [[], ["train", "ce", "--study", "mnist"], ["data", "burn"], ["nonsense"]])
def test_wrong_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: same-eyes" in capsys.readouterr().err


def test_two_methods_of_one_name_are_one_line(capsys, monkeypatch):
    def twice():
        raise BadInput("the method 'ce' of theirs:METHOD exists already.")

    monkeypatch.setattr("same_eyes.cli.methods.available", twice)
    assert "exists already" in refused(capsys, "methods")


def test_a_package_that_is_absent_is_one_line_and_a_fault_of_our_own_is_not(capsys, monkeypatch):
    def absent(name):
        def task(*asked):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        return task

    monkeypatch.setattr(studies, "task", absent("torch"))
    line = "same-eyes: No module named 'torch'. What is missing, and how to get it, is said by: same-eyes doctor\n"
    assert refused(capsys, "tune", "pls", "--study", "digits") == line
    monkeypatch.setattr(studies, "task", absent("same_eyes.gone"))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["tune", "pls", "--study", "digits"])


def test_the_accuracies_that_check_prints_are_those_of_the_suite(capsys, tmp_path):
    """Of machines of one and of several seeds."""
    folder = tmp_path / "mine"
    assert run(capsys, "new-study", folder)[0] == 0
    description = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(description.replace('"machine.csv"', '["machine.csv", "another.csv"]'))
    code, out, _ = run(capsys, "check", folder)
    assert code == 0
    for line in out.splitlines():
        if line.startswith("accuracy:"):
            value, low, high = map(float, re.findall(r"([\d.]+)%", line))
            assert low < value < high
