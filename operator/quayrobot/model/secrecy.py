"""
How is a credential carried without ever being printed?

A Token hides itself in repr, str, format and pickle, so that a log line, a
traceback with locals or an f-string shows a mask. `reveal()` is the one way
out and can be searched for.
"""

from __future__ import annotations

import hashlib
from typing import NoReturn

__all__ = ["Token", "digest_of"]


def digest_of(text: str) -> str:
    """
    Return the public name of a random secret: `sha256:` and 64 hex digits.

    Only for high-entropy tokens; a guessable secret must never be digested.
    """
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Token:
    """A credential that cannot be printed by accident."""

    __slots__ = ("_digest", "_value")

    def __init__(self, value: str) -> None:
        self._value: str | None = value
        self._digest = digest_of(value)

    def reveal(self) -> str:
        """Return the secret itself, for the wire and for a Secret's data only."""
        if self._value is None:
            msg = "this credential was dropped; only its digest is known"
            raise TypeError(msg)
        return self._value

    @property
    def dropped(self) -> bool:
        """Return whether only the digest is left."""
        return self._value is None

    def without_value(self) -> Token:
        """Return the same credential without the secret itself: it can be compared only."""
        known = object.__new__(Token)
        known._value, known._digest = None, self._digest
        return known

    @property
    def digest(self) -> str:
        """The public digest, for comparing and for status."""
        return self._digest

    def __repr__(self) -> str:
        return "Token(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._digest == self._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __reduce__(self) -> NoReturn:
        msg = "a Token is never pickled or copied out of the process"
        raise TypeError(msg)
