"""The pages of documentation, run: what a page tells its reader to type works, and prints what the page says it prints.

A page is run from top to bottom, in a folder of its own that has the checkout's files. Marks, which no reader sees, say
what is done with the block that follows them::

    <!-- run -->               its commands (console) or its program (python) are run
    <!-- run: exit code 1 -->  the same, of a command that is meant to fail
    <!-- file: NAME -->        it is the file NAME

In a console block a line that begins with ``$ `` is a command and the lines after it are what it prints: numbers may be
others, and so may the machines of the study that are named; a line ``...`` stands for any lines, ``...`` in one for
anything there.

Each command of each page is run, or stands in ``NOT_RUN`` with the reason and what runs it instead. Each option that a
page names, in a block or in a sentence, is one that its command has.
"""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest

from same_eyes import cli
from same_eyes.method import available
from same_eyes.places import CHECKOUT

PAGES = sorted([CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *CHECKOUT.glob("docs/*.md")])
PAGES += sorted(CHECKOUT.glob("examples/*/README.md"))
NEEDS_LABELS = "needs CIFAR-10N's labels, which tests do without; the same command is run on the digits"
TIMES = "takes minutes, and what it says depends on the hour; tests/same_eyes/test_timings.py"
NEEDS_NETWORK = "needs the network; tests/test_wheel.py does the same with a wheel"

SUITE = ".venv-suite"
CI_RUNS = "takes minutes and the network; .ci/run runs this line"
CLUSTER = "needs a cluster, or hours; tests/same_eyes/test_scheduler.py does it with a scheduler and workers of its own"
MUTATES = "takes hours, or what hours have left in mutants/; the page tells what it found, and when"
OWN_METHOD = "needs examples/own_method installed; tox.ini (tox -e example) installs it, and runs its tests"

