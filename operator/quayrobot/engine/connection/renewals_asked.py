"""
Which tokens was a new one asked for with?

By digest, so that connections that share a Secret, or hold copies of one
token, ask once. What a process before this one asked stands in the status of
its connections.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.errors import QuayRobotError
from ...plan.credentials.renewal import (
    RenewalRequest,
    RenewalResult,
    is_arriving,
    recorded_request,
)
from ..cache.store import Store

__all__ = ["RenewalsAsked"]

KEPT = timedelta(days=1)
_FINAL = {RenewalResult.ASKING, RenewalResult.ROTATED, RenewalResult.DEAD, RenewalResult.EXPIRED}


class RenewalsAsked:
    """The requests of this process, and those that statuses record."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: dict[str, RenewalRequest] = {}

    def asked(self, digest: str) -> RenewalRequest | None:
        """Return the request that was made with the token *digest*, through any connection."""
        known = self._asked.get(digest)
        if known is not None:
            return known
        told = (
            recorded_request(each.status.credential, digest)
            for each in self._store.connections.values()
        )
        return max(filter(None, told), key=lambda each: each.at, default=None)

    def busy(self, now: datetime) -> bool:
        """Return whether any token is being replaced, or was a moment ago."""
        return any(is_arriving(each, now) for each in self._asked.values())

    def begin(self, digest: str, now: datetime) -> bool:
        """Return whether the caller may ask with the token *digest*, and then nobody else."""
        known = self._asked.get(digest)
        if known is not None and known.heard in _FINAL:
            return False
        old = [each for each, asked in self._asked.items() if now - asked.at > KEPT]
        for each in old:
            del self._asked[each]
        self._asked[digest] = RenewalRequest(now, RenewalResult.ASKING)
        return True

    def hear(
        self,
        digest: str,
        asked: RenewalRequest,
        heard: RenewalResult,
        error: QuayRobotError | None,
    ) -> None:
        """Record the result of *asked*, unless there was another request meanwhile."""
        known = self._asked.get(digest)
        if known is None or known.at == asked.at:
            self._asked[digest] = RenewalRequest(asked.at, heard, error)
