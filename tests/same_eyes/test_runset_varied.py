"""The sets of Figures 4 and 6: the same methods, other labels or other backbones."""

import numpy as np
import pytest

from same_eyes.method import available
from same_eyes.runset import BACKBONES, LABELS, STUDY, RunSet


@pytest.fixture(scope="module")
def main():
    return RunSet.choose("cifar10n", available(), "small")


@pytest.mark.parametrize(("groups", "seed"), [(LABELS, 0), (BACKBONES, 1)])
def test_the_groups_are_the_draw_that_they_are_said_to_be(groups, seed):
    drawn = np.random.default_rng(seed).permutation(len(STUDY)) % 3
    assert list(groups.values()) == [[STUDY[i] for i in np.flatnonzero(drawn == j)] for j in range(3)]
    assert min(map(len, groups.values())) >= 4


@pytest.mark.parametrize(
    ("name", "field", "groups"), [("labels", "labels", LABELS), ("backbones", "backbone", BACKBONES)]
)
def test_only_what_is_varied_differs_from_the_main_set(main, name, field, groups):
    varied = getattr(main, name)()
    assert (varied.name, varied.names, varied.recipe) == (name, main.names, main.recipe)
    for title, (run,) in varied.runs.items():
        (original,) = main.runs[title]
        assert run.method in groups[getattr(run, field)]
        differing = {key for key, value in vars(run).items() if value != getattr(original, key)}
        assert differing <= {field}


def test_the_command_that_makes_a_missing_run_names_what_is_varied(main, tmp_path):
    empty = RunSet.choose("cifar10n", available(), "small", predictions=tmp_path)
    assert "train pls --study cifar10n --recipe small --labels random2 " in empty.labels().why_missing("PLS")
    assert "--labels random1 --backbone vgg" in empty.backbones().why_missing("PLS")


def test_a_method_in_no_group_is_left_out():
    methods = {name: method for name, method in available().items() if name in ("ce", "gce")}
    main = RunSet.choose("cifar10n", methods, "small")
    own = RunSet("own", main.study, main.recipe, methods, {"CE": main.runs["CE"]})
    assert own.labels().names == ["CE"]
    assert own._varied("own", "labels", {"random3": ["gce"]}).names == []
