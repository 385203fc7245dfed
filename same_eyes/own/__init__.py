"""The two front doors: a user's own method, and a user's own predictions.

``method`` finds a method by its module, its file or its entry point. ``files`` reads what a file of predictions
holds, ``alignment`` says which images its rows are about or refuses them, and ``machine`` makes of both a machine that
stands beside the study's.
"""

from .alignment import Images
from .machine import Examined, examine, read_machines
from .method import find

__all__ = ["Examined", "Images", "examine", "find", "read_machines"]
