"""The wheel, installed where there is no checkout: the command, the plugin, the leaf folders, own predictions."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import numpy as np
import pytest

from same_eyes.digits import HELDOUT, digits
from same_eyes.places import CHECKOUT

pytestmark = pytest.mark.slow


def run(*command, folder, **more):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    environment |= {"SAME_EYES_WORK": str(folder / "work"), "OMP_NUM_THREADS": "1", **more}
    ended = subprocess.run(list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the files that git knows, or that a checkout without git has."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("no git checkout to build from")
    for name in filter(lambda name: (CHECKOUT / name).is_file(), listed.stdout.splitlines()):
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, folder / "source" / name)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    code, said = run(*pip, "-w", folder / "dist", folder / "source", folder=folder)
    assert code == 0, said
    (path,) = (folder / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Its programs' folder, in an environment that borrows our packages but not our checkout; and an empty folder."""
    home, empty = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    site = next(home.rglob("site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")  # whose own .pth files are not read
    (programs / "same-eyes").write_text(
        f"#!{programs / 'python'}\nimport sys\nfrom same_eyes.cli import main\nsys.exit(main())\n"
    )
    (programs / "same-eyes").chmod(0o755)
    return programs, empty


def test_it_adds_one_name_and_what_that_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entries = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"same_eyes"}
    for needed in ("benchmark/test_table1.py", "expected/table1.toml", "expected/figure3.csv", "methods/gce.py"):
        assert f"same_eyes/{needed}" in names
    assert any(name.startswith("same_eyes/predictions/cifar10n/small/") and name.endswith(".npz") for name in names)
    assert not [name for name in names if "/tests/" in name or name.endswith("conftest.py")]
    assert "same-eyes = same_eyes.cli:main" in entries
    assert "[pytest11]" in entries


def test_the_leaf_folders_are_subpackages(installed):
    programs, empty = installed
    program = (
        "import sys, same_eyes, same_eyes.metrics.accuracy, same_eyes.methods.gce, same_eyes.expected\n"
        "from same_eyes.places import CHECKOUT, leaf\n"
        "assert CHECKOUT is None and (leaf('benchmark') / 'test_table1.py').exists(), leaf('benchmark')\n"
        "assert same_eyes.__file__.startswith(sys.prefix), same_eyes.__file__\n"
        "assert not {'metrics', 'methods', 'benchmark', 'expected'} & set(sys.modules)\n"
    )
    code, said = run(programs / "python", "-c", program, folder=empty)
    assert code == 0, said


def test_the_command_runs_in_an_empty_folder(installed):
    programs, empty = installed
    code, said = run(programs / "same-eyes", "methods", folder=empty)
    assert code == 0, said
    assert "Co-teaching+" in said


def test_the_plugin_is_inert_until_it_is_asked_for(installed):
    programs, empty = installed
    (empty / "inert").mkdir()
    test = empty / "inert" / "test_inert.py"
    test.write_text(
        "import sys\n\ndef test_it(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.has_plugin('same_eyes')\n"
        "    assert not [name for name in sys.modules if name.startswith('same_eyes.') and name != 'same_eyes.entry']\n"
    )
    code, said = run(programs / "python", "-m", "pytest", "-q", test, folder=empty)
    assert code == 0, said
    code, said = run(programs / "python", "-m", "pytest", "--help", folder=empty)
    assert "--same-eyes" in said
    assert "--predictions" not in said
    code, said = run(programs / "python", "-m", "pytest", "--same-eyes", "--help", folder=empty)
    assert "--predictions" in said


def test_a_users_own_predictions_are_judged_from_an_empty_folder(installed):
    programs, empty = installed
    truth, random = digits().truth[HELDOUT], np.random.default_rng(0)
    labels = np.where(random.random(len(truth)) < 0.9, truth, random.integers(0, 10, len(truth)))
    np.save(empty / "mine.npy", labels)
    code, said = run(programs / "same-eyes", "check", "mine.npy", "--study", "digits", folder=empty)
    assert code == 0, said
    asked = ("--study", "digits", "--predictions", "Mine=mine.npy", "--replicates", "50", "-k", "table1")
    pytest_ = (programs / "python", "-W", "error", "-m", "pytest", "--same-eyes", "-p", "no:cacheprovider")
    code, said = run(*pytest_, *asked, "--report", "report", folder=empty)
    assert code == 0, said
    assert "same-eyes: study digits, recipe tiny, 13 of 13 machines stored, and beside them Mine" in said
    assert "Where Mine stands: right in 0.9" in said
    (own,) = json.loads((empty / "report" / "report.json").read_text())["own"]
    assert own["name"] == "Mine"
    assert own["rank"]["among"] == 14
