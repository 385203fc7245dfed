"""Where things lie: in a checkout beside this package, in an installed wheel inside it."""

from __future__ import annotations

from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").exists() else None


def leaf(name: str) -> Path:
    """One of the repository's top folders: ``expected``, ``benchmark``, ``predictions`` ..."""
    return (CHECKOUT or PACKAGE) / name


def work() -> Path:
    """Where trainings keep checkpoints and weights: ``runs/`` in a checkout, else the user's cache."""
    return CHECKOUT / "runs" if CHECKOUT else Path(platformdirs.user_cache_dir("same-eyes")) / "runs"
