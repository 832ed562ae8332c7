"""
What is the fix for a reason?

The words are those of docs/operations.md, which `make cures` writes into the
file beside this one; a test keeps both equal.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

__all__ = ["cure_of", "page_of"]


@cache
def _cures() -> dict[str, str]:
    found: dict[str, str] = orjson.loads((files(__package__) / "cures.json").read_bytes())
    return found


def cure_of(reason: str) -> str:
    """Return what helps against *reason*; '' for one that this version does not know."""
    return _cures().get(reason, "")


def page_of(reason: str) -> str:
    """Return where more is said about *reason*; '' for one that this version does not know."""
    return f"docs/operations.md#{reason.lower()}" if reason in _cures() else ""
