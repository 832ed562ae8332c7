"""
Where is a robot about to be made?

The status says so once the robot is there. Until then an annotation does, which
comes with the finalizer in one write. It counts for one life of the resource
only: a copy or a restored object has another uid. Whoever may edit the resource
may forge it, and gains nothing: it can only keep their own robot from being made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .names import ANNOTATION_MADE_AT

__all__ = ["birthplace_noted", "birthplace_of"]

_ORIGIN = re.compile(r"https?://[^\s/?#@]{1,300}")


def birthplace_noted(uid: str, origin: str) -> dict[str, str]:
    """Return the annotations that say at which *origin* the robot of *uid* is about to be made."""
    return {ANNOTATION_MADE_AT: f"{uid} {origin}"}


def birthplace_of(annotations: Mapping[str, object], uid: str) -> str | None:
    """Return the origin that *annotations* note for the resource *uid*; None where they do not."""
    noted = str(annotations.get(ANNOTATION_MADE_AT, ""))
    life, _, origin = noted.partition(" ")
    return origin if life == uid and _ORIGIN.fullmatch(origin) else None
