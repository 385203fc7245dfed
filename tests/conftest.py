import importlib
import os
import sys
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

from same_eyes import cli
from same_eyes.digits import HELDOUT, digits
from same_eyes.method import available
from same_eyes.runset import STUDY
from same_eyes.store import Run, Store

with suppress(ImportError):  # before a test runs pytest in its own process, which forgets what was first imported there
    import matplotlib.figure  # noqa: F401
    from PIL import Image

    Image.init()

settings.register_profile("suite", deadline=None)  # a busy machine is no failure
settings.register_profile("fuzz", deadline=None, max_examples=20_000)
settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,  # the same examples for each mutant
    max_examples=50,
    phases=[Phase.explicit, Phase.generate],  # that it fails is enough: nothing is shrunk
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine kills no mutant
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

RUNS = {name: Run("digits", "tiny", "random1", name, "digits") for name in STUDY}


@pytest.fixture(scope="session")
def methods():
    return available()


@pytest.fixture(scope="session")
def short(methods):
    """Methods that train in a fraction of a second."""
    few = {"epochs": 2, "tune_epochs": 1}
    return {name: replace(method, recipe={**method.recipe, **few}) for name, method in methods.items() if name in RUNS}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working folder of the test's own."""
    monkeypatch.setenv("SAME_EYES_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


@pytest.fixture(scope="session")
def one_thread():
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tensors this small are slower on two, and other sums come out
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, methods, one_thread):
    """A store that really holds ce, gce and coteaching on the digits."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAME_EYES_WORK", str(folder / "work"))
        arguments = ["train", "ce", "gce", "coteaching", "--study", "digits", "--store", str(folder / "store")]
        assert cli.main(arguments) == 0
    return Store(folder / "store", methods)


def said(truth, seed, right=0.85, sure=0.7):
    """(n, 10) probabilities of a made-up machine."""
    random = np.random.default_rng(seed)
    answer = np.where(random.random(len(truth)) < right, truth, random.integers(0, 10, len(truth)))
    probs = random.dirichlet(np.ones(10), len(truth)) * (1 - sure)
    probs[np.arange(len(truth)), answer] += sure
    return probs


@pytest.fixture
def planted(tmp_path, methods):
    """Stores made-up predictions of the methods named; gives the store."""

    def plant(*names, methods=methods):
        store = Store(tmp_path / "planted", methods)
        truth = digits().truth[HELDOUT]
        for seed, name in enumerate(names):
            facts = {"accuracy": {"heldout": 0.85}, "seconds": 3.0, "device": "none"}
            store.save(Run("digits", "tiny", "random1", name, "digits"), {"heldout": said(truth, seed)}, facts)
        return store

    return plant


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package with one entry point, as pip would lay it out; gives a function that does."""
    site, names = tmp_path / "site", []

    def install(name, method):
        names.append(name)
        (site / f"{name}.py").write_text(f"from same_eyes.method import Method\nMETHOD = {method}\n")
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[same_eyes.methods]\n{name} = {name}:METHOD\n")
        importlib.invalidate_caches()

    site.mkdir()
    monkeypatch.syspath_prepend(site)
    yield install
    for name in names:
        sys.modules.pop(name, None)
