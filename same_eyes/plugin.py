"""The pytest side of the suite: options, fixtures, and the closing table.

    pytest benchmark                        the study's claims, from stored predictions
    pytest benchmark --train missing        trains what is not stored (needs the extra "train")
    pytest benchmark --report DIR           writes the closing table as report.json and report.md too, and figures

A claim's test is marked ``@pytest.mark.claim("its-id")``, takes the fixture ``claim`` and makes one check
with it. A test that takes ``machine`` or ``human`` runs once for each.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from . import baseline, studies
from . import claims as _claims
from .data import MissingData
from .measure import Measured
from .method import RECIPES, available
from .places import leaf
from .runset import RunSet
from .types import BadInput, Study

STATE = pytest.StashKey["Session"]()
KNOWN = pytest.StashKey[str]()  # how a test's claim is known to deviate


class Session:
    """What a run of the suite knows: the study, its runs, its claims, and what they saw."""

    def __init__(self, config: pytest.Config) -> None:
        self.data_dir: Path | None = config.getoption("data_dir")
        self.train: str = config.getoption("train")
        self.replicates: int = config.getoption("replicates")
        self.report: Path | None = config.getoption("report")
        self.name: str = config.getoption("study") or studies.default(self.data_dir)
        self.methods = available()
        self.runset = RunSet.choose(
            self.name, self.methods, config.getoption("recipe"), self.data_dir, config.getoption("predictions")
        )
        self.claims = _claims.read_claims(leaf("expected"))
        deviations = _claims.read_deviations(leaf("expected"), self.claims)
        self.sets = {s.name: s for s in (self.runset, self.runset.labels(), self.runset.backbones())}
        self.deviations = [
            d for d in deviations if any(d.binds(self.name, s.recipe, s.name) for s in self.sets.values())
        ]
        self.simulated = self.name == "digits"
        self.enforce = not self.runset.own  # with a machine of the user's own, other numbers are to be expected
        self.baseline: str = config.getoption("baseline")
        self.record: list[_claims.Case] = []
        self.errors: list[str] = []  # what no single test can notice
        self.notes: list[str] = []
        self.drawn: list[str] = []  # which figures were drawn, and why others were not
        self.partial: set[str] = set()  # claims of which cases were deselected
        self._measured: Measured | None = None
        self._varied: dict[str, Measured] = {}

    @property
    def measured(self) -> Measured:
        if self._measured is None:
            machines = self.runset.machines(self.train)
            study = studies.heldout(self.name, machines, self.data_dir)
            self._measured = Measured(study, self.replicates)
        return self._measured

    @property
    def measured_official(self) -> Measured:
        """Measurements on the official test images; NotTestable says why there are none."""
        if isinstance(self._official, str):
            raise _claims.NotTestable(self._official)
        return self._official

    @cached_property
    def _official(self) -> Measured | str:
        machines = self.runset.machines(self.train, "official")
        if not machines:
            return "no machine has predicted CIFAR-10's official test images"
        try:
            return Measured(studies.official(machines, self.data_dir), self.replicates)
        except MissingData as missing:
            return str(missing)

    def varied(self, name: str) -> Measured:
        """Measurements on another set of runs, "labels" or "backbones"; these are loaded and never trained here."""
        if name not in self._varied:
            study = studies.heldout(self.name, self.sets[name].machines(), self.data_dir)
            self._varied[name] = Measured(study, self.replicates)
        return self._varied[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("same-eyes")
    group.addoption(
        "--study", choices=tuple(studies.RECIPES), help="default: cifar10n where its labels are, else digits"
    )
    group.addoption("--data-dir", type=Path, help="folder with the data sets, searched first")
    group.addoption("--predictions", type=Path, metavar="DIR", help="the store of runs; default: predictions/")
    group.addoption("--recipe", choices=tuple(RECIPES), help="whose runs to judge; default: the fullest complete set")
    group.addoption(
        "--train",
        choices=("never", "missing", "always"),
        default="never",
        help="which machines to train now instead of loading their stored predictions",
    )
    group.addoption("--report", type=Path, metavar="DIR", help="write report.json, report.md and the figures there")
    group.addoption(
        "--baseline",
        choices=("check", "write", "off"),
        default="check",
        help="hold the measurements to expected/baseline.json, or write it (same-eyes baseline)",
    )
    group.addoption("--replicates", type=int, default=2000, help="bootstrap samples behind every interval")


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "claim(id): the sentence of the study, by its id in expected/, that a test checks",
        "speed: timings; left out unless asked for with --benchmark-enable",
    ):
        config.addinivalue_line("markers", marker)


def _session(config: pytest.Config) -> Session:
    if STATE not in config.stash:
        try:
            config.stash[STATE] = Session(config)
        except BadInput as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[STATE]


def _paths(config: pytest.Config) -> list[Path]:
    """The files and folders that pytest was asked to run."""
    return [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not any(path.is_relative_to(leaf("benchmark").resolve()) for path in _paths(config)):
        return []
    session = _session(config)
    lines = [f"same-eyes: study {session.name}, {session.runset.describe()}, {session.replicates} bootstrap samples"]
    if session.simulated:
        lines.append("same-eyes: the people of this study are SIMULATED; no claim of the paper is checked")
    return lines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "machine" in metafunc.fixturenames:
        metafunc.parametrize("machine", _session(metafunc.config).runset.names, indirect=True)
    if "human" in metafunc.fixturenames:
        metafunc.parametrize("human", ["Human 1", "Human 2", "Human 3"], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("benchmark_enable", False):
        timings = [item for item in items if item.get_closest_marker("speed")]
        if timings:
            config.hook.pytest_deselected(items=timings)
            items[:] = [item for item in items if item not in timings]
    marked = [(item, mark.args[0]) for item in items for mark in item.iter_markers("claim")]
    if not marked:
        return
    session = _session(config)
    for item, name in marked:
        if name not in session.claims:
            raise pytest.UsageError(f"{item.nodeid}: expected/ has no claim {name!r}.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    try:
        return (yield)
    except _claims.KnownDeviation as known:
        item.stash[KNOWN] = str(known)
        return None
    except _claims.NotTestable as why:
        raise pytest.skip.Exception(f"not testable: {why}") from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A known deviation is an expected failure; not by pytest.xfail, which draws up a traceback that nobody sees."""
    report = yield
    if call.when == "call" and KNOWN in item.stash:
        report.outcome, report.wasxfail = "skipped", item.stash[KNOWN]
    return report


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> Measured:
    """The study's measurements, each with its interval, computed once a session."""
    return _session(request.config).measured


