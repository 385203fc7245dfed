"""A user's method, found by its module, its file or its entry point.

    --method pkg.mod:METHOD     an importable module, and the name in it
    --method path/to/file.py    a file that ends in METHOD; it need not be installed
    --method sce                an installed package's, by its name in `same-eyes methods`

A file stands for itself: the fingerprint by which its stored run is known is that of this one file. A module's covers
the modules beside it that it imports relatively, too.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from ..method import Method, _source
from ..places import leaf
from ..runset import STUDY
from ..types import BadInput

KNOWN = "it is one of the study's own, which are judged anyway."


def find(asked: str, methods: Mapping[str, Method]) -> Method:
    """A method that the study does not have, with the fingerprint of its source.

    Parameters
    ----------
    asked : str
        As in the module's table.
    methods : mapping of str to Method
        Those at hand already, as :func:`same_eyes.method.available` gives them.

    Raises
    ------
    BadInput
        Nothing is found there, it fails to import, it is no method, it is one of the study's own, or it has the name or
        title of another.
    """
    if asked in STUDY:
        raise BadInput(f"--method {asked}: {KNOWN}")
    if asked in methods:
        return methods[asked]
    module_name, _, attribute = asked.partition(":")
    if asked.endswith(".py") or "/" in asked:
        module, attribute = _from_file(Path(asked), asked), "METHOD"
    elif attribute:
        module = _imported(module_name, asked)
    else:
        installed = ", ".join(name for name in methods if name not in STUDY) or "none"
        raise BadInput(
            f"--method {asked}: no installed package offers it (there are: {installed}). Write pkg.mod:METHOD, or the "
            "path of a file that ends in METHOD."
        )
    method = getattr(module, attribute, None)
    if not isinstance(method, Method):
        what = "is no same_eyes.method.Method" if hasattr(module, attribute) else "is not there"
        raise BadInput(f"--method {asked}: {attribute} {what}. End the file in METHOD = Method(...).")
    method, known = replace(method, source=_source(module)), methods.get(method.name)
    if known and known.source == method.source:  # installed, but asked for by its module or file
        return find(known.name, methods)
    if known or any(method.title.lower() == other.title.lower() for other in methods.values()):
        raise BadInput(
            f"--method {asked}: there is a method {method.name!r} ({method.title}) already. Give yours a name and a "
            "title of its own."
        )
    if not (method.name.isidentifier() and method.title.strip()):
        raise BadInput(f"--method {asked}: its name {method.name!r} must be an identifier, and its title not empty.")
    if method.starts_from and method.starts_from not in methods:
        raise BadInput(f"--method {asked}: it starts from {method.starts_from!r}, which is no method at hand.")
    return method


def _from_file(path: Path, asked: str) -> ModuleType:
    """A file run as a module of its own."""
    if not path.is_file():
        raise BadInput(f"--method {asked}: there is no file {path}.")
    if path.resolve().parent == leaf("methods").resolve():
        raise BadInput(f"--method {asked}: {KNOWN}")
    name = f"same_eyes_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise BadInput(f"--method {asked}: {path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where inspect finds its source
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _failed(asked, error) from error
    return module


def _imported(name: str, asked: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # as `python -m` would have it; `pytest` has not
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _failed(asked, error) from error


def _failed(asked: str, error: Exception) -> BadInput:
    missing = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
    remedy = "Import it in Python to see where."
    if missing in ("torch", "torchvision"):
        remedy = "Training needs torch: pip install 'same-eyes[train]'"
    elif missing and asked.startswith(missing):
        remedy = "Install it, or run from the folder that holds it."
    if "relative import" in str(error):
        remedy = "A file stands for itself: put all of it into one file, or install a package and say pkg.mod:METHOD."
    return BadInput(f"--method {asked} cannot be imported ({type(error).__name__}: {error}). {remedy}")
