from types import SimpleNamespace

import numpy as np
import pytest

from same_eyes.claims import Case, Claim
from same_eyes.measure import Measured
from same_eyes.plots import Drawn
from same_eyes.report.content import content, plain
from same_eyes.testing.worlds import Observer, simulated_study

HOSTILE = "<script>planted()</script> | 50 % & _more_"
NAN = float("nan")


def claim(name, number, topic, where="Section 3", reading="as reported", **more):
    return Claim(name, number, reading, f"{name} is so.", where, "it was said", paper="1 in 2", topic=topic, **more)


def case(of, name="", verdict="reproduced", check="greater", seen=(0.5, 0.4, 0.6), bounds=(0.1, np.inf), **more):
    more = {"paper": "1 in 2", "allowed": "difference > 0.1", "slack": 0.1} | more
    return Case(of, name, verdict, *seen, bounds=bounds, check=check, **more)


ACCURATE = claim("accurate", "1", "table1", "Table 1", values={"Human 1": 0.828, "CE": 0.85})
WRONG = claim("wrong-together", "6", "figure2", "Figure 2, Test 1")
ABLE = claim("able", "14", "abilities", reading="strict")
TEAMS = claim("teams", "42", "teaming", "Figure 7a")
OWN = claim("ours", "", "of-our-own", reading="own")


@pytest.fixture
def record():
    """One case of every kind; a machine's name is made to break out of whatever it is written into."""
    close = {"check": "close", "paper": "0.85", "allowed": "0.85 +- 0.1", "bounds": (0.75, 0.95)}
    return [
        case(ACCURATE, "CE", seen=(0.84, 0.82, 0.86), **close),
        case(ACCURATE, HOSTILE, "not reproduced", seen=(0.6, 0.58, 0.62), reason="known | why_not", **close),
        case(WRONG, "", "not reproduced", "significant", (0.0, -0.1, 0.1), (0.0, np.inf), note="p = 0.8", p=0.8),
        case(ABLE, "CE", "inconclusive", seen=(0.1, -0.2, 0.4)),
        case(ABLE, HOSTILE),
        case(TEAMS, "ranks"),
        Case(OWN, "CE", "not testable", note="no runs", paper="1 in 2"),
    ]


@pytest.fixture(scope="session")
def measured():
    machines = {"CE": Observer(0.8, eye="machine"), HOSTILE: Observer(0.85, eye="machine", shared=0.5)}
    return Measured(simulated_study([Observer(0.82, eye="person")] * 3, machines, images=300), 20)


@pytest.fixture
def session(measured, record):
    """What a run of the suite knows at its end."""
    runset = SimpleNamespace(
        recipe="small", name="main", own=[HOSTILE], stored=lambda: ["CE", HOSTILE], describe=lambda: "recipe small"
    )
    return SimpleNamespace(
        name="cifar10n",
        simulated=False,
        origin=SimpleNamespace(elsewhere=False),
        enforce=True,
        ground=dict,
        runset=runset,
        replicates=20,
        record=record,
        claims={each.claim.id: each.claim for each in record},
        measured=measured,
        data_dir=None,
    )


FIGURE = Drawn(2, "figure2", "Where two are wrong", "Where two are wrong. (a) two people: 0.36 [0.33, 0.39]")


@pytest.fixture
def found(session):
    """The report's content: Figure 2 is drawn and Figure 7 is not."""
    return plain(content(session, [FIGURE], {7: "it needs two machines"}))


@pytest.fixture
def folder(tmp_path):
    """Where the figure lies."""
    (tmp_path / "figure2.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>")
    return tmp_path
