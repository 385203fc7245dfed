"""The suite, run for what it writes."""

from __future__ import annotations

from ..places import leaf


def benchmark(*options: str) -> int:
    """Run the suite for what it writes; a claim that fails is no error here."""
    import pytest

    quiet = ["-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "same_eyes.plugin"]
    code = pytest.main([str(leaf("benchmark")), *options, *quiet])
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) else 1
