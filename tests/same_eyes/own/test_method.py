"""A user's method: where it is found, and what it must not be."""

import sys

import pytest

from same_eyes.method import available
from same_eyes.own import find
from same_eyes.places import CHECKOUT, leaf
from same_eyes.types import BadInput

SCE = CHECKOUT / "examples" / "own_method" / "src" / "symmetric_ce" / "sce.py"
HEAD = "from same_eyes.method import Method, pointwise\n"
MINE = (
    HEAD
    + "METHOD = Method('mine', title='Mine', paper='', objective=pointwise(lambda logits, labels: logits.sum(1)))\n"
)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes modules into a folder that is the current one."""
    before = {*sys.modules}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(folder="", **modules):
        for name, text in modules.items():
            path = tmp_path / folder / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    yield write
    for name in {*sys.modules} - before:
        del sys.modules[name]


def test_a_file_is_a_method_with_the_fingerprint_of_its_source(methods, package):
    found = find(str(SCE), methods)
    assert (found.name, found.title, found.settings["alpha"]) == ("sce", "SCE", 0.1)
    copy = package(copy=SCE.read_text() + "# a remark\n") / "copy.py"
    assert find(str(copy), methods).source == found.source
    copy.write_text(SCE.read_text().replace("0.1", "0.2"))
    assert find(str(copy), methods).source != found.source


def test_a_module_is_found_in_the_current_folder(methods, package):
    package("pkg", __init__="", mod=MINE.replace("METHOD", "OURS"))
    assert find("pkg.mod:OURS", methods).title == "Mine"


def test_a_module_is_known_by_what_it_imports_beside_itself(methods, package):
    helper = "def loss(logits, labels):\n    return logits.sum(1)\n"
    folder = package("pkg2", __init__="", _loss=helper, mod="from ._loss import loss\n" + MINE)
    before = find("pkg2.mod:METHOD", methods).source
    (folder / "pkg2" / "_loss.py").write_text(helper.replace("sum", "mean"))
    for name in ("pkg2.mod", "pkg2._loss"):
        del sys.modules[name]
    assert find("pkg2.mod:METHOD", methods).source != before


def test_an_installed_method_is_one_however_it_is_asked_for(installed):
    installed("mine", "Method('mine', 'Mine', '', None)")
    methods = available()
    path = sys.modules["mine"].__file__
    assert find("mine", methods) is find("mine:METHOD", methods) is find(path, methods) is methods["mine"]


@pytest.mark.parametrize("asked", ["gce", str(leaf("methods") / "gce.py"), "same_eyes.methods.gce:METHOD"])
def test_the_studys_own_need_not_be_named(methods, asked):
    with pytest.raises(BadInput, match="it is one of the study's own, which are judged anyway"):
        find(asked, methods)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("sgd", r"no installed package offers it \(there are: none\). Write pkg.mod:METHOD, or the path of a file"),
        ("nowhere.py", "there is no file nowhere.py"),
        ("nowhere.mod:METHOD", r"ModuleNotFoundError.*Install it, or run from the folder that holds it"),
        ("mod:OTHER", r"OTHER is not there. End the file in METHOD = Method\(...\)"),
        ("mod:HEAD", r"HEAD is no same_eyes.method.Method"),
        ("empty.py", "METHOD is not there"),
        ("broken.py", r"cannot be imported \(SyntaxError: .*Import it in Python to see where"),
        ("fails.py", r"cannot be imported \(ZeroDivisionError"),
        ("torchless.py", r"Training needs torch: pip install 'same-eyes\[train\]'"),
        ("relative.py", "A file stands for itself: put all of it into one file, or install a package"),
        ("same_name.py", r"there is a method 'gce' \(Other\) already. Give yours a name and a title of its own"),
        ("same_title.py", r"there is a method 'mine' \(Co-Teaching\) already"),
        ("no_name.py", "its name 'my-method' must be an identifier"),
        ("no_title.py", "its title not empty"),
        ("no_start.py", "it starts from 'sgd', which is no method at hand"),
    ],
)
def test_what_is_no_method_is_refused(methods, package, monkeypatch, asked, message):
    package(
        mod=MINE + "HEAD = 1\n",
        empty="",
        broken="METHOD = (",
        fails="METHOD = 1 / 0",
        torchless="import torch.nowhere\n",
        relative="from ._loss import loss\n",
        same_name=MINE.replace("'mine'", "'gce'").replace("'Mine'", "'Other'"),
        same_title=MINE.replace("'Mine'", "'Co-Teaching'"),
        no_name=MINE.replace("'mine'", "'my-method'"),
        no_title=MINE.replace("'Mine'", "' '"),
        no_start=MINE.replace("paper=''", "paper='', starts_from='sgd'"),
    )
    with pytest.raises(BadInput, match=message) as refused:
        find(asked, methods)
    assert str(refused.value).startswith(f"--method {asked}")
    assert "\n" not in str(refused.value)
