"""The pytest side of the suite: options, fixtures, and the closing table.

    pytest benchmark                        the study's claims, from stored predictions
    pytest benchmark --train missing        trains what is not stored (needs the extra "train")
    pytest benchmark --method FILE.py       the same with a method of your own among the machines, trained where need be
    pytest benchmark --predictions X=FILE   the same with a machine X of which you have predictions
    pytest benchmark --report DIR           writes the report: report.html, .json, .md, junit.xml, tables.tex, figures

A claim's test is marked ``@pytest.mark.claim("its-id")``, takes the fixture ``claim`` and makes one check
with it. A test that takes ``machine`` or ``human`` runs once for each.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from . import baseline, expectations, own, sides, studies, workers
from . import claims as _claims
from .data import MissingData
from .measure import Measured
from .method import RECIPES, available
from .options import replicates
from .places import leaf
from .runset import RunSet
from .speed import Speed
from .types import BadInput, NotKnown, Study

STATE = pytest.StashKey["Session"]()
KNOWN = pytest.StashKey[str]()  # how a test's claim is known to deviate


class Session:
    """What a run of the suite knows: the study, its runs, its claims, and what they saw."""

    def __init__(self, config: pytest.Config) -> None:
        self.data_dir = _folder(config, "data_dir")
        self.train: str = config.getoption("train")
        self.replicates: int = config.getoption("replicates")
        self.report = _folder(config, "report")
        if self.report and self.report.exists() and not self.report.is_dir():
            raise BadInput(f"--report {self.report}: that is a file. Name a folder.")
        self.origin = studies.origin(config.getoption("study"), self.data_dir)
        self.name = self.origin.name
        self.methods = available()
        added = [own.find(asked, self.methods) for asked in config.getoption("method")]
        self.methods |= {method.name: method for method in added}
        self.heard: list[str] = []  # how the user's files were understood
        self.examined = self._examined(config.getoption("predictions"))
        given: dict[str, Any] = {
            name: [{split: file.predictions for split, file in splits.items()}]
            for name, splits in self.examined.items()
        }
        if self.origin.folder:
            if added or given:
                raise BadInput(
                    f"{self.name} is a study of its own: its machines are those of {self.origin.folder.path}."
                )
            given = {
                name: [{"heldout": run} for run in runs] for name, runs in self.origin.folder.predictions().items()
            }
            self.heard = list(self.origin.folder.notes)
            self.runset = RunSet("main", self.name, "", {}, {}, given=given)
        else:
            self.runset = RunSet.choose(
                self.origin.runs,
                self.methods,
                config.getoption("recipe"),
                self.data_dir,
                _folder(config, "store"),
                added=[method.name for method in added],
                given=given,
            )
        if self.runset.untrained() and find_spec("torch") is None:
            title = self.methods[self.runset.untrained()[0].method].title
            raise BadInput(f"{title} is not trained yet, and training needs torch: pip install 'same-eyes[train]'")
        self.claims = _claims.read_claims(leaf("expected"))
        deviations = _claims.read_deviations(leaf("expected"), self.claims)
        varied = [] if self.origin.folder else [self.runset.labels(), self.runset.backbones()]
        self.sets = {s.name: s for s in (self.runset, *varied)}
        self.deviations = [
            d for d in deviations if any(d.binds(self.name, s.recipe, s.name) for s in self.sets.values())
        ]
        self.simulated = self.origin.simulated
        self.enforce = (
            not self.runset.own and not self.origin.elsewhere
        )  # with a machine of the user's own, other numbers are to be expected
        self.baseline: str = config.getoption("baseline")
        self.gate: bool = config.getoption("gate")
        if self.gate and (self.origin.folder or self.origin.elsewhere):
            raise BadInput(
                f"--gate holds machines to the baseline's numbers, which are not about {self.name}. Leave it out."
            )
        known = [*expectations.QUANTITIES, *self.claims]
        file = _folder(config, "expectations")
        self.expected = expectations.OfClaims(expectations.read(file, known) if file else (), self.runset.names)
        self.record: list[_claims.Case] = []
        self.errors: list[str] = []  # what no single test can notice
        self.notes: list[str] = []
        self.written: list[str] = []  # which files a report has, and what it lacks
        self.partial: set[str] = set()  # claims of which cases were deselected
        self.broken: list[str] = []  # tests that ended in an error, and not because what they assert is false
        self.positions: list[
            int
        ] = []  # of the test that each case of the record comes from, in a worker of pytest-xdist
        self._measured: Measured | None = None
        self._varied: dict[str, Measured] = {}

    def _examined(self, asked: list[str]) -> dict[str, dict[str, own.Examined]]:
        """The machines of which the user has predictions, once it is clear which images these are about."""
        if not asked:
            return {}
        if self.origin.folder:
            raise BadInput(f"{self.name} is a study of its own: put the machine's file into {self.origin.folder.path}.")
        images = own.Images.of(self.origin.runs, self.data_dir)
        people = self.origin.whole().people.names
        taken = [*(method.title for method in self.methods.values()), *people, "Aggre"]
        found = own.read_machines(asked, images, taken, self.origin.split)
        self.heard = [line for splits in found.values() for file in splits.values() for line in file.lines(images)]
        return found

    def prepare(self) -> None:
        """Train what is asked for, and what of the user's methods is not stored."""
        new = self.runset.untrained()
        self.runset = self.sets["main"] = self.runset.trained(self.train)
        for run in new:
            store, title = self.runset.store_of(run), self.methods[run.method].title
            self.notes.append(f"{title}: trained in {store.manifest(run)['seconds']:.0f} s, stored in {store.root}")

    @cached_property
    def people(self) -> list[str]:
        """The names of the people; of a built-in study without reading it."""
        if self.origin.folder:
            return list(self.origin.folder.people.names)
        return [f"Human {j + 1}" for j in range(len(studies.LABEL_SETS))]

    @property
    def machines_measured(self) -> bool:
        """Whether any claim asked for the machines, so that nothing need be loaded to know more of them."""
        return self._measured is not None and bool(self._measured.machines)

    @property
    def measured(self) -> Measured:
        if self._measured is None:
            study = self.origin.study(self.runset.machines(self.origin.split))
            self._measured = Measured(study, self.replicates)
        return self._measured

    @cached_property
    def measured_whole(self) -> Measured:
        """Measurements of people over all images of the data set."""
        return Measured(self.origin.whole(), self.replicates)

    @property
    def measured_official(self) -> Measured:
        """Measurements on the official test images; NotTestable says why there are none."""
        if isinstance(self._official, str):
            raise _claims.NotTestable(self._official)
        return self._official

    @cached_property
    def _official(self) -> Measured | str:
        machines = self.runset.machines(self.origin.hard_split)
        if not machines:
            return "no machine has predicted CIFAR-10's official test images"
        try:
            return Measured(self.origin.hard(machines), self.replicates)
        except MissingData as missing:
            return str(missing)

    def varied(self, name: str) -> Measured:
        """Measurements on another set of runs, "labels" or "backbones"; these are loaded and never trained here."""
        if name not in self._varied:
            machines = self.sets[name].machines(self.origin.split) if name in self.sets else {}
            self._varied[name] = Measured(self.origin.study(machines), self.replicates)
        return self._varied[name]

    def ground(self) -> dict[str, Measured]:
        """What claims stand on beside ``measured``, as far as it is at hand, by the fixture's name."""
        complete = [name for name, of in self.sets.items() if name != "main" and of.stored() == of.names]
        found = {f"measured_{name}": self.varied(name) for name in complete}
        found["measured_whole"] = self.measured_whole
        return found if isinstance(self._official, str) else found | {"measured_official": self._official}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("same-eyes")
    group.addoption(
        "--study",
        metavar="NAME|DIR",
        help=f"{', '.join(studies.NAMES)}, or a folder with a study of your own (same-eyes new-study DIR); default: "
        "cifar10n where its labels are, else digits",
    )
    # Folders are plain text here: pytest-xdist sends the options to its workers, and can send no Path.
    group.addoption("--data-dir", metavar="DIR", help="folder with the data sets, searched first")
    group.addoption("--store", metavar="DIR", help="the store of runs; default: predictions/")
    group.addoption(
        "--method",
        action="append",
        default=[],
        metavar="METHOD",
        help="your own method: FILE.py, pkg.mod:METHOD or an entry point's name; trained where no run of it is stored",
    )
    group.addoption(
        "--predictions",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="your own machine's predictions: npz, npy, csv or parquet; same-eyes check FILE says how it is read",
    )
    group.addoption("--recipe", choices=tuple(RECIPES), help="whose runs to judge; default: the fullest complete set")
    group.addoption(
        "--train",
        choices=("never", "missing", "always"),
        default="never",
        help="which machines to train now instead of loading their stored predictions",
    )
    group.addoption(
        "--report", metavar="DIR", help="write the report there: HTML, Markdown, JSON, JUnit, LaTeX and figures"
    )
    group.addoption(
        "--baseline",
        choices=("check", "write", "off"),
        default="check",
        help="hold the measurements to expected/baseline.json, or write it (same-eyes baseline)",
    )
    group.addoption(
        "--gate", action="store_true", help="hold the study's machines to the baseline's numbers (docs/gate.md)"
    )
    group.addoption("--expectations", metavar="FILE", help="which claims fail, and which to skip, by machine")
    group.addoption("--slow-claims", action="store_true", help="check the claims that take long, too")
    group.addoption("--replicates", type=replicates, default=2000, help="bootstrap samples behind every interval")


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "claim(id): the sentence of the study, by its id in expected/, that a test checks",
        "speed: timings; left out unless asked for with --benchmark-enable",
    ):
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(Speed(config))


