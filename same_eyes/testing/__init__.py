"""The contracts that anybody's method or team rule can be held to. Each is loaded when it is asked for."""

from importlib import import_module
from typing import Any

_HOME = {"check_method": "method_contract", "check_rule": "rule_contract"}

__all__ = ["check_method", "check_rule"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
