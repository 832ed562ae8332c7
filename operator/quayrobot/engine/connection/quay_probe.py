"""
Does Quay answer at the address of a connection?

Before the first robot is made through a connection this is found out by a read:
a mistyped url would otherwise be taken for the place where the robots are. Once
a Quay spoke, odd answers are its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...model.errors import QuayRobotError, Reason, Refused, TryLater
from ...model.names import OwnerName
from ...quay.client import QuayClient
from ...quay.limits import Limits

__all__ = ["QuayProbe"]


class QuayProbe:
    """What is known of who answers at *origin*; *on_change* is told of news."""

    def __init__(self, origin: str, limits: Limits, *, on_change: Callable[[], None]) -> None:
        self._origin, self._limits, self._on_change = origin, limits, on_change
        self._asking = asyncio.Lock()
        self._is_quay = False
        # What was answered that no Quay would say.
        self.strange: QuayRobotError | None = None

    @property
    def in_doubt(self) -> bool:
        """Return whether it is not known that a Quay would answer a call now."""
        return self._limits.in_doubt or self._limits.paused or not self._is_quay

    async def greet(self, client: QuayClient, owner: OwnerName) -> bool | None:
        """
        Return when a Quay answers, and whether it has the organization *owner*.

        One call serves all who ask. Returns None where it does not tell of *owner*.

        Raises:
            TryLater: None can be reached, or what answers is none.
            Denied: It refuses the token.
        """
        async with self._asking:
            if not self.in_doubt:
                return None
            try:
                return await _ask(client, owner)
            except Refused as error:
                if not error.may_have_left:
                    raise
                # It speaks as a Quay; what it does not show is not what was asked for.
                self.recognized(None)
                return None
            except TryLater:
                if self.strange is not None:
                    raise self.strange from None
                raise

    def recognized(self, error: QuayRobotError | None) -> None:
        """Take note of an answer: *error* is None where only a Quay gives it."""
        if error is None:
            news = self.strange is not None
            self._is_quay, self.strange = True, None
        else:
            news = not self._is_quay and self.strange is None
            self.strange = None if self._is_quay else self._no_quay(error)
        if news:
            self._on_change()

    def _no_quay(self, error: QuayRobotError) -> TryLater:
        hint = " (is http or the port wrong?)" if self._origin.startswith("http://") else ""
        msg = f"{self._origin} does not answer like Quay: {error.message}{hint}"
        return TryLater(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, msg)


async def _ask(client: QuayClient, owner: OwnerName) -> bool | None:
    if owner.kind == "organization":
        return await client.organization_exists(owner)
    await client.user()
    return None
