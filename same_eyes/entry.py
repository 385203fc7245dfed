"""What pytest loads of an installed suite in every run: one option, and nothing more unless that is given.

``pytest --same-eyes`` checks the packaged claims, from any folder, with all options of ``same_eyes.plugin``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Offer the option by which the suite is asked for."""
    parser.getgroup("same-eyes").addoption(
        "--same-eyes",
        action="store_true",
        help="run the suite's packaged benchmark too, with its options: pytest --same-eyes --help",
    )


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Where it was asked for, load the suite's plugin and add the packaged benchmark to what is collected."""
    if not early_config.known_args_namespace.same_eyes:
        return
    from .places import leaf

    early_config.pluginmanager.import_plugin("same_eyes.plugin")
    benchmark = str(leaf("benchmark").resolve())
    if benchmark not in (str(Path(argument).resolve()) for argument in args):  # a worker of pytest-xdist is given it
        args.append(benchmark)
