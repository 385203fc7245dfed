"""What a method is: one objective, and the facts that training needs to know about it.

A method is one file that ends in ``METHOD = Method(...)``. The thirteen of the study lie in ``methods/``;
any installed package adds its own through the entry-point group ``same_eyes.methods``. This file never
imports torch, and neither may a method at import: who only checks predictions has none.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import io
import pkgutil
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from .types import BadInput

if TYPE_CHECKING:
    from torch import Tensor

    Objective = Callable[[tuple[Tensor, ...], "Batch"], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How long and how hard to train. Numbers carry their unit here, once.

    Attributes
    ----------
    name : str
    backbone : str
        A name in :data:`same_eyes.nets.BACKBONES`.
    epochs : int
        Passes over the training images, for a network that starts from random weights.
    lr : float
        Peak learning rate of SGD with Nesterov momentum, on the mean loss of a batch.
    tune_epochs, tune_lr
        The same two for a network that starts from a trained one.
    batch : int
        Images a step.
    momentum : float
    weight_decay : float
        L2 coefficient on convolution and linear weights.
    warmup : float
        Share of all steps over which the learning rate climbs from 0 to its peak; then it falls to 0.
    clip : float
        Largest norm of one network's gradient.
    shift : int
        Pixels by which an image is moved at random, per axis, either way.
    flip : bool
        Whether half the images are mirrored left to right.
    revision : int
        Raised when :mod:`same_eyes.train` or a backbone changes what a run would learn.
    """

    name: str
    backbone: str
    epochs: int
    lr: float
    tune_epochs: int
    tune_lr: float
    batch: int
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup: float = 0.2
    clip: float = 5.0
    shift: int = 4
    flip: bool = True
    revision: int = 1


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(
                "tiny",
                "digits",
                epochs=30,
                lr=0.1,
                tune_epochs=10,
                tune_lr=0.03,
                batch=64,
                shift=1,
                flip=False,
            ),
            Recipe("small", "conv6", epochs=12, lr=0.1, tune_epochs=4, tune_lr=0.02, batch=256),
            Recipe("short", "conv6", epochs=6, lr=0.1, tune_epochs=2, tune_lr=0.02, batch=256),
            Recipe("full", "resnet34", epochs=30, lr=0.2, tune_epochs=10, tune_lr=0.02, batch=512),
            Recipe("paper", "resnet34", epochs=100, lr=0.1, tune_epochs=100, tune_lr=0.01, batch=128),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Task:
    """What a method may know: images, noisy labels, and images to answer for. Never a clean label.

    Attributes
    ----------
    images : (n, c, h, w) uint8 array
        Training images.
    labels : (n,) int array
        Noisy labels, one person's.
    classes : int
    ask : mapping of str to (n', c, h, w) uint8 array
        Images to predict, by split.
    settings : mapping
        The method's own constants.
    start : (n, k) float32 tensor or None
        The starting model's class probabilities on the training images, for a method that starts from one.
    steps : int
        Optimiser steps in all.
    """

    images: Any
    labels: Any
    classes: int
    ask: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    start: Any = None
    steps: int = 0

    @property
    def prior(self) -> Any:
        """(k,) share of each noisy label, as a NumPy array."""
        import numpy as np

        return np.bincount(np.asarray(self.labels), minlength=self.classes) / len(self.labels)


@dataclass(frozen=True, eq=False)
class Batch:
    """What an objective sees at one step, beside the logits.

    Attributes
    ----------
    index : (b,) int tensor
        Positions in the training set.
    labels : (b,) int tensor
    epoch : int
        0-based.
    progress : float
        Share of the training that lies behind, in [0, 1).
    peer_logits : tuple of (b, k) tensor, or None
        Each network's logits on an independent batch; for methods with ``peers=True``.
    peer_labels : (b,) int tensor or None
        Labels of yet another independent batch.
    """

    index: Any
    labels: Any
    epoch: int
    progress: float
    peer_logits: tuple[Any, ...] | None = None
    peer_labels: Any = None


@dataclass(frozen=True)
class Method:
    """A way to learn from noisy labels.

    Attributes
    ----------
    name : str
        Its file's name.
    title : str
        The paper's spelling.
    paper : str
        Where it was published.
    objective : callable
        ``objective(task)`` gives the objective of one run: a callable of (a tuple of (b, k) float32 logits,
        one per network; a :class:`Batch`) that returns the scalar to minimise. One that keeps state between
        steps has ``state_dict()`` and ``load_state_dict()``, so that a broken run resumes.
    networks : int
        Networks trained side by side. The first one's answers are the machine's.
    starts_from : str or None
        Name of the method whose trained network this one takes over and whose probabilities on the training
        images are ``task.start``.
    first_stage : Method or None
        A stage of its own, trained first; its probabilities are ``task.start``, its weights are dropped.
    peers : bool
        Whether the objective wants ``peer_logits`` and ``peer_labels``.
    transition : bool
        Whether it estimates the transition matrix T.
    settings : mapping
        Its own constants, by their names in the loss.
    recipe : mapping
        Fields of :class:`Recipe` that it needs otherwise; not the backbone, which a run is asked for with.
    source : str
        Fingerprint of the code that defines it; filled in by :func:`available`.

    Raises
    ------
    BadInput
        ``recipe`` names a backbone.
    """

    name: str
    title: str
    paper: str
    objective: Callable[[Task], Objective]
    networks: int = 1
    starts_from: str | None = None
    first_stage: Self | None = None
    peers: bool = False
    transition: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        if "backbone" in self.recipe:
            raise BadInput(f"{self.name}: recipe names a backbone, which is the run's: same-eyes train --backbone.")

    def adapt(self, recipe: Recipe) -> Recipe:
        """The recipe with what this method needs otherwise."""
        return replace(recipe, **self.recipe)

    def facts(self) -> dict[str, Any]:
        """All that decides what a run learns, as plain data."""
        own = {
            name: getattr(self, name) for name in ("name", "networks", "starts_from", "peers", "transition", "source")
        }
        stage = self.first_stage.facts() if self.first_stage else None
        return own | {"settings": dict(self.settings), "first_stage": stage}


