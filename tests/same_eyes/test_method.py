"""What a method is, what its fingerprint notices, and how methods are found."""

import importlib
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from same_eyes.method import RECIPES, Batch, Method, Task, available, fingerprint, load, pointwise
from same_eyes.places import leaf
from same_eyes.types import BadInput

SOURCE = '''"""A module."""
import math


class Loss:
    """A class."""

    def __call__(self, x):
        """A method."""
        return math.log(x)  # natural
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # natural", ""),
        ("  # natural", "  # to the base e"),
        ('"""A module."""\n', ""),
        ('"""A class."""\n', '"""Another\n\n    longer text.\n    """\n'),
        ('        """A method."""\n', ""),
        ("\n\n\n", "\n\n\n\n"),
        ("math.log(x)", "math.log( x )"),
    ],
)
def test_a_fingerprint_overlooks_comments_docstrings_and_blank_space(old, new):
    assert old in SOURCE
    assert fingerprint(SOURCE.replace(old, new)) == fingerprint(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("log(x)", "log(y)"), ("log", "log2"), ("import math", "import cmath as math"), ("return math", "math")],
)
def test_a_fingerprint_notices_code(old, new):
    assert fingerprint(SOURCE.replace(old, new)) != fingerprint(SOURCE)


def test_a_hash_sign_in_a_string_is_code():
    assert fingerprint("x = '# 1'") != fingerprint("x = '# 2'")


# --- Finding


def test_our_methods_are_the_files(methods):
    ours = {path.stem for path in leaf("methods").glob("[!_]*.py")}
    assert ours <= set(methods)
    for name in ours:
        assert methods[name].name == name
        assert len(methods[name].source) == 16
    assert len({methods[name].source for name in ours}) == len(ours)


def test_the_source_of_shared_mechanics_counts(methods, tmp_path, monkeypatch):
    package = tmp_path / "own_leaf"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_shared.py").write_text("BASE = 2\n")
    (package / "mine.py").write_text(
        "from same_eyes.method import Method\nfrom ._shared import BASE\nMETHOD = Method('mine', 'Mine', '', None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = load("own_leaf.mine").source
    (package / "_shared.py").write_text("BASE = 3  # another\n")
    for name in ("own_leaf.mine", "own_leaf._shared", "own_leaf"):
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    assert load("own_leaf.mine").source != before


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package with one entry point, as pip would lay it out; gives a function that does."""

    def install(name, method):
        (tmp_path / f"{name}.py").write_text(f"from same_eyes.method import Method\nMETHOD = {method}\n")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[same_eyes.methods]\n{name} = {name}:METHOD\n")
        importlib.invalidate_caches()

    monkeypatch.syspath_prepend(tmp_path)
    yield install
    for name in ("theirs_a", "theirs_b", "again"):
        sys.modules.pop(name, None)


def test_installed_packages_add_their_methods_after_ours(installed, methods):
    installed("theirs_b", "Method('b_theirs', 'B', '', None)")
    installed("theirs_a", "Method('z_theirs', 'Z', '', None, networks=2)")
    found = available()
    assert list(found)[: len(methods)] == list(methods)
    assert list(found)[len(methods) :] == ["z_theirs", "b_theirs"]
    assert found["z_theirs"].networks == 2
    assert len(found["z_theirs"].source) == 16


def test_a_second_method_of_one_name_is_refused(installed):
    installed("again", "Method('ce', 'CE', '', None)")
    with pytest.raises(BadInput, match="the method 'ce' of again:METHOD exists already"):
        available()


def test_a_file_whose_method_has_another_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "astray.py").write_text(
        "from same_eyes.method import Method\nMETHOD = Method('lost', 'Lost', '', None)\n"
    )
    package = importlib.import_module("same_eyes.methods")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    with pytest.raises(BadInput, match=r"methods/astray.py holds a METHOD named 'lost'"):
        available()
    sys.modules.pop("same_eyes.methods.astray", None)


# --- Facts


def test_facts_are_what_decides_a_run():
    stage = Method("first", "First", "", None, settings={"a": 1})
    method = Method("mine", "Mine", "somewhere", None, first_stage=stage, settings={"q": 0.7}, recipe={"epochs": 3})
    facts = method.facts()
    assert facts["settings"] == {"q": 0.7}
    assert facts["first_stage"]["settings"] == {"a": 1}
    assert replace(method, title="Other", paper="elsewhere").facts() == facts
    assert replace(method, peers=True).facts() != facts
    assert method.adapt(RECIPES["tiny"]) == replace(RECIPES["tiny"], epochs=3)


def test_a_recipe_field_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="epoch"):
        Method("mine", "Mine", "", None, recipe={"epoch": 3}).adapt(RECIPES["tiny"])


def test_methods_and_recipes_cannot_be_changed(methods):
    with pytest.raises(FrozenInstanceError):
        methods["ce"].networks = 2
    with pytest.raises(FrozenInstanceError):
        RECIPES["tiny"].epochs = 1
    with pytest.raises(TypeError):
        RECIPES["mine"] = RECIPES["tiny"]


def test_the_prior_is_the_share_of_each_noisy_label():
    assert Task(None, [0, 2, 2, 2], 4).prior.tolist() == [0.25, 0, 0.75, 0]


def test_a_pointwise_loss_is_meaned_over_the_batch():
    def loss(logits, labels, *, scale):
        return scale * (logits[:, 0] - labels)

    objective = pointwise(loss)(Task(None, [0], 2, settings={"scale": 10.0}))
    batch = Batch(np.arange(2), np.array([1.0, 1.0]), epoch=0, progress=0.0)
    assert objective((np.array([[2.0], [4.0]]), None), batch) == 20.0
