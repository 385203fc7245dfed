"""Every method keeps the contract that a third party's would be held to."""

import subprocess
import sys

import pytest

from same_eyes.method import available

NAMES = [
    *("ce", "pls", "nls", "gce", "fdiv", "fw", "bw"),
    *("peerloss", "cores", "cal", "coteaching", "coteaching_plus", "jocor"),
]


def test_the_thirteen_of_the_study_are_there():
    assert set(NAMES) <= set(available())


def test_no_method_imports_torch():
    code = "import sys; from same_eyes.method import available; available(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_they_start_from_own_and_estimate():
    methods = available()
    assert {n for n in NAMES if methods[n].starts_from == "ce"} == {
        *("pls", "nls", "gce", "fdiv", "fw", "bw", "peerloss"),
    }
    assert {n for n in NAMES if methods[n].networks == 2} == {"coteaching", "coteaching_plus", "jocor"}
    assert {n for n in NAMES if methods[n].transition} == {"fw", "bw"}
    assert {n for n in NAMES if methods[n].peers} == {"fdiv", "peerloss"}
    assert {n for n in NAMES if methods[n].first_stage} == {"cal"}


@pytest.mark.contract
@pytest.mark.parametrize("name", NAMES)
def test_contract(name):
    pytest.importorskip("torch")
    from same_eyes.testing import check_method

    check_method(available()[name])
