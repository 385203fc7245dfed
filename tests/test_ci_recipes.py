"""The recipes for continuous integration: parsed, and their shell steps run as they stand in a copy of the checkout.

`pip install` runs for real, in a virtual environment that borrows this one's packages: nothing is downloaded, and
nothing else is replaced. The digits stand in for the data.
"""

import os
import re
import shutil
import subprocess
import sysconfig
import venv
from importlib.util import find_spec

import numpy as np
import pytest
import yaml

from same_eyes import data
from same_eyes.method import available
from same_eyes.places import CHECKOUT
from same_eyes.store import Run, Store

GITHUB, GITLAB = CHECKOUT / ".github" / "workflows" / "same-eyes.yml", CHECKOUT / "examples" / "ci" / "gitlab-ci.yml"
CE = Run("digits", "tiny", "random1", "ce", "digits")

needs_setuptools = pytest.mark.skipif(not find_spec("setuptools"), reason="pip builds without a network: setuptools")


def github():
    return yaml.load(GITHUB.read_text(), yaml.BaseLoader)  # "on" is a word


def gitlab():
    return yaml.load(GITLAB.read_text(), yaml.BaseLoader)["same-eyes"]


# --- Parsed


def test_the_data_are_cached_by_the_file_that_has_their_checksums():
    cache = next(step["with"] for step in github()["jobs"]["gate"]["steps"] if "cache" in step.get("uses", ""))
    (hashed,) = re.findall(r"hashFiles\('(.+?)'\)", cache["key"])
    assert gitlab()["cache"]["key"]["files"] == [hashed]
    text = (CHECKOUT / hashed).read_text()
    assert all(file.sha256 in text for source in data.SOURCES for file in source.files.values())
    assert cache["path"] == "~/.cache/same-eyes"  # platformdirs', where XDG_CACHE_HOME is not set
    assert gitlab()["variables"]["XDG_CACHE_HOME"] + "/same-eyes" == "$CI_PROJECT_DIR/" + gitlab()["cache"]["paths"][0]


