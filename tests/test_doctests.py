"""The examples in docstrings say what happens."""

import doctest
import importlib

import pytest

from same_eyes.places import CHECKOUT

MODULES = [
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
    for package in ("metrics", "same_eyes")
    for path in sorted((CHECKOUT / package).rglob("*.py"))
    if not path.stem.startswith("__")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        pytest.skip(f"an extra is not installed: {missing}")
    failures, tried = doctest.testmod(module)
    assert failures == 0
    metric = name.startswith("metrics.") and not name.rpartition(".")[2].startswith("_")
    assert tried or not metric  # each has an example
