"""``same-eyes doctor``: what works on this machine, and why something does not."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, NamedTuple

from .. import __version__, places

HELP = "what works on this machine, and why something does not"
EXAMPLE = "same-eyes doctor"

PYTHON = (3, 11)
IMPORTED_AS = {"scikit-learn": "sklearn", "pytest-benchmark": "pytest_benchmark", "pillow": "PIL"}
NEEDED = {"train": "training", "report": "figures and the HTML page", "parquet": "own predictions as parquet"}
NEEDED |= {"browser": "the tests of the page in a browser", "dev": "the suite's own tests"}
SPACE = 1.0  # GB that data, checkpoints and downloads take together

State = Literal["ok", "missing", "BROKEN"]  # what is broken the suite cannot do without


class Finding(NamedTuple):
    """One line: how a thing is, which it is, and what is known of it or the remedy."""

    state: State
    name: str
    what: str


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--data-dir", type=Path, help="folder to search first")
    parser.add_argument("--store", type=Path, default=places.leaf("predictions"), help="where predictions are kept")


def run(asked: argparse.Namespace) -> int:
    broken = 0
    for part in (_here(), _packages(), _torch(), _data(asked.data_dir), _runs(asked.store), _programs(), _folders()):
        for finding in part:
            broken += finding.state == "BROKEN"
            print(f"{finding.state:8}{finding.name}: {finding.what}", flush=True)
    print(
        f"\n{broken} things are broken that the suite cannot do without."
        if broken
        else "\nNothing essential is broken."
    )
    return int(broken > 0)


def _here() -> Iterator[Finding]:
    current = sys.version_info[:2] >= PYTHON
    at_least = "" if current else f"; install Python {'.'.join(map(str, PYTHON))} or later"
    where = f"{platform.python_version()}, {sys.executable}{at_least}"
    yield Finding("ok" if current else "BROKEN", "python", where)
    whence = f"the checkout {places.CHECKOUT}" if places.CHECKOUT else f"installed in {places.PACKAGE}"
    yield Finding("ok", "same-eyes", f"{__version__}, {whence}")
    yield Finding("ok", "processor", f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}")


def _packages() -> Iterator[Finding]:
    for name, least, extra in requirements():
        needed = f" ({NEEDED.get(extra, extra)})" if extra else ""
        without: State = "missing" if extra else "BROKEN"
        remedy = f"pip install 'same-eyes[{extra}]'" if extra else f"pip install '{name}>={least}'"
        try:
            found = version(name)
            if name in IMPORTED_AS or not extra:
                importlib.import_module(IMPORTED_AS.get(name, name))
        except PackageNotFoundError:
            yield Finding(without, name, remedy + needed)
        except Exception as error:  # whatever an installation that is broken raises
            yield Finding("BROKEN", name, f"cannot be imported ({error!r}): {remedy} --force-reinstall{needed}")
        else:
            old = _parts(found) < _parts(least)
            yield Finding(
                without if old else "ok", name, f"{found} is older than {least}: {remedy}" if old else found + needed
            )


def requirements() -> list[tuple[str, str, str]]:
    """(package, least version, extra or "") of everything that pyproject.toml asks for."""
    if places.CHECKOUT:
        project = tomllib.loads((places.CHECKOUT / "pyproject.toml").read_text())["project"]
        groups = {"": project["dependencies"], **project["optional-dependencies"]}
        lines = [(line, extra) for extra, lines in groups.items() for line in lines]
    else:
        extras = re.compile(r"""extra\s*==\s*["'](\w+)["']""")
        lines = [(line, found[1] if (found := extras.search(line)) else "") for line in requires("same-eyes") or []]
    least = re.compile(r">=\s*([\d.]+)")
    return [(re.split(r"[^\w.-]", line)[0], (least.search(f"{line}>=0") or [""])[1], extra) for line, extra in lines]


def _parts(number: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", number.partition("+")[0])[:3]))


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except Exception as error:
        yield Finding("missing", "training", f"no torch ({error}); stored predictions need none")
        return
    cards = (
        [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    from ..plan import precision_name

    here = f"torch with {torch.get_num_threads()} threads in {precision_name('cpu')}"
    yield Finding("ok", "training", f"{here}; graphics cards: {', '.join(cards) or 'none'}")


def _data(data_dir: Path | None) -> Iterator[Finding]:
    from .. import data
    from ..types import BadInput

    try:
        for source, found, fault in data.status(data_dir):
            if fault:
                remedy = f"Delete it and run: same-eyes data fetch {source.name}"
                yield Finding("BROKEN", f"data {source.name}", f"{fault}. {remedy}")
            elif found:
                yield Finding("ok", f"data {source.name}", str(found))
            else:
                remedy = f"optional: same-eyes data fetch {source.name}" if source.optional else "same-eyes data fetch"
                yield Finding("missing", f"data {source.name}", f"{remedy} ({source.needed_for})")
    except BadInput as error:
        yield Finding("BROKEN", "data", str(error))


def _runs(folder: Path) -> Iterator[Finding]:
    from collections import Counter

    from ..method import available
    from ..store import Store
    from ..types import BadInput

    try:
        store = Store(folder, available())
        known = [run for run in store.runs() if run.method in store.methods]
        counts = Counter(store.status(run) for run in known)
    except BadInput as error:
        yield Finding("BROKEN", f"runs in {folder}", str(error))
        return
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    state: State = "BROKEN" if counts["damaged"] else "ok" if counts["stored"] else "missing"
    remedy = ". See: same-eyes verify" if counts["damaged"] or counts["stale"] else ""
    yield Finding(state, f"runs in {folder}", (told or "none. Train some: same-eyes train --all") + remedy)


def _programs() -> Iterator[Finding]:
    git = shutil.which("git")
    said = subprocess.run([git, "--version"], capture_output=True, text=True).stdout.strip() if git else ""
    yield Finding("ok" if git else "missing", "git", said or "not found; `same-eyes gate --against COMMIT` needs it")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    yield Finding("ok" if chromium else "missing", "chromium", chromium or "not found; the tests in a browser need it")


def _folders() -> Iterator[Finding]:
    from ..sources import cache_dir

    for name, folder in (("cache", cache_dir()), ("working folder", places.work())):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / 1e9
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            remedy = "SAME_EYES_WORK" if name == "working folder" else "XDG_CACHE_HOME"
            yield Finding("missing", name, f"{folder} cannot be written ({error.strerror}). Name another: {remedy}")
        else:
            scarce = f"; {SPACE:g} GB are needed for everything" if free < SPACE else ""
            yield Finding("missing" if scarce else "ok", name, f"{folder}, {free:.1f} GB free{scarce}")