def test_older_commits_are_there_to_be_compared_with():
    checkout = next(step for step in github()["jobs"]["gate"]["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == gitlab()["variables"]["GIT_DEPTH"] == "0"


def test_the_workflow_may_read_and_nothing_else():
    assert github()["permissions"] == {"contents": "read"}
    assert all(
        re.fullmatch(r"actions/[\w-]+@v\d+", s["uses"]) for s in github()["jobs"]["gate"]["steps"] if "uses" in s
    )


# --- Run


class Runner:
    """Where a job runs: a copy of the checkout, as a repository of two commits, and programs installed for it."""

    def __init__(self, home):
        self.home, self.clone = home, home / "clone"
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(
            listed, cwd=CHECKOUT, capture_output=True, text=True, check=True
        ).stdout.splitlines():
            if (CHECKOUT / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(CHECKOUT / name, self.clone / name)
        venv.create(home / "venv", with_pip=False)
        site = next((home / "venv").rglob("site-packages"))
        (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "SAME_"))}
        self.environment = kept | {
            "PATH": f"{home / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's word for: build with what is installed
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "OMP_NUM_THREADS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        self.git("init", "-q")
        self.commit("first")

    def git(self, *arguments):
        who = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"]
        ended = subprocess.run([*who, *arguments], cwd=self.clone, capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def bash(self, script, **variables):
        """(exit code, output) of a script as a runner starts it."""
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.clone,
            env=self.environment | variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return ended.returncode, ended.stdout

    def change(self, images):
        """Another class for the first images of CE on the digits, with the numbers that the baseline then keeps."""
        store = Store(self.clone / "predictions", available())
        probs = np.array(store.load(CE)["heldout"].probs)
        probs[:images] = np.roll(probs[:images], 1, axis=1)
        facts = store.manifest(CE)
        right = probs.argmax(1) == studies_truth()
        facts["accuracy"] = {"heldout": float(right.mean())}
        store.save(
            CE,
            {"heldout": probs},
            {k: v for k, v in facts.items() if k not in ("signature", "sha256", "splits", "asked")},
        )
        code, said = self.bash("same-eyes gate --study digits --keep")
        assert code == 0, said
        return self.commit("another CE")


def studies_truth():
    from same_eyes.digits import HELDOUT, digits

    return digits().truth[HELDOUT]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return Runner(tmp_path_factory.mktemp("runner"))


@pytest.fixture
def fresh(runner):
    """The runner with its first commit, and no table of a job before."""
    runner.git("reset", "-q", "--hard", runner.git("rev-list", "--max-parents=0", "HEAD"))
    for table in ("gate.md", "change.md"):
        (runner.clone / table).unlink(missing_ok=True)
    return runner


def on_github(runner, event, base=""):
    """Runs the workflow's steps; gives each run step's (name, exit code), and the summary."""
    summary = runner.home / "summary.md"
    summary.write_text("")
    job = github()
    known = {"github.event.pull_request.base.sha": base}
    found, failed = [], False
    for step in job["jobs"]["gate"]["steps"]:
        condition = step.get("if", "success()").removeprefix("${{").removesuffix("}}").strip()
        state = {
            "success()": not failed,
            "!cancelled()": True,
            "github.event_name == 'pull_request'": event == "pull_request",
        }
        if "run" not in step or not all(state[part.strip()] for part in condition.split("&&")):
            continue
        given = {**job["env"], **step.get("env", {})}
        given = {
            name: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: known[found[1]], value) for name, value in given.items()
        }
        assert "${{" not in step["run"]
        code, said = runner.bash(step["run"], **given | {"STUDY": "digits", "GITHUB_STEP_SUMMARY": str(summary)})
        found.append((step["name"], code, said))
        failed |= code != 0
    return found, summary.read_text()


def on_gitlab(runner, base=""):
    """Runs the job's script; gives (exit code, output)."""
    job = gitlab()
    given = {name: value.replace("$CI_PROJECT_DIR", str(runner.clone)) for name, value in job["variables"].items()}
    given |= {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base} if base else {}
    return runner.bash("\n".join(job["script"]), **given | {"STUDY": "digits"})


@needs_setuptools
def test_the_recipes_pass_on_the_checkout_as_it_is(fresh):
    found, summary = on_github(fresh, "push")
    assert [(name, code) for name, code, _ in found] == [(name, 0) for name, *_ in found], found
    assert found[0][0] == "Install"
    assert "No machine is worse than before" not in [name for name, *_ in found]
    assert "| accuracy" in summary
    assert "Exit code 0" in summary
    code, said = on_gitlab(fresh)
    assert code == 0, said
    assert (fresh.clone / "gate.md").read_text() in summary


@needs_setuptools
@pytest.mark.slow
def test_a_change_that_makes_nothing_worse_passes_and_is_shown(fresh):
    base = fresh.git("rev-parse", "HEAD")
    assert fresh.bash("python -m pip install -q -e .")[0] == 0
    fresh.change(images=1)
    found, summary = on_github(fresh, "pull_request", base)
    assert [code for _, code, _ in found] == [0] * len(found), found
    assert "Exit code 0" in summary
    assert "Exit code 3" in summary
    code, said = on_gitlab(fresh, base)
    assert code == 0, said
    assert "Exit code 3" in (fresh.clone / "change.md").read_text()


@needs_setuptools
@pytest.mark.slow
def test_a_machine_that_became_worse_fails_although_the_baseline_was_rewritten(fresh):
    base = fresh.git("rev-parse", "HEAD")
    assert fresh.bash("python -m pip install -q -e .")[0] == 0
    fresh.change(images=300)
    found, summary = on_github(fresh, "pull_request", base)
    codes = {name: code for name, code, _ in found}
    assert codes.pop("No machine is worse than before") == 1
    assert set(codes.values()) == {0}
    assert re.search(r"\| accuracy +\| CE +\|.*\| worse", summary)
    assert on_gitlab(fresh, base)[0] == 1
