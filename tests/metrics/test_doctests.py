"""The examples in the metrics' docstrings say what happens."""

import doctest
import importlib
import pkgutil

import pytest

import metrics

MODULES = [module.name for module in pkgutil.walk_packages(metrics.__path__, "metrics.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    failures, tried = doctest.testmod(importlib.import_module(name))
    assert failures == 0
    private = name.rpartition(".")[2].startswith("_")
    assert tried or private or name == "metrics.teaming"  # every other module has an example
