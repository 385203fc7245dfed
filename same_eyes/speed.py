"""pytest's side of timings: what ``--benchmark-json`` writes beside seconds, and no silence where nothing is timed.

A test marked ``speed`` is timed by pytest-benchmark when ``--benchmark-enable`` is given. :class:`Speed`, which
``same_eyes.plugin`` registers, adds to the file

``machine_info``
    ``device``, ``cores``, ``threads`` and ``versions``;
each benchmark's ``extra_info``
    ``peak_mib`` and ``peak_by``: by how much the process grew at most while the test ran, its set-up left out. On
    Linux that is the kernel's high-water mark of resident memory, set back before the test; elsewhere that of the whole
    process so far, so that only what exceeds all tests before it shows. Memory of child processes is not counted.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

MARK = "speed"
VERSIONS = ("numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "torch", "torchvision", "pytest-benchmark")
MIB = 2**20


class Speed:
    """The plugin, one for each pytest session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ran = 0  # timings
        self.left_out = 0
        self.selected = 0  # tests of any kind

    @pytest.hookimpl(optionalhook=True)
    def pytest_benchmark_update_machine_info(self, machine_info: dict[str, Any]) -> None:
        machine_info |= {
            "device": device(),
            "cores": os.cpu_count(),
            "threads": {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")},
            "versions": versions(VERSIONS),
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        if benchmark is None or not item.get_closest_marker(MARK):
            return (yield)
        peak = Peak()
        try:
            return (yield)
        finally:
            benchmark.extra_info |= {"peak_mib": round(peak.grown() / MIB, 1), "peak_by": peak.by}

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.left_out += sum(item.get_closest_marker(MARK) is not None for item in items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call" and MARK in report.keywords

    @property
    def untimed(self) -> str:
        """Why what was to be timed was not, with the remedy; empty where it was, or nobody asked."""
        option = self.config.getoption
        if self.ran and option("dist", "no") != "no":
            return "pytest-xdist runs tests side by side, and pytest-benchmark then times none. Leave -n out."
        if self.left_out and not self.ran and (option("benchmark_json", None) or not self.selected):
            return f"{self.left_out} timings were left out. Add --benchmark-enable."
        return ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        self.selected = session.testscollected
        if self.untimed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Not saving anything")  # is said here, with the remedy
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.untimed:
            terminalreporter.write_line(f"ERROR nothing was timed: {self.untimed}", red=True, bold=True)


def device() -> str:
    """What computes: the graphics card that torch has in use in this process, else the processor."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; what is not installed is left out."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


class Peak:
    """The most memory that this process has had since.

    Attributes
    ----------
    by : str
        How it is known.
    """

    def __init__(self) -> None:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM back to VmRSS
            self.by = "VmHWM, set back before the test"
        except OSError:
            self.by = "ru_maxrss of the whole process"
        self.start = self._most()

    def grown(self) -> int:
        """Bytes."""
        return max(0, self._most() - self.start)

    def _most(self) -> int:
        if self.by.startswith("VmHWM"):
            status = Path("/proc/self/status").read_text()
            return 1024 * int(status.partition("VmHWM:")[2].split()[0])
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
