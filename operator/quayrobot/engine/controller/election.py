"""
Which of several replicas works?

The one that holds the Lease, by the rules of client-go: the holder renews it, the
others take it once it has stood still for its whole duration, as each measures by
its own clock, so that clocks need not agree. The fence closes before anybody else
may take it. Who finds another holder than itself is to end: what it remembers
of Quay and of open calls is no longer true. So is who sees the Lease in a version
from before: a snapshot of etcd was restored, and all that is remembered is of later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from ...cluster.leases import Leases
from ...model.errors import Conflict, QuayRobotError
from ...model.fence import Fence

__all__ = ["Election"]

DURATION_S = 15
RENEW_S = 5.0
# No write leaves later than so long after the last renewal was sent.
FENCE_S = 10.0
RETRY_S = 1.0
TRY_S = 4.0

Body = dict[str, object]
log = structlog.get_logger(__name__)


class Election:
    """
    Holds the Lease, or waits for it.

    *clock* is in seconds and goes on while the process or the machine is stopped; *now*
    is the wall clock, which is only shown; *identity* is this process's own.
    """

    def __init__(
        self,
        leases: Leases,
        fence: Fence,
        identity: str,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._leases, self._fence, self.identity = leases, fence, identity
        self._clock, self._now = clock, now
        self._seen: dict[str, object] = {}
        self._seen_at = 0.0
        self._latest = 0
        self._failed: str | None = None
        self.leading, self.lost = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Wait for the Lease, then hold it; return once another replica has it."""
        while not self.lost.is_set():
            held = await self._try()
            await asyncio.sleep(RENEW_S if held else RETRY_S)

    async def release(self) -> None:
        """Let go of the Lease, so that another replica need not wait; nothing is written after."""
        self._fence.close()
        if not self.leading.is_set() or self.lost.is_set():
            return
        self.leading.clear()
        try:
            async with asyncio.timeout(TRY_S):
                await self._leases.replace(self._seen, self._spec(holder="", duration_s=1))
        except (QuayRobotError, TimeoutError):
            return
        log.info("leader.released")

    async def _try(self) -> bool:
        """Take or renew the Lease; tell whether that was done."""
        began = self._clock()
        try:
            async with asyncio.timeout(TRY_S):
                held = await self._renew() if self.leading.is_set() else await self._take()
        except (QuayRobotError, TimeoutError) as error:
            self._note_failure(error)
            return False
        self._failed = None
        if held:
            self._lead(began)
        return held

    def _lead(self, began: float) -> None:
        self._fence.open_until(began + FENCE_S)
        if not self.leading.is_set():
            log.info("leader.elected", identity=self.identity)
            self.leading.set()

    async def _renew(self) -> bool:
        try:
            return self._note(await self._leases.replace(self._seen, self._spec(self.identity)))
        except Conflict:
            return await self._find_out()

    async def _find_out(self) -> bool:
        """Somebody wrote the Lease that we hold, or it is gone."""
        found = await self._leases.read()
        if found is not None and _holder(found) != self.identity:
            self._fence.close()
            self.lost.set()
            log.warning("leader.lost", holder=_holder(found))
            return False
        if found is None:
            return self._note(await self._leases.create(self._spec(self.identity)))
        if not self._is_later(found):
            return False
        return self._note(await self._leases.replace(found, self._spec(self.identity)))

    async def _take(self) -> bool:
        found = await self._leases.read()
        if found is None:
            self._seen = {}
            return self._note(await self._leases.create(self._spec(self.identity)))
        changed = _version(found) != _version(self._seen)
        if (changed and not self._note(found)) or not self._is_free(found):
            return False
        # Also our own, where the answer to our taking it was lost.
        return self._note(await self._leases.replace(found, self._spec(self.identity)))

    def _is_free(self, found: Body) -> bool:
        if _holder(found) in {"", self.identity}:
            return True
        duration = _spec_of(found).get("leaseDurationSeconds")
        stands_s = duration if isinstance(duration, int) else DURATION_S
        return self._clock() - self._seen_at >= stands_s

    def _note(self, body: Body) -> bool:
        """Take *body* as what is stored; tell whether it is later than all that was seen."""
        self._seen, self._seen_at = body, self._clock()
        return self._is_later(body)

    def _is_later(self, body: Body) -> bool:
        if _version(body) >= self._latest:
            self._latest = _version(body)
            return True
        self._fence.close()
        self.lost.set()
        log.warning("cluster.went_back")
        return False

    def _note_failure(self, error: Exception) -> None:
        reason = str(error.reason) if isinstance(error, QuayRobotError) else "no answer in time"
        if isinstance(error, Conflict) or reason == self._failed:
            # That another replica was faster is no failure; and each is told once.
            return
        self._failed = reason
        why = {"why": error.message} if isinstance(error, QuayRobotError) else {}
        log.warning("leader.unsure", reason=reason, **why, leading=self.leading.is_set())

    def _spec(self, holder: str, duration_s: int = DURATION_S) -> Body:
        before = _spec_of(self._seen)
        now = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        changes = before.get("leaseTransitions")
        transitions = changes if isinstance(changes, int) else 0
        same = before.get("holderIdentity") == holder
        return {
            **before,
            "holderIdentity": holder,
            "leaseDurationSeconds": duration_s,
            "acquireTime": before.get("acquireTime") if same else now,
            "renewTime": now,
            # To let go is none: that is counted when the next holder comes.
            "leaseTransitions": transitions + (0 if same or not (before and holder) else 1),
        }


def _spec_of(body: Body) -> Body:
    spec = body.get("spec")
    return spec if isinstance(spec, dict) else {}


def _holder(body: Body) -> str:
    return str(_spec_of(body).get("holderIdentity") or "")


def _version(body: Body) -> int:
    meta = body.get("metadata")
    return int(meta.get("resourceVersion") or 0) if isinstance(meta, dict) else 0
