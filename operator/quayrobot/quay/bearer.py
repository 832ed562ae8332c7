"""With which token is the next call made?"""

from __future__ import annotations

from typing import Protocol

from ..model.secrecy import Token
from .transport import Reply

__all__ = ["Bearer", "StaticBearer"]


class Bearer(Protocol):
    """Where the token of a connection's calls comes from."""

    @property
    def life_s(self) -> float | None:
        """How long a token lives, where that is known."""

    async def token(self) -> Token:
        """
        Return the token to call with now.

        Raises:
            QuayRobotError: There is none.
        """

    def refused(self, token: Token, reply: Reply) -> bool:
        """Take note that Quay did not take *token*; tell whether another is worth a call now."""


class StaticBearer:
    """A token that somebody else made and keeps."""

    def __init__(self, token: Token) -> None:
        self._token = token

    @property
    def life_s(self) -> float | None:
        """Return None: its expiry is not known."""
        return None

    async def token(self) -> Token:
        """Return the token."""
        return self._token

    def refused(self, _token: Token, _reply: Reply) -> bool:
        """Return False: there is no other token to try."""
        return False
