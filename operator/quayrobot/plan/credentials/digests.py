"""By which one digest is the whole data of a Secret known?"""

from __future__ import annotations

from ...model.secrecy import digest_of

__all__ = ["content_digest"]


def content_digest(digests: object) -> str:
    """Return one digest for a Secret's data, from the digests of its keys."""
    pairs = sorted(dict(digests).items())  # type: ignore[call-overload]
    return digest_of(repr(pairs))
