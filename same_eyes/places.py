"""Where things lie: in a checkout beside this package, in an installed wheel inside it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").exists() else None


def leaf(name: str) -> Path:
    """One of the repository's top folders: ``expected``, ``benchmark``, ``predictions`` ..."""
    return (CHECKOUT or PACKAGE) / name


def work() -> Path:
    """Where trainings keep checkpoints and weights.

    The folder that the environment variable ``SAME_EYES_WORK`` names; else ``runs/`` in a checkout, or in the
    user's cache outside one.
    """
    if chosen := os.environ.get("SAME_EYES_WORK"):
        return Path(chosen)
    return CHECKOUT / "runs" if CHECKOUT else Path(platformdirs.user_cache_dir("same-eyes")) / "runs"
