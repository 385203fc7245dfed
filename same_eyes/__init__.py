"""Do people and machines see alike? Types, training and claims of the same-eyes suite."""

from pathlib import Path

# The repository's top folders are subpackages here (same_eyes.metrics, same_eyes.methods ...): a wheel and an
# editable install map them, a bare clone finds them beside this package.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").exists() and str(_checkout) not in __path__:
    __path__.append(str(_checkout))

__version__ = "0.1.0"
