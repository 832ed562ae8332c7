"""
Who holds an object that is being deleted, and that we let go already?

Finalizers are names that somebody chose: they are shown where they have a name's shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..model.names import FINALIZER

__all__ = ["held_by"]

HOLDERS_SHOWN = 3
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,126}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def held_by(meta: Mapping[str, Any]) -> str:
    """
    Return in words who holds the object of *meta*.

    Empty where it is not being deleted, nobody holds it, or our finalizer is still on it.
    """
    names = sorted(map(str, meta.get("finalizers") or ()))
    if "deletionTimestamp" not in meta or not names or FINALIZER in names:
        return ""
    shown = [each if _NAME.fullmatch(each) else "another one" for each in names]
    more = len(shown) - HOLDERS_SHOWN
    listed = [*shown[:HOLDERS_SHOWN], *([f"{more} more"] if more > 0 else [])]
    return f"held by the finalizer{'s' if names[1:] else ''} {', '.join(listed)}"
