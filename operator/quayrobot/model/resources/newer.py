"""
How does this version treat a field that only a newer definition has?

The definitions are upgraded before the operator, and go back after it. Meanwhile the API
server fills in defaults for fields that this version has never heard of. As controllers do, it
passes over them: what it knows is served as before. Only in a rule of access nothing that is
asked for is passed over: it may be what keeps somebody out.

This is for stored objects, whose spelling the API server has checked. In a file a field that
nobody knows is a mistake.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import InvalidSpec
from .base import Part

__all__ = ["known_part", "parse_stored"]

FoundT = TypeVar("FoundT")
Place = tuple[int | str, ...]
UNKNOWN = "extra_forbidden"
ACCESS = "access"


def parse_stored(
    model: type[Part],
    spec: Mapping[str, object],
    parse: Callable[[Mapping[str, object]], FoundT],
) -> FoundT:
    """
    Return what *parse* makes of the stored *spec* of a *model*, newer fields aside.

    Raises:
        InvalidSpec: It says something else that cannot be.
    """
    try:
        return parse(spec)
    except InvalidSpec:
        known = known_part(model, spec)
        if known == spec:
            raise
    return parse(known)


def known_part(model: type[Part], spec: Mapping[str, object]) -> Mapping[str, object]:
    """Return the stored *spec* without what a newer *model* has; *spec* itself stays as it is."""
    newer = _unknown(model, spec)
    if not newer:
        return spec
    known: Any = copy.deepcopy(dict(spec))
    for *path, last in newer:
        part = known
        for each in path:
            part = part[each]
        del part[last]
    found: Mapping[str, object] = known
    return found


def _unknown(model: type[Part], spec: Mapping[str, object]) -> list[Place]:
    try:
        model.model_validate(spec)
    except ValidationError as error:
        return [
            each["loc"]
            for each in error.errors(include_url=False)
            if each["type"] == UNKNOWN and _may_be_passed_over(each["loc"], each["input"])
        ]
    return []


def _may_be_passed_over(place: Place, value: object) -> bool:
    return place[0] != ACCESS or not value