def pointwise(loss: Callable[..., Tensor]) -> Callable[[Task], Objective]:
    """Objective of a method that is a loss of one network's logits and labels, meaned over the batch.

    ``loss(logits, labels, **settings)`` takes (b, k) logits and (b,) labels and gives (b,) losses.
    """

    def objective(task: Task) -> Objective:
        return lambda logits, batch: loss(logits[0], batch.labels, **task.settings).mean()

    return objective


def fingerprint(source: str) -> str:
    """Hash of Python source that neither comments, docstrings, line breaks nor the Python version change.

    Examples
    --------
    >>> fingerprint("x = 1  # one") == fingerprint("x  =  1")
    True
    """
    docstrings = {
        (node.body[0].lineno, node.body[0].col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    }
    marks = {tokenize.INDENT: "{", tokenize.DEDENT: "}", tokenize.NEWLINE: ";"}
    words = (tokenize.NAME, tokenize.NUMBER)
    text, last, dropped = "", tokenize.NEWLINE, False
    for token in _tokens(source):
        if token.type in (tokenize.COMMENT, tokenize.NL):
            continue
        if token.start in docstrings and token.type == tokenize.STRING:
            dropped = True
        elif dropped and token.type == tokenize.NEWLINE:  # the docstring's
            dropped = False
        else:
            word = ";;" if token.string == ";" else marks.get(token.type, token.string)  # "if a: b; c" is not two lines
            text += " " * (token.type in words and last in words) + word
            last = token.type
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens, an f-string as one STRING in every version (since 3.12 it is taken apart)."""
    opening, closing = (getattr(tokenize, f"FSTRING_{end}", None) for end in ("START", "END"))
    lines = list(io.StringIO(source))  # not splitlines, which sees more line ends than Python
    depth, first = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == opening:
            first = first if depth else token.start
            depth += 1
        elif token.type == closing:
            depth -= 1
            if not depth:
                (row, column), (last_row, last_column) = first, token.end
                inside = [*lines[row - 1 : last_row - 1], lines[last_row - 1][:last_column]]
                inside[0] = inside[0][column:]
                yield tokenize.TokenInfo(tokenize.STRING, "".join(inside), first, token.end, token.line)
        elif not depth:
            yield token


def _source(module: Any) -> str:
    """Fingerprint of a method's module and of the modules beside it that it imports from, without their METHODs."""
    package = module.__name__.rpartition(".")[0]
    text = inspect.getsource(module)
    beside = sorted(
        importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.level
    )
    sources = [text, *(_mechanics(inspect.getsource(importlib.import_module(name))) for name in beside)]
    return hashlib.sha256(" ".join(map(fingerprint, sources)).encode()).hexdigest()[:16]


def _mechanics(source: str) -> str:
    """A module without its METHOD, whose settings are not those of a method that imports the module's functions."""
    lines = source.splitlines(keepends=True)
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "METHOD":
            del lines[node.lineno - 1 : node.end_lineno]
    return "".join(lines)


def load(module_name: str) -> Method:
    """The ``METHOD`` of a module, with the fingerprint of its source."""
    module = importlib.import_module(module_name)
    return replace(module.METHOD, source=_source(module))


def available() -> dict[str, Method]:
    """Every method at hand, by name: the study's own, then installed packages' in alphabetical order.

    Raises
    ------
    BadInput
        Two methods of one name, a file whose METHOD has another name than the file, or a package's method that cannot
        be loaded.
    """
    home = "same_eyes.methods"
    package = importlib.import_module(home)
    found: dict[str, Method] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        found[info.name] = load(f"{home}.{info.name}")
        if found[info.name].name != info.name:
            raise BadInput(f"methods/{info.name}.py holds a METHOD named {found[info.name].name!r}.")
    for entry in sorted(entry_points(group="same_eyes.methods"), key=lambda entry: entry.name):
        try:
            method = replace(entry.load(), source=_source(sys.modules[entry.module]))
        except Exception as error:  # whatever another package raises
            raise BadInput(
                f"the method {entry.name!r} of {entry.value} cannot be loaded ({type(error).__name__}: {error}). "
                "Repair that package, or uninstall it."
            ) from error
        if method.name in found:
            raise BadInput(f"the method {method.name!r} of {entry.value} exists already.")
        found[method.name] = method
    return found