NOT_RUN = {
    "README.md": {
        f"python3 -m venv {SUITE} && {SUITE}/bin/pip install -q -e . && {SUITE}/bin/pytest benchmark": CI_RUNS,
        "python3 -m venv .venv-tox && .venv-tox/bin/pip install -q tox && .venv-tox/bin/tox": CI_RUNS,
        "pytest benchmark --predictions Mine=mine.npz": "docs/your-own-predictions.md runs it on the digits",
        "pytest benchmark --method mine.py": "docs/adding-a-method.md runs it on the digits",
        f'{SUITE}/bin/pip install -e ".[train]"': "needs the network; .ci/run does it by tox",
        f"{SUITE}/bin/same-eyes train ce gce coteaching --labels random1 --seed 0": "trains for minutes, on "
        "CIFAR-10N; tests/same_eyes/test_cli.py trains on the digits",
        f"{SUITE}/bin/same-eyes train --all --dry-run": "docs/many-runs.md runs it, of more",
        f"{SUITE}/bin/pytest benchmark --train missing": "trains for hours; tests/same_eyes/test_plugin.py",
    },
    "CONTRIBUTING.md": {
        "git clone <this repository> && cd same-eyes": "nobody knows where from",
        'python -m venv .venv-dev && .venv-dev/bin/pip install -e ".[train,report,dev]"': "network; .ci/run, by tox",
        ".venv-dev/bin/pytest tests": ".ci/run, by tox",
        ".venv-dev/bin/pytest benchmark": ".ci/run",
    },
    "docs/likeness.md": {
        "same-eyes likeness --out likeness": f"{NEEDS_LABELS}: tests/same_eyes/cli/test_likeness.py",
        "same-eyes power --difference 0.01": f"{NEEDS_LABELS}: tests/same_eyes/cli/test_power.py",
        "same-eyes robustness --out robustness": "needs the labels; tests/same_eyes/cli/test_robustness.py",
    },
    "docs/many-runs.md": {
        'pip install "same-eyes[train,cluster]"': "needs the network; tox.ini installs both extras",
        "same-eyes train --all --set main labels backbones --seed 0 1 2 3 4 --scheduler local": CLUSTER,
        "dask scheduler --scheduler-file scheduler.json": CLUSTER,
        "dask worker --scheduler-file scheduler.json --nthreads 1 --resources CPU=1": CLUSTER,
        "CUDA_VISIBLE_DEVICES=0 dask worker --scheduler-file scheduler.json --nthreads 1 --resources GPU=1": CLUSTER,
        "same-eyes train --all --seed 0 1 2 3 4 --device cuda --scheduler scheduler.json": CLUSTER,
        "for labels in random1 random2 random3; do": CLUSTER,
        "export SAME_EYES_WORK=$PWD/runs OMP_NUM_THREADS=4": CLUSTER,
    },
    "docs/training.md": {
        "for labels in random1 random2 random3; do": "needs a graphics card; tests/same_eyes/test_cli.py trains digits",
    },
    "docs/your-own-study.md": {
        "pytest benchmark --study cifar10h": "needs CIFAR-10H; tests/same_eyes/test_studies.py, where it is",
    },
    "examples/own_method/README.md": {
        'pip install -e ".[train]" ./examples/own_method': OWN_METHOD,
        "pytest examples/own_method/tests": OWN_METHOD,
        "same-eyes methods": OWN_METHOD,
        "same-eyes train sce": OWN_METHOD,
        "pytest benchmark --method sce": OWN_METHOD,
    },
    "docs/gate.md": {
        "same-eyes gate": NEEDS_LABELS,
        "same-eyes gate --against main --markdown gate.md": "there may be no main; tests/same_eyes/test_sides.py",
        "same-eyes gate --against ../other/predictions": "no such store; tests/same_eyes/test_sides.py",
        "pytest benchmark --gate": "takes a minute; tests/same_eyes/test_sides.py",
        "pytest benchmark/test_speed.py --benchmark-enable --benchmark-json before.json": TIMES,
        "pytest benchmark/test_speed.py --benchmark-enable --benchmark-json now.json": TIMES,
        "same-eyes timings before.json now.json": TIMES,
        "same-eyes verify": "runs may be in the making; tests/same_eyes/test_verify.py",
    },
    "docs/your-own-predictions.md": {
        "same-eyes check mine.npz": NEEDS_LABELS,
        "pytest benchmark --predictions Mine=mine.npz": NEEDS_LABELS,
        "pytest benchmark --predictions Mine=mine.npz --predictions Mine=mine-test.npz@official": NEEDS_LABELS,
        "pip install same-eyes": NEEDS_NETWORK,
        "pytest --same-eyes --predictions Mine=mine.npz": NEEDS_NETWORK,
    },
    "docs/mutation.md": {
        "tox -e mutation": MUTATES,
        "tox -e mutation -- 'metrics.accuracy*'": MUTATES,
        ".tox/mutation/bin/python tests/mutation.py --share 0.05 --seed 2 --names > names": MUTATES,
        "tox -e mutation -- $(cat names)": MUTATES,
        ".tox/mutation/bin/python tests/mutation.py --share 0.05 --seed 2": MUTATES,
    },
    "docs/teams.md": {"same-eyes teams --labels --limit --out teams": NEEDS_LABELS},
    "docs/adding-a-method.md": {
        "pytest benchmark --method soft.py": "trains for minutes; the same command is run on the digits",
        "pytest benchmark --method mypackage.losses:SOFT": "no such package; see tests/same_eyes/own/test_method.py",
        "pytest benchmark --method sce": OWN_METHOD,
    },
}

