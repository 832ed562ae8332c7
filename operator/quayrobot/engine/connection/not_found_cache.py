"""
What did Quay say is not there, and when?

A repository or a team that many robots name and nobody made yet is asked for
once a resync by one of them; the others go by its answer.
"""

from __future__ import annotations

from collections.abc import Callable

from ...model.errors import Reason, Refused
from ...model.names import OwnerName

__all__ = ["NotFoundCache"]

REASONS = {Reason.REPOSITORY_NOT_FOUND, Reason.TEAM_NOT_FOUND}


class NotFoundCache:
    """The memory of one connection; *clock* is monotonic, in seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[tuple[OwnerName, str], tuple[float, Refused]] = {}

    def recall(self, owner: OwnerName, target: str) -> Refused | None:
        """Return the error if Quay said a moment ago that *target* is not there."""
        until, error = self._known.get((owner, target), (0.0, None))
        return error if self._clock() < until else None

    def suspected(self, owner: OwnerName, target: str) -> bool:
        """Return whether *target* was not there when it was last asked for, however long ago."""
        return (owner, target) in self._known

    def note(self, owner: OwnerName, target: str, error: Refused, *, for_s: float) -> None:
        """Remember for *for_s* seconds that *target* is not there; other errors are not kept."""
        if error.reason in REASONS:
            self._known[owner, target] = (self._clock() + for_s, error)

    def found(self, owner: OwnerName, target: str) -> None:
        """Note that *target* is there."""
        self._known.pop((owner, target), None)