def _folder(config: pytest.Config, option: str) -> Path | None:
    """An option that names a folder."""
    asked = config.getoption(option)
    return Path(asked) if asked else None


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


def _is_asked_for(config: pytest.Config) -> bool:
    """Whether the suite is among what pytest was asked to run."""
    return any(path.is_relative_to(leaf("benchmark").resolve()) for path in _paths(config))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if _is_asked_for(session.config):  # what is wrong with the options is said before workers are started
        _session(session.config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not _is_asked_for(config):
        return []
    session = _session(config)
    lines = [f"same-eyes: study {session.name}, {session.runset.describe()}, {session.replicates} bootstrap samples"]
    if session.simulated:
        lines.append("same-eyes: the people of this study are SIMULATED; no claim of the paper is checked")
    return [*lines, *(f"same-eyes: {line}" for line in [*session.heard, *session.runset.warnings()])]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "machine" in metafunc.fixturenames:
        metafunc.parametrize("machine", _set_of(metafunc.config, metafunc.fixturenames).names, indirect=True)
    if "human" in metafunc.fixturenames:
        metafunc.parametrize("human", _session(metafunc.config).people, indirect=True)


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
    if not config.getoption("slow_claims"):
        slow = [item for item, name in marked if session.claims[name].slow]
        items[:] = [item for item in items if item not in slow]


NEEDS_MACHINES = {"measured", "measured_official", "machine", "all_machines"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Train before the first test, where the progress can be seen; with pytest-xdist, once and before the workers."""
    config = session.config
    state = config.stash.get(STATE, None)
    if state is None or config.option.collectonly or session.testsfailed:
        return
    if workers.is_worker(config):
        state.runset = state.sets["main"] = state.runset.afresh() if state.train == "always" else state.runset
        return
    if session.items and not any(NEEDS_MACHINES & {*getattr(item, "fixturenames", ())} for item in session.items):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            state.prepare()
    except (BadInput, FloatingPointError) as error:  # the latter: a training that diverged
        raise pytest.UsageError(str(error)) from None
    except Exception as error:
        title = ", ".join(state.methods[run.method].title for run in state.runset.untrained()) or "a machine"
        raise pytest.UsageError(
            f"{''.join(traceback.format_exception(error))}\ntraining {title} failed, as above. "
            "same_eyes.testing.check_method(METHOD) checks a method in seconds."
        ) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    state = item.config.stash.get(STATE, None)
    before = len(state.record) if state else 0
    ended = yield
    if state and workers.is_worker(item.config):
        state.positions += [item.session.items.index(item)] * (len(state.record) - before)
    return ended


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    check: _claims.Check | None = getattr(item, "funcargs", {}).get("claim")
    if check is None:  # what another test raises is its own, unless it asks for what the study does not have
        try:
            return (yield)
        except NotKnown as why:
            if STATE not in item.config.stash:
                raise
            raise pytest.skip.Exception(f"not testable: {why}") from None
    try:
        return (yield)
    except _claims.KnownDeviation as known:
        item.stash[KNOWN] = str(known)
        return None
    except _claims.ClaimFailed as failed:
        reason = _session(item.config).expected.xfail(check.claim.id, check.case)
        if not reason:
            raise
        item.stash[KNOWN] = f"{failed}\n  expected: {reason}"
        return None
    except _claims.NotTestable as why:
        raise pytest.skip.Exception(f"not testable: {why}") from None
    except NotKnown as why:
        _skip_untestable(check, str(why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A known deviation is an expected failure; not by pytest.xfail, which draws up a traceback that nobody sees."""
    report = yield
    if call.when == "call" and KNOWN in item.stash:
        report.outcome, report.wasxfail = "skipped", item.stash[KNOWN]
    state = item.config.stash.get(STATE, None)
    asserted = call.when == "call" and call.excinfo and call.excinfo.errisinstance(AssertionError)
    if state and report.failed and not asserted:
        state.broken.append(item.nodeid)
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
def measured_whole(request: pytest.FixtureRequest) -> Measured:
    """Measurements of people over all images of the data set."""
    return _session(request.config).measured_whole


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
    return _session(request.config).measured_whole.study


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
        _set_of(request.config, request.fixturenames).name,
        simulated=session.simulated,
        enforce=session.enforce,
        elsewhere=session.origin.elsewhere,
    )
    if reason := session.expected.skip(check.claim.id, case):
        _skip_untestable(check, f"skipped, as --expectations says: {reason}")
    for name in ("labels", "backbones"):
        if f"measured_{name}" in request.fixturenames and name not in session.sets:
            _skip_untestable(check, f"{session.name} has no machines of its own for it, which would differ in {name}")
    if "measured" in request.fixturenames and not session.measured.machines:
        _skip_untestable(check, f"no machine is stored; {session.runset.why_missing(session.runset.names[0])}")
    return check


def _skip_untestable(claim: _claims.Check, why: str) -> NoReturn:
    """Record that a claim lacks what it needs, from within a fixture."""
    with suppress(_claims.NotTestable):
        claim.not_testable(why)
    pytest.skip(f"not testable: {why}")


def _set_of(config: pytest.Config, fixtures: Sequence[str]) -> RunSet:
    """The set of runs that a test is about, by its fixtures: the main one, or that of ``measured_labels`` and so on."""
    session = _session(config)
    asked = (runset for name, runset in session.sets.items() if f"measured_{name}" in fixtures)
    return next(asked, session.runset)


def _asked(request: pytest.FixtureRequest) -> tuple[RunSet, Measured]:
    """That set, and its measurements."""
    session, runset = _session(request.config), _set_of(request.config, request.fixturenames)
    return runset, session.measured if runset is session.runset else session.varied(runset.name)


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
    return request.param


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("claim"):
            _session(item.config).partial.add(mark.args[0])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist has ended: what it saw is part of what this run saw."""
    state = _session(node.config)
    if not workers.merge(state, node):
        state.errors.append(f"the worker {node.gateway.id} crashed, and what it had measured is lost: {error}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    state = session.config.stash.get(STATE, None)
    if workers.is_worker(session.config):
        if state is not None:
            workers.send(state, session.config)
        return
    if state is None:
        return
    if not state.record:
        if state.gate or state.report or state.baseline == "write":
            state.errors.append("no claim was asked for, so that nothing is compared and nothing is written")
            _fail(session)
        return
    workers.sort(state)
    broken_off = session.shouldfail or session.shouldstop  # by -x, say
    ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not broken_off
    if state.broken:
        state.errors.append(f"{len(state.broken)} tests ended in an error, and what they measure is missing")
    everything = ended and not state.partial and _paths(session.config) == [leaf("benchmark").resolve()]
    full = everything and not state.broken
    cases = ended and not any("::" in argument for argument in session.config.args)  # else some were left out
    if cases and state.enforce:
        asked = session.config.getoption("slow_claims")
        left_out = state.partial | {name for name, claim in state.claims.items() if claim.slow and not asked}
        whole = [deviation for deviation in state.deviations if deviation.claim not in left_out]
        lines = _claims.unmatched(whole, state.record, full)
        state.errors += [f"expected/deviations.toml: {line}" for line in lines]
    if all(np.isnan(case.measured) for case in state.record):
        state.errors.append("nothing was measured: no claim that was asked for has what it needs")
    if cases:
        state.errors += [f"--expectations: {line}" for line in state.expected.stale(state.record, full)]
    if state.baseline != "off" and not _baseline(state, full):
        _fail(session, pytest.ExitCode.USAGE_ERROR)  # more than claims that fail, which `same-eyes baseline` expects
    if state.gate:
        _gate(state)
    if full and not session.config.getoption("slow_claims") and any(claim.slow for claim in state.claims.values()):
        slow = sum(claim.slow for claim in state.claims.values())
        state.notes.append(f"{slow} slow claims were left out: --slow-claims")
    if state.errors:
        _fail(session)
    if state.report:
        from .report import write

        try:
            state.written = write(state.report, state)
        except OSError as error:
            state.errors.append(f"--report {state.report}: not written ({error}).")
            _fail(session)


def _gate(state: Session) -> None:
    """Hold the machines to the baseline's numbers."""
    try:
        held = state.expected.of_gate(sides.of_baseline(state.measured, state.runset))
    except BadInput as error:
        state.errors.append(f"gate: {error}")
        return
    state.notes.append(held.text())
    (state.errors if held.code else state.notes).append(f"gate: {held.ending}")


def _fail(session: pytest.Session, code: pytest.ExitCode = pytest.ExitCode.TESTS_FAILED) -> None:
    """End with a code, unless something graver is the matter."""
    if session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
        pytest.ExitCode.TESTS_FAILED,
    ):
        session.exitstatus = code


