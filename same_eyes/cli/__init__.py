"""The command ``same-eyes``: one file a subcommand, with ``HELP``, ``EXAMPLE``, ``add(parser)`` and ``run(asked)``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from .. import __version__
from ..types import BadInput

ABSENT = "What is missing, and how to get it, is said by: same-eyes doctor"


def names() -> list[str]:
    """The subcommands: the modules of this package."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 where it went well, else 1 or a code of its own, with one line on standard error."""
    parser = argparse.ArgumentParser(
        "same-eyes",
        description="Do people and machines see alike?",
        epilog="example:\n  same-eyes check --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"same-eyes {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in names():
        try:
            command = importlib.import_module(f"{__name__}.{name}")
        except ImportError as error:  # `doctor` must run where others cannot
            absent = commands.add_parser(name.replace("_", "-"), help=f"cannot run: {error}", prefix_chars="\0")
            absent.add_argument("any", nargs="*")
            absent.set_defaults(run=partial(_absent, error))
            continue
        options = commands.add_parser(
            name.replace("_", "-"),
            help=command.HELP,
            description=textwrap.fill(command.HELP[0].upper() + command.HELP[1:] + ".", 80),
            epilog=f"example:\n  {command.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add(options)
        options.set_defaults(run=command.run)
    asked = parser.parse_args(arguments)
    try:
        return asked.run(asked)
    except (BadInput, OSError, FloatingPointError) as error:  # the last: a training that diverged
        print("same-eyes:", *_line(error).split(), file=sys.stderr)
        return getattr(asked, "bad_input", 1)
    except ModuleNotFoundError as error:
        if (error.name or "same_eyes").partition(".")[0] == "same_eyes":
            raise
        print(f"same-eyes: {error}. {ABSENT}", file=sys.stderr)
        return getattr(asked, "bad_input", 1)


def _line(error: Exception) -> str:
    """What is wrong; of the system's errors without their number, and with a remedy."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Correct the path, or the permissions there."
    return str(error)


def _absent(error: ImportError, asked: argparse.Namespace) -> NoReturn:
    raise BadInput(f"{error}. {ABSENT}")