MACHINES = re.compile("|".join(re.escape(m.title) for m in sorted(available().values(), key=lambda m: -len(m.title))))
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>run|file)(?:: (?P<text>[^\n]*?))? -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the mark before it."""

    mark: str
    text: str
    language: str
    body: str

    @property
    def commands(self):
        """Each command of a console block, with the lines that it prints."""
        found = []
        for line in self.body.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
        return found

    @property
    def code(self):
        """What its commands exit with."""
        return int(self.text.removeprefix("exit code ")) if self.text else 0


def blocks(page):
    return [Block(**{k: v or "" for k, v in found.groupdict().items()}) for found in BLOCK.finditer(page.read_text())]


def name(page):
    return str(page.relative_to(CHECKOUT))


MARKED = [page for page in PAGES if any(block.mark for block in blocks(page))]
PROGRAMS = re.compile(r"\s*(?:\$ )?(?:\S*/)?(?:same-eyes|pytest|pip|python3?|tox|git|dask) [^:]*$")


# --- Every command is run, or it is said why not


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_run_or_it_is_said_why_not(page):
    typed = {command for block in blocks(page) for command in said(block)}
    run = {command for block in blocks(page) if block.mark == "run" for command in said(block)}
    reasons = NOT_RUN.get(name(page), {})
    assert typed - run == set(reasons)
    assert all(reasons.values())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_command_hides_where_none_is_looked_for(page):
    """In a block of another language, or one that is indented."""
    text = BLOCK.sub(lambda found: "" if found["language"] in ("console", "sh") else found["body"], page.read_text())
    indented = [line for line in text.splitlines() if line.startswith("    ")]
    others = [line for block in blocks(page) if not block.language for line in block.body.splitlines()]
    assert [line for line in [*indented, *others] if PROGRAMS.match(line)] == []


def said(block):
    """The commands of a block: of a console's what is typed; of a script each line, or its loop or job as a whole."""
    if block.language == "console":
        return [command for command, _ in block.commands]
    if block.language != "sh":
        return []
    lines = [line.split("  #")[0].rstrip() for line in block.body.splitlines() if line and not line.startswith("#")]
    return lines[:1] if any(line.endswith("&") for line in lines) else lines


def test_a_reason_is_of_a_page_and_what_it_names_is_there():
    assert set(NOT_RUN) <= set(map(name, PAGES))
    named = {
        path for reasons in NOT_RUN.values() for text in reasons.values() for path in re.findall(r"\S+\.\w+", text)
    }
    assert {path for path in named if not (CHECKOUT / path.strip("();:,")).exists()} == set()


# --- Options


@pytest.fixture(scope="module")
def options():
    """The long options of each command, as its help lists them."""
    helps = {f"same-eyes {command.replace('_', '-')}": helped(command.replace("_", "-")) for command in cli.names()}
    for more in ([], ["--same-eyes"]):
        asked = [sys.executable, "-m", "pytest", "benchmark", *more, "-p", "no:cacheprovider", "--help"]
        done = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=True)
        helps[" ".join(["pytest", *more])] = done.stdout
    return {command: set(re.findall(OPTION, text)) for command, text in helps.items()}


def helped(command):
    with redirect_stdout(io.StringIO()) as text, suppress(SystemExit):
        cli.main([command, "--help"])
    return text.getvalue()


OPTION = r"(?<![\w-])--[a-z][\w-]*"
OURS = re.compile(r"(?:same-eyes [a-z][\w-]*|pytest(?: --same-eyes)?)(?= |$)")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_option_that_is_named_is_there(page, options):
    sentences = BLOCK.sub("", page.read_text())
    lines = [command for block in blocks(page) for command in said(block)] + re.findall(r"`([^`\n]+)`", sentences)
    for line in lines:
        for found in OURS.finditer(line):
            rest = re.split(r"&&|\|\||;", line[found.end() :])[0]
            assert found[0] in options, line
            assert set(re.findall(OPTION, rest)) <= options[found[0]], line


# --- Running a page


