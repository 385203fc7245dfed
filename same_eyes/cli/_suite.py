"""The suite, run for what it writes."""

from __future__ import annotations

from ..places import leaf


def benchmark(*options: str) -> int:
    """Run the suite for what it writes: a claim that fails is no error here, what stands under ERROR is one."""
    import pytest

    class Watch:
        errors = False

        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            from ..plugin import STATE

            state = session.config.stash.get(STATE, None)
            self.errors = state is not None and bool(state.errors)

    watch = Watch()
    quiet = ["-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "same_eyes.plugin"]
    code = pytest.main([str(leaf("benchmark")), *options, *quiet], [watch])
    return int(watch.errors or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED))