@pytest.fixture(scope="session")
def runset(request: pytest.FixtureRequest) -> RunSet:
    """The runs that are judged."""
    return _session(request.config).runset


@pytest.fixture(scope="session")
def measured_whole(request: pytest.FixtureRequest, whole: Study) -> Measured:
    """Measurements of people over all images of the data set."""
    return Measured(whole, _session(request.config).replicates)


@pytest.fixture(scope="session")
def measured_labels(request: pytest.FixtureRequest) -> Measured:
    """Measurements of machines trained each on one of the three people's labels."""
    return _session(request.config).varied("labels")


@pytest.fixture(scope="session")
def measured_backbones(request: pytest.FixtureRequest) -> Measured:
    """Measurements of machines trained each with one of three backbones."""
    return _session(request.config).varied("backbones")


@pytest.fixture
def measured_official(request: pytest.FixtureRequest, claim: _claims.Check) -> Measured:
    """Measurements of CIFAR-10H's people and the machines on CIFAR-10's official test images.

    Where the data or the machines are missing, the claim is not testable.
    """
    try:
        return _session(request.config).measured_official
    except _claims.NotTestable as missing:
        _skip_untestable(claim, str(missing))


@pytest.fixture(scope="session")
def study(measured: Measured) -> Study:
    """People and machines on the held-out images."""
    return measured.study


@pytest.fixture(scope="session")
def people(study: Study) -> Any:
    """The study's annotators on the held-out images."""
    return study.people


@pytest.fixture(scope="session")
def machines(study: Study) -> Any:
    """The study's machines: name to runs."""
    return study.machines


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> Study:
    """People on all images of the data set, without machines."""
    session = _session(request.config)
    return studies.whole(session.name, session.data_dir)


@pytest.fixture
def claim(request: pytest.FixtureRequest) -> _claims.Check:
    """The claim a test is marked with, to be checked; its case is named by the test's parameters."""
    session = _session(request.config)
    mark = request.node.get_closest_marker("claim")
    if mark is None:
        raise pytest.UsageError(f"{request.node.nodeid}: takes `claim` but has no @pytest.mark.claim(id).")
    parameters = getattr(request.node, "callspec", None)
    case = " vs ".join(map(str, parameters.params.values())) if parameters else ""
    check = _claims.Check(
        session.claims[mark.args[0]],
        case,
        session.record,
        session.deviations,
        simulated=session.simulated,
        enforce=session.enforce,
    )
    if "measured" in request.fixturenames and not session.measured.machines:
        _skip_untestable(check, f"no machine is stored; {session.runset.why_missing(session.runset.names[0])}")
    return check


