"""
Whose is the token that a connection calls with?

Robots of a user have no other path in Quay than "mine", whoever calls: with somebody
else's token that means somebody else's robot of that name. So it is asked whose the
token is, once for each token, and again now and then while it is not the one needed:
users can be renamed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...model.errors import Conflict, Reason
from ...model.names import OwnerName
from ...model.world import UserSeen
from ...quay.client import QuayClient

__all__ = ["TokenUser"]


class TokenUser:
    """
    The user behind the token of *client*, which is another one with another token.

    *clock* is monotonic; *again_s* is how many seconds the wrong user is believed in.
    """

    def __init__(
        self, client: Callable[[], QuayClient], *, clock: Callable[[], float], again_s: float
    ) -> None:
        self._client, self._clock, self._again_s = client, clock, again_s
        self._asking = asyncio.Lock()
        self._asked = 0.0
        self.seen: UserSeen | None = None

    def forget(self) -> None:
        """Know nothing: there is another token."""
        self.seen = None

    def take(self, other: TokenUser) -> None:
        """Know what *other* knew of the same token."""
        self.seen, self._asked = other.seen, other._asked

    def name_for(self, owner: OwnerName) -> str | None:
        """Return the user's name; None where robots of *owner* need it asked for (again)."""
        known = self.seen.name if self.seen is not None else None
        if owner.kind == "user" and known not in {None, owner.name}:
            return known if self._clock() < self._asked + self._again_s else None
        return known

    def check(self, owner: OwnerName) -> None:
        """
        Return where calls about *owner* mean *owner*.

        Raises:
            Conflict: The token was replaced since that was found out.
        """
        known = self.seen.name if self.seen is not None else None
        if owner.kind == "user" and known != owner.name:
            raise Conflict(Reason.CONNECTION_NOT_READY, "the connection's token was replaced")

    async def ask(self, owner: OwnerName | None = None) -> UserSeen:
        """
        Return whose the token is, and what that user administers; one call serves all who ask.

        Raises:
            QuayRobotError: It could not be had.
        """
        async with self._asking:
            client, known = self._client(), self.seen
            if known is None or (owner is not None and self.name_for(owner) is None):
                asked, known = self._clock(), await client.user()
                if client is self._client():
                    self.seen, self._asked = known, asked
            return known
