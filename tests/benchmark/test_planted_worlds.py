"""A check of the checks: every claim's own test, run in small worlds where the answer is planted.

For each claim of ``expected/`` there are worlds in which it is true, false, true by a little (inside) and
false by a little (outside). The claim's test of ``benchmark/`` is run in each of them and must end so.

To add a claim: put its id and its worlds into the ``WORLDS`` of a file ``worlds_<topic>.py`` beside this one (any
such file is found by listing the folder; each is plain data)::

    from same_eyes.testing.worlds import Observer, World, Worlds, claims, planted_mistakes, simulated_study

    def good_machines():                  # a study is made when it is first needed; seeded, n about 2,000
        return simulated_study([Observer(0.80)] * 3, {"CE": Observer(0.90), "GCE": Observer(0.88)})

    def one_bad_machine():
        return simulated_study([Observer(0.80)] * 3, {"CE": Observer(0.70), "GCE": Observer(0.88)})

    WORLDS = {
        "machines-above-people": Worlds(
            true=World(good_machines),
            false=World(one_bad_machine, fails={"CE vs Human 1", "CE vs Human 2", "CE vs Human 3"}),
            inside=..., outside=...,      # planted at the margin: one image more, three standard errors less ...
        ),
    }

In a world without ``fails`` every case must fail. ``undecided=`` takes worlds that must end inconclusive. Give several
worlds as a tuple. ``World(claim={"margin": 0.02})`` replaces fields of the claim,
``World(also={"measured_official": make_study})`` adds a fixture.

A world must tell the claim's test from a wrong one: other matrices, other people, the sign turned, alpha or margin
forgotten. So each claim's worlds are also held against the other tests of its file, of which none may satisfy them.
"""

import importlib.util
from pathlib import Path

import pytest

from same_eyes.places import leaf
from same_eyes.testing.worlds import Worlds, claim_tests, claim_tests_of_file, claims, run_claim

KINDS = {
    "true": "reproduced",
    "false": "not reproduced",
    "inside": "reproduced",
    "outside": "not reproduced",
    "undecided": "inconclusive",  # where a claim has such worlds
}


def _read(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WORLDS


FILES = {path: _read(path) for path in sorted(Path(__file__).parent.glob("worlds_*.py"))}
WORLDS: dict[str, Worlds] = {name: worlds for file in FILES.values() for name, worlds in file.items()}
ALL = [
    pytest.param(name, kind, world, id=f"{name}-{kind}-{number}")
    for name, worlds in WORLDS.items()
    for kind in KINDS
    for number, world in enumerate(worlds.of(kind))
]


def _ends_otherwise(name, kind, world, test=None):
    """What was seen, where it is not what was planted."""
    cases = run_claim(name, world, test)
    fails = set(world.fails) or {case.name for case in cases}
    unknown = fails - {case.name for case in cases}
    wrong = [str(case) for case in cases if case.verdict != (KINDS[kind] if case.name in fails else "reproduced")]
    return wrong + [f"no case {case!r} was checked" for case in unknown]


@pytest.mark.parametrize("name", sorted(claims()))
def test_every_claim_has_its_worlds(name):
    has_worlds = name in WORLDS
    assert has_worlds, f"no tests/benchmark/worlds_*.py has planted worlds for {name!r}"
    for kind in ("true", "false", "inside", "outside"):
        assert WORLDS[name].of(kind), f"{name!r} has no world of the kind {kind!r}"


def test_no_worlds_for_a_claim_that_is_not_there():
    assert set(WORLDS) <= set(claims())


def test_no_claim_has_worlds_in_two_files():
    assert sum(map(len, FILES.values())) == len(WORLDS)


@pytest.mark.parametrize(("name", "kind", "world"), ALL)
def test_the_claim_ends_as_planted(name, kind, world):
    wrong = _ends_otherwise(name, kind, world)
    assert not wrong, f"planted {kind}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("kind", ["true", "false"])
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_no_order_changes_the_verdict(name, kind):
    for world in WORLDS[name].of(kind)[:1]:
        wrong = _ends_otherwise(name, kind, world.shuffled())
        assert not wrong, f"planted {kind}, in another order:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_no_other_test_satisfies_the_worlds(name):
    own = claim_tests(name)
    files = {path for path in leaf("benchmark").glob("test_*.py") if own and own[0] in claim_tests_of_file(path)}
    others = [test for path in files for test in claim_tests_of_file(path) if test not in own]
    satisfied = [test.__name__ for test in others if _satisfies(name, test)]
    assert not satisfied, f"the worlds of {name!r} would not notice if its test were one of {satisfied}"


def _satisfies(name, test):
    try:
        return not any(
            _ends_otherwise(name, kind, world, test)
            for kind in reversed(list(KINDS))
            for world in WORLDS[name].of(kind)
        )
    except Exception:  # a test that cannot even run in these worlds would be noticed
        return False
