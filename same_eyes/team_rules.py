"""What a team rule is, and which are at hand.

A rule is one file that ends in ``RULE = ...``, a frozen dataclass. The suite's own lie in ``metrics/teaming/``; any
installed package adds its own through the entry-point group ``same_eyes.rules``, as ``name = "package.module:RULE"``.
``same_eyes.testing.check_rule`` is the contract.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .types import BadInput

NEEDED = ("title", "needs_truth", "least", "fit", "worth")


@runtime_checkable
class TeamRule(Protocol):
    """How people and a machine answer together; an instance is a rule that was fitted.

    Attributes
    ----------
    title : str
        What a table calls it.
    needs_truth : bool
        Whether ``fit`` reads the truth.
    least : int
        The fewest people it works with.
    requires : sequence of str, optional
        Packages that it imports when it is fitted, which a user may not have.
    """

    title: ClassVar[str]
    needs_truth: ClassVar[bool]
    least: ClassVar[int]

    @classmethod
    def fit(cls, probs: ArrayLike, human_labels: ArrayLike, truth: ArrayLike) -> Self:
        """Learn the rule from (n, k) probabilities, (n, r) labels (-1 did not see) and (n,) true classes."""
        ...

    def worth(self, probs: ArrayLike) -> NDArray[np.float64]:
        """(n,) what it is worth to ask people about each image; they are asked where it is 0 or more."""
        ...

    def __call__(self, probs: ArrayLike, human_labels: ArrayLike) -> NDArray[np.float64]:
        """(n, k) the team's probabilities; the label of a person who was not asked is -1."""
        ...


def available_rules() -> dict[str, type[TeamRule]]:
    """Every rule at hand, by name: the suite's own, then installed packages' in alphabetical order.

    Raises
    ------
    BadInput
        Two rules of one name, or a package's rule that is none.

    Examples
    --------
    >>> available_rules()["p_plus_l"].title
    'P+L'
    """
    home = "same_eyes.metrics.teaming"
    package = importlib.import_module(home)
    modules = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    found = {name: importlib.import_module(f"{home}.{name}") for name in modules}
    rules: dict[str, type[TeamRule]] = {name: module.RULE for name, module in found.items() if hasattr(module, "RULE")}
    for entry in sorted(entry_points(group="same_eyes.rules"), key=lambda entry: entry.name):
        if entry.name in rules:
            raise BadInput(f"the team rule {entry.name!r} of {entry.value} exists already.")
        try:
            rule = entry.load()
        except Exception as error:  # whatever another package raises
            raise BadInput(
                f"the team rule {entry.name!r} of {entry.value} cannot be loaded ({type(error).__name__}: {error}). "
                "Repair that package, or uninstall it."
            ) from error
        missing = [what for what in NEEDED if not hasattr(rule, what)]
        if missing:
            raise BadInput(f"the team rule {entry.name!r} of {entry.value} has no {', '.join(missing)}.")
        rules[entry.name] = rule
    return rules


def absent(rule: type[TeamRule]) -> list[str]:
    """The packages that a rule requires and that are not installed here."""
    required: Sequence[str] = getattr(rule, "requires", ())
    return [package for package in required if find_spec(package) is None]
