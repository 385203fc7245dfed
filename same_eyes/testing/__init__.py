"""The contracts that anybody's method or metric can be held to. Each is loaded when it is asked for."""

from importlib import import_module
from typing import Any

_HOME = {"check_method": "method_contract"}

__all__ = ["check_method"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
