"""The suite's measurements: a study in, numbers with intervals out, each computed once.

What the claims assert, what the report prints and what the figures draw are these numbers. One file a section of
the study; each holds functions of a :class:`Measured`.
"""

from .core import Measured

__all__ = ["Measured"]