@pytest.fixture
def shell(tmp_path):
    """Runs a line in a folder that has the checkout's files; gives (exit code, output)."""
    folder, programs = tmp_path / "folder", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for path in CHECKOUT.iterdir():
        if path.name not in {".git", "runs", "report", "build", "dist"}:
            (folder / path.name).symlink_to(path)
    for program, module in {"pytest": "pytest", "same-eyes": "same_eyes.cli", "python": ""}.items():
        run = f'-m {module} "$@"' if module else '"$@"'
        (programs / program).write_text(f'#!/bin/sh\nexec "{sys.executable}" {run}\n')
        (programs / program).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "SAME_EYES_WORK": str(tmp_path / "runs"),
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "160",
    }

    def run(line):
        ended = subprocess.run(
            line, shell=True, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return ended.returncode, ended.stdout

    run.folder = folder
    return run


@pytest.mark.parametrize("page", MARKED, ids=name)
def test_a_page_does_what_it_says(page, shell):
    for i, block in enumerate(blocks(page)):
        if block.mark == "file":
            (shell.folder / block.text).write_text(block.body)
        elif block.mark == "run" and block.language == "python":
            (shell.folder / f"block_{i}.py").write_text(block.body)
            code, output = shell(f"python block_{i}.py")
            assert code == block.code, output
        elif block.mark == "run":
            for command, expected in block.commands:
                code, output = shell(command)
                assert code == block.code, f"$ {command}\n{output}"
                missing = unprinted(expected, output.splitlines())
                assert missing is None, f"$ {command}\ndoes not print\n{missing}\nbut\n{output}"


def unprinted(expected, printed):
    """The first line that should have been printed and was not; None where all were."""
    anywhere, at = False, 0
    printed = [_shape(line) for line in printed if line.strip()]
    for line in expected:
        if line.strip() == "...":
            anywhere = True
        elif line.strip():
            fits = [i for i in range(at, len(printed)) if _fits(_shape(line), printed[i])]
            if not fits or (not anywhere and fits[0] != at):
                return line
            at, anywhere = fits[0] + 1, False
    return None if anywhere or at == len(printed) else "the end"


def _shape(line):
    """A line whatever its numbers are, which machine it names, and how wide the columns of its table are."""
    line = MACHINES.sub("MACHINE", line)
    return " ".join(re.sub(r"-{3,}", "---", re.sub(r"-?\d+(?:\.\d+)?", "0", line)).split())


def _fits(expected, printed):
    return fnmatchcase(printed, re.sub(r"([\[*?])", r"[\1]", expected).replace("...", "*"))


# --- The runner


PAGE = """# A page

<!-- run -->
```console
$ echo one; echo two 2; echo; echo "three  [x]"
one
...
three [x]
```

```console
$ not run
```

<!-- file: a.txt -->
```
content
```

```sh
# once
pip install x   # a remark
pytest
```

```sh
for x in 1 2; do
  pytest $x &
done
```
"""


def test_a_page_is_read_as_its_marks_say(tmp_path):
    (tmp_path / "page.md").write_text(PAGE)
    first, second, third, script, loop = blocks(tmp_path / "page.md")
    assert (first.mark, second.mark, third.mark) == ("run", "", "file")
    assert first.commands == [('echo one; echo two 2; echo; echo "three  [x]"', ["one", "...", "three [x]"])]
    assert (third.text, third.body) == ("a.txt", "content\n")
    assert [said(block) for block in (first, second, third)] == [[first.commands[0][0]], ["not run"], []]
    assert [said(block) for block in (script, loop)] == [["pip install x", "pytest"], ["for x in 1 2; do"]]


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        (["one", "two 22", "three [x]"], None),
        (["one", "...", "three [x]"], None),
        (["...", "two 2.5", "..."], None),
        (["one", "t...", "th... [x]"], None),
        (["..."], None),
        (["one", "three [x]"], "three [x]"),
        (["two 2", "..."], "two 2"),
        (["one", "..."], None),
        (["one", "two 2"], "the end"),
        (["one", "...", "four"], "four"),
        (["one", "...", "three x"], "three x"),
        (["...", "three [x]", "...", "one"], "one"),
    ],
)
def test_what_is_printed_is_compared_line_by_line(expected, missing):
    assert unprinted(expected, ["one", "two 2", "", "three  [x]"]) == missing


def test_a_machine_may_be_another():
    assert unprinted(["near  Co-teaching+ 0.5"], ["near  CE           0.4"]) is None
    assert unprinted(["near  Mine 0.5"], ["near  CE 0.4"]) == "near  Mine 0.5"


def test_a_line_is_run_in_a_folder_with_the_checkouts_files(shell):
    code, output = shell("ls benchmark && python -c 'import same_eyes' && exit 3")
    assert code == 3
    assert "test_table1.py" in output
