"""
How are equal parts of many resources kept in memory once?

Parts never change, so equal ones can be one: the place of a connection, the
conditions of one second. pydantic also keeps with each part a set of the
fields that its input had, which takes more than the part itself; nothing of
ours asks for it, so that all have one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from .base import Part

__all__ = ["held_once"]

PartT = TypeVar("PartT", bound=Part)
# Enough for what is said alike, little for what each says for itself.
REMEMBERED = 512
_NO_SET: set[str] = set()


def held_once(part: PartT) -> PartT:
    """Return *part*, new and in nobody else's hands, with each piece that others have too."""
    said = part.__dict__
    for name, value in said.items():
        if isinstance(value, Part):
            said[name] = _piece(value)
        elif isinstance(value, tuple | list):
            said[name] = type(value)(
                _piece(each) if isinstance(each, Part) else each for each in value
            )
    object.__setattr__(part, "__pydantic_fields_set__", _NO_SET)
    return part


def _piece(part: PartT) -> PartT:
    held = held_once(part)
    try:
        known: PartT = _known(held)
    except TypeError:
        # One with a list in it has no hash.
        return held
    return known


@lru_cache(maxsize=REMEMBERED)
def _known(part: PartT) -> PartT:
    return part