def _baseline(state: Session, full: bool) -> bool:
    """Hold the measurements to the stored ones, or store them, where every claim was asked for (``full``).

    Returns
    -------
    bool
        False where they were to be stored and are not.
    """
    if state.simulated or state.origin.elsewhere:
        if state.baseline == "write":
            why = "the people of this study are simulated" if state.simulated else f"it is not about {state.name}"
            state.errors.append(f"expected/baseline.json: not written, as {why}.")
        return state.baseline != "write"
    path = leaf("expected") / "baseline.json"
    runs = {name: sha for runset in state.sets.values() for name, sha in runset.hashes().items()}
    runs["intervals"] = f"{state.replicates} bootstrap samples"
    record = [case for case in state.record if not case.claim.slow]
    try:
        stored = baseline.read(path)
    except BadInput as error:
        stored = {}
        if state.baseline == "check":
            state.errors.append(str(error))
    if state.baseline == "check" and stored and stored["runs"] != runs:
        state.notes.append("expected/baseline.json: not compared, it was measured on other runs.")
    elif state.baseline == "check":
        lines = baseline.drift(stored, record, full)
        state.errors += [f"expected/baseline.json: {line}" for line in lines]
    elif full:
        state.notes.append(baseline.difference(stored.get("measured", {}), baseline.measurements(record)))
        baseline.write(path, runs, record)
        if state.machines_measured:
            baseline.keep(path, sides.name(state.runset), sides.section(sides.of_suite(state.measured, state.runset)))
    else:
        state.errors.append("expected/baseline.json: not written, as not every claim was measured.")
        return False
    return True


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    state = config.stash.get(STATE, None)
    if state is None or not (state.record or state.errors):
        return
    from .report.verdicts import closing_table

    terminalreporter.section(f"same-eyes: {state.name}, {state.runset.describe()}")
    if state.record:
        terminalreporter.write_line(closing_table(state, terminalreporter._tw.fullwidth))
    if state.runset.own:
        from .standing import text

        try:
            terminalreporter.write_line(text(state, terminalreporter._tw.fullwidth))
        except (BadInput, NotKnown) as why:  # what stopped the claims stops this too, and has been said at length
            terminalreporter.write_line(f"Where {', '.join(state.runset.own)} stands is not known: {why}")
    for line in [*state.notes, *state.runset.warnings()]:
        terminalreporter.write_line(line)
    for line in state.errors:
        terminalreporter.write_line(f"ERROR {line}", red=True)
    for line in state.written:
        terminalreporter.write_line(line)
