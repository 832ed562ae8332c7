"""How do equal intervals of many resources not meet?"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["share_of"]


def share_of(uid: str) -> float:
    """Return a number in [0, 1) that is the resource's own, the same at every look."""
    return int.from_bytes(sha256(uid.encode()).digest()[:4]) / 2**32
