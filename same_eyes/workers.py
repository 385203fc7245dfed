"""pytest-xdist: what each worker process saw of the claims, brought together in the process that reports.

Every worker collects the same tests in the same order; a case is sent with the position of its test, so that the
record is in that order however the tests were shared out.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .plugin import Session

KEY = "same_eyes"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")


def send(state: Session, config: pytest.Config) -> None:
    """Hand over what this worker saw, when it ends."""
    saw = (list(zip(state.positions, state.record, strict=True)), state.partial)
    config.workeroutput[KEY] = pickle.dumps(saw)  # type: ignore[attr-defined]


def merge(state: Session, node: Any) -> bool:
    """Take in what a worker saw; False where it crashed before it could hand that over."""
    output = getattr(node, "workeroutput", None)
    if output is None:
        return False
    if KEY in output:  # else it ran none of the suite's tests
        cases, partial = pickle.loads(output[KEY])  # our own process wrote it
        state.positions += [position for position, _ in cases]
        state.record += [case for _, case in cases]
        state.partial |= partial
    return True


def sort(state: Session) -> None:
    """Bring the merged cases into the order of their tests."""
    if state.positions:
        order = sorted(range(len(state.record)), key=state.positions.__getitem__)
        state.record[:] = [state.record[i] for i in order]
        state.positions[:] = [state.positions[i] for i in order]