def _skip_untestable(claim: _claims.Check, why: str) -> NoReturn:
    """Record that a claim lacks what it needs, from within a fixture."""
    with suppress(_claims.NotTestable):
        claim.not_testable(why)
    pytest.skip(f"not testable: {why}")


def _asked(request: pytest.FixtureRequest) -> tuple[RunSet, Measured]:
    """The set of runs that a test is about, by its fixtures: the main one, or that of ``measured_labels`` and so on."""
    session = _session(request.config)
    for name, runset in session.sets.items():
        if f"measured_{name}" in request.fixturenames:
            return runset, session.varied(name)
    return session.runset, session.measured


@pytest.fixture
def machine(request: pytest.FixtureRequest, claim: _claims.Check) -> str:
    """A machine's name; a machine without stored predictions makes its case not testable."""
    runset, measured = _asked(request)
    if request.param not in measured.machines:
        _skip_untestable(claim, runset.why_missing(request.param))
    return request.param


@pytest.fixture
def all_machines(request: pytest.FixtureRequest, claim: _claims.Check) -> list[str]:
    """The names of all machines; where one is missing, a claim about the whole set is not testable."""
    runset, measured = _asked(request)
    missing = [name for name in runset.names if name not in measured.machines]
    if missing:
        why = f"{len(missing)} of {len(runset.names)} runs are missing; {runset.why_missing(missing[0])}"
        _skip_untestable(claim, why)
    return runset.names


@pytest.fixture
def human(request: pytest.FixtureRequest, whole: Study) -> str:
    """A person's name."""
    return whole.people.names[int(request.param.split()[-1]) - 1]


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("claim"):
            _session(item.config).partial.add(mark.args[0])


def pytest_sessionfinish(session: pytest.Session) -> None:
    state = session.config.stash.get(STATE, None)
    if state is None or not state.record:
        return
    broken_off = session.shouldfail or session.shouldstop  # by -x, say
    ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not broken_off
    full = ended and not state.partial and _paths(session.config) == [leaf("benchmark").resolve()]
    cases = ended and not any("::" in argument for argument in session.config.args)  # else some were left out
    if cases and state.enforce:
        whole = [deviation for deviation in state.deviations if deviation.claim not in state.partial]
        lines = _claims.unmatched(whole, state.record, full)
        state.errors = [f"expected/deviations.toml: {line}" for line in lines]
    if all(np.isnan(case.measured) for case in state.record):
        state.errors.append("nothing was measured: no claim that was asked for has what it needs")
    if state.baseline != "off":
        _baseline(state, full)
    if state.errors and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if state.report:
        from .plots import draw
        from .report import write

        write(state.report, state)
        paths, left_out = draw(state.report, state)
        state.drawn = [f"drawn: {', '.join(path.name for path in paths)}"] * bool(paths) + left_out


def _baseline(state: Session, full: bool) -> None:
    """Hold the measurements to the stored ones, or store them; ``full`` where every claim was asked for."""
    if state.simulated:
        if state.baseline == "write":
            state.errors.append("expected/baseline.json: not written, as the people of this study are simulated.")
        return
    path = leaf("expected") / "baseline.json"
    runs = {name: sha for runset in state.sets.values() for name, sha in runset.hashes().items()}
    runs["intervals"] = f"{state.replicates} bootstrap samples"
    try:
        stored = baseline.read(path)
    except BadInput as error:
        stored = {}
        if state.baseline == "check":
            state.errors.append(str(error))
    if state.baseline == "check" and stored and stored["runs"] != runs:
        state.notes.append("expected/baseline.json: not compared, it was measured on other runs.")
    elif state.baseline == "check":
        lines = baseline.drift(stored, state.record, full)
        state.errors += [f"expected/baseline.json: {line}" for line in lines]
    elif full:
        state.notes.append(baseline.difference(stored.get("measured", {}), baseline.measurements(state.record)))
        baseline.write(path, runs, state.record)
    else:
        state.errors.append("expected/baseline.json: not written, as not every claim was asked for.")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    state = config.stash.get(STATE, None)
    if state is None or not state.record:
        return
    from .report import closing_table

    terminalreporter.section(f"same-eyes: {state.name}, {state.runset.describe()}")
    terminalreporter.write_line(closing_table(state, terminalreporter._tw.fullwidth))
    for line in state.notes:
        terminalreporter.write_line(line)
    for line in state.errors:
        terminalreporter.write_line(f"ERROR {line}", red=True)
    if state.report:
        terminalreporter.write_line(f"written: {state.report / 'report.json'}, {state.report / 'report.md'}")
        for line in state.drawn:
            terminalreporter.write_line(line)
