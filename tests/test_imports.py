"""Who imports whom: read off the source, for every file."""

import ast
import sys
from importlib.util import resolve_name

import pytest

from same_eyes.places import CHECKOUT

SPINE = {"types", "method", "data", "sources", "digits", "nets", "train", "store", "plan", "studies"}
SPINE |= {"runset", "own", "places", "tune", "testing", "__init__", "parse", "folder", "team_rules"}
SPINE |= {"scheduler"}
SHELL = {"cli", "standing", "workers", "report", "plots", "plugin", "measure", "baseline", "claims", "family", "large"}
SHELL |= {"plots_likeness", "plots_teams", "entry", "gate", "sides", "expectations", "speed", "timings", "options"}
NUMERIC = {"numpy", "scipy"}
METRICS = NUMERIC | {"statsmodels", "sklearn"}
TEAMING = METRICS | {"crowdkit", "cleanlab"}  # inside functions
TORCH = {"torch", "torchvision"}
TOOLS = {
    "filelock",
    "hypothesis",
    "joblib",
    "pandas",
    "platformdirs",
    "pooch",
    "pytest",
    "requests",
    "tabulate",
    "tqdm",
}


def files(*folders):
    found = sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))
    assert found
    return found


def name_of(path):
    """The module's name, the leaves as subpackages of same_eyes."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    parts = parts if parts[0] == "same_eyes" else ("same_eyes", *parts)
    return ".".join(parts)


def imports(path):
    """Every (module imported, whether at import time) of a file, without the standard library."""
    package = name_of(path).rpartition(".")[0]

    def walk(node, at_import):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, at_import) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                module = resolve_name("." * child.level + (child.module or ""), package)
                yield module, at_import
                if module in ("same_eyes", package):  # from . import x: x is a module
                    yield from ((f"{module}.{alias.name}", at_import) for alias in child.names)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, at_import and not inside)

    found = walk(ast.parse(path.read_text()), at_import=True)
    return [(name, early) for name, early in found if name.partition(".")[0] not in sys.stdlib_module_names]


def foreign(path, at_import=None):
    """Packages of others that a file imports."""
    return {name.partition(".")[0] for name, early in imports(path) if at_import is None or early == at_import} - {
        "same_eyes"
    }


def ours(path, at_import=None):
    """Parts of same_eyes that a file imports: "metrics", "types" ..."""
    return {
        name.split(".")[1]
        for name, early in imports(path)
        if name.startswith("same_eyes.") and (at_import is None or early == at_import)
    }


def part(path):
    """The spine's or shell's part that a file of same_eyes belongs to."""
    return path.relative_to(CHECKOUT / "same_eyes").with_suffix("").parts[0]


def named(path):
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", files("metrics"), ids=named)
def test_metrics_import_nothing_of_ours_and_no_torch(path):
    assert ours(path) <= {"metrics"}
    allowed = TEAMING if "teaming" in path.parts else METRICS
    assert foreign(path) <= allowed
    assert foreign(path, at_import=True) <= METRICS


@pytest.mark.parametrize("path", files("methods"), ids=named)
def test_methods_import_the_contract_each_other_and_no_torch_at_import(path):
    assert ours(path) <= {"method", "methods"}
    assert foreign(path, at_import=True) <= NUMERIC
    assert foreign(path) <= NUMERIC | TORCH


@pytest.mark.parametrize("path", files("benchmark"), ids=named)
def test_the_benchmark_imports_the_suite_and_numbers(path):
    speed = path.name.startswith("test_speed")  # times training, and other libraries beside ours, and draws costs
    assert foreign(path, at_import=True) <= NUMERIC | {"pytest"} | (TORCH | {"sklearn"} if speed else set())
    peers = {"sklearn", "pandas", "PIL", "matplotlib"}
    assert foreign(path) <= NUMERIC | {"pytest"} | (TORCH | peers if speed else set())


@pytest.mark.parametrize("path", files("same_eyes"), ids=named)
def test_every_part_is_of_the_spine_or_of_the_shell(path):
    assert (part(path) in SPINE) != (part(path) in SHELL)


@pytest.mark.parametrize("path", [path for path in files("same_eyes") if part(path) in SPINE], ids=named)
def test_the_spine_knows_no_metric_and_no_method(path):
    if part(path) == "testing":  # contracts and planted worlds stand on what they test
        assert not {"metrics", "methods"} & ours(path, at_import=True)
        return
    assert not {"metrics", "methods", "benchmark", *SHELL} & ours(path)


@pytest.mark.parametrize("path", files("same_eyes"), ids=named)
def test_torch_is_imported_early_only_where_networks_are_built_and_trained(path):
    allowed = {"nets.py", "train.py", "method_contract.py"}
    assert path.name in allowed or not TORCH & foreign(path, at_import=True)
    early = {"nets", "train"} & ours(path, at_import=True)
    assert path.name in allowed or not early


@pytest.mark.parametrize("path", files("same_eyes"), ids=named)
def test_what_is_imported_is_declared(path):
    optional = {
        "plots": {"matplotlib"},
        "plots_likeness": {"matplotlib"},
        "plots_teams": {"matplotlib"},
        "report": {"jinja2", "markupsafe", "PIL"},
    }.get(part(path), set())
    optional |= {"dask", "distributed"} if part(path) == "scheduler" else set()
    assert foreign(path) <= METRICS | TORCH | TOOLS | optional


def test_the_reader_of_imports_sees_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "CHECKOUT", tmp_path)
    path = tmp_path / "same_eyes" / "cli.py"
    path.parent.mkdir()
    path.write_text(
        "import os\nimport numpy as np\nfrom . import studies\nfrom .metrics.accuracy import x\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n"
        "def f():\n    import torchvision\n    from same_eyes.train import fit\n"
    )
    assert foreign(path) == {"numpy", "torchvision"}
    assert foreign(path, at_import=True) == {"numpy"}
    assert ours(path) == {"studies", "metrics", "train"}
    assert ours(path, at_import=False) == {"train"}
