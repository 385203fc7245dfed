"""What a method is, what its fingerprint notices, and how methods are found."""

import importlib
import linecache
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from same_eyes.method import RECIPES, Batch, Method, Recipe, Task, available, fingerprint, load, pointwise
from same_eyes.places import PACKAGE, leaf
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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n"),
        ("for a in b:\n    if a:\n        c()\n    d()\n", "for a in b:\n    if a:\n        c()\n        d()\n"),
        ("if a: b(); c()\n", "if a: b()\nc()\n"),
        ("x = 'a b'", "x = 'a  b'"),
        ("x = f'{a} b'", "x = f'{a}  b'"),
        ("x = f'{a:.2f}'", "x = f'{a:.3f}'"),
        ("x = f'{a} # 1'", "x = f'{a} # 2'"),
        ("x = 'a'", "x = b'a'"),
        ("notx = 1", "not x"),
        ("def f():\n    x = 'no docstring'\n", "def f():\n    x = 'nor this'\n"),
    ],
)
def test_a_fingerprint_notices_blank_space_that_means_something(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(f'{a} {b[\"c\"]} d', 1)", "x = f( f'{a} {b[\"c\"]} d',1 )  # it's \"one"),
        ("x = (f'''{a}\n {b}''')\ny = 1", "x = (\n    f'''{a}\n {b}'''\n)\n\ny  =  1"),
        ("x = f'é{a}é' + b", "x = f'é{a}é'+b"),
        ("x = '\x0c'\ny = f'{a}b' + c", "x = '\x0c'\ny = f'{a}b'+c"),
        ("if a:\n    b()\n", "if a:\n\tb()\n"),
        ("if a:\n    b()\n", "if a:\n  # don't\n\n  b()"),
        ("x = f(a,\n  b)\n", "x = f(a, b)"),
        ("x = a + b", "x = a + \\\n    b"),
        ("def f():\n    'It does.'\n    a()\n", 'def f():\n    # "quotes" it\'s\n    a()\n'),
        ("class A:\n    'It is.'\n", "class A:\n    '''It\n\n    was.\n    '''\n"),
    ],
)
def test_a_fingerprint_overlooks_how_the_same_is_laid_out(one, other):
    assert fingerprint(one) == fingerprint(other)


def test_a_fingerprint_is_the_same_in_every_version_of_python():
    source = '''def says(x, name):
    """A docstring."""
    if x:
        return f"{name!r:>{x}} is { {'é': 1}['é'] } # {f'{x}'}" f"and\\n{x = }"
    return rf"""
    {name}  "as it is" """
'''
    assert fingerprint(source) == "2401313c09ddbc45"


# What same_eyes/train.py and same_eyes/nets.py are while recipes have this revision.
REVISION, TRAINING = 1, "328c9fd577bfb249"


def test_what_a_run_learns_changes_with_the_revision_alone():
    source = "".join((PACKAGE / name).read_text() for name in ("train.py", "nets.py"))
    assert (Recipe.revision, fingerprint(source)) == (REVISION, TRAINING), (
        "same_eyes/train.py or same_eyes/nets.py has changed. Either this changes what a run learns: raise "
        "Recipe.revision and train again; or it does not: write the new fingerprint here."
    )


# --- Finding


def test_our_methods_are_the_files(methods):
    ours = {path.stem for path in leaf("methods").glob("[!_]*.py")}
    assert ours <= set(methods)
    for name in ours:
        assert methods[name].name == name
        assert len(methods[name].source) == 16
    assert len({methods[name].source for name in ours}) == len(ours)


@pytest.mark.parametrize(
    ("shared", "counts"),
    [
        ("BASE = 3  # another\nMETHOD = Method('shared', 'Shared', '', None, settings={'rate': 1})\n", True),
        ("BASE = 2\nMETHOD = Method(\n    'shared', 'Shared', '', None, settings={'rate': 2}\n)\n", False),
    ],
    ids=["mechanics", "settings of the other method"],
)
def test_the_source_of_shared_mechanics_counts(methods, tmp_path, monkeypatch, shared, counts):
    leaf = f"leaf_{counts}"
    package = tmp_path / leaf
    package.mkdir()
    (package / "__init__.py").write_text("")
    head = "from same_eyes.method import Method\n"
    first = "BASE = 2\nMETHOD = Method('shared', 'Shared', '', None, settings={'rate': 1})\n"
    (package / "shared.py").write_text(head + first)
    (package / "mine.py").write_text(head + "from .shared import BASE\nMETHOD = Method('mine', 'Mine', '', None)\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = load(f"{leaf}.mine").source
    (package / "shared.py").write_text(head + shared)
    for name in (f"{leaf}.mine", f"{leaf}.shared", leaf):
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    linecache.checkcache()
    assert (load(f"{leaf}.mine").source != before) == counts


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


def test_a_method_does_not_choose_the_backbone_that_a_run_is_asked_for_with():
    with pytest.raises(BadInput, match="recipe names a backbone"):
        Method("mine", "Mine", "", objective=lambda task: None, recipe={"backbone": "vgg"})


@pytest.mark.parametrize("method", ["undefined_name", "'no method'"])
def test_a_package_whose_method_cannot_be_loaded_is_named(installed, method):
    installed("broken_one", method)
    with pytest.raises(BadInput, match=r"'broken_one' of broken_one:METHOD cannot be loaded .*uninstall it"):
        available()
