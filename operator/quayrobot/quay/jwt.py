"""What does a JWT say of itself? Only its end is believed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

__all__ = ["claims_of", "header_of", "moment_of"]


def header_of(token: str) -> Mapping[str, object]:
    """Return the header of *token*; empty for what is no JWT."""
    return _part(token, 0)


def claims_of(token: str) -> Mapping[str, object]:
    """Return the claims of *token*; empty for what is no JWT."""
    return _part(token, 1)


def moment_of(claims: Mapping[str, object], name: str) -> datetime | None:
    """Return the moment that the claim *name* means, None for none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _part(token: str, number: int) -> Mapping[str, object]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    part = parts[number]
    try:
        found = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}
