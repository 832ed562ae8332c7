"""
How does a replica become the leader, and what if there is only one?

In a pod there is an election by default. A process outside of one, or with
`--no-leader-election`, works at once and has to be the only one.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import structlog

from ..cluster.api import ClusterApi
from ..cluster.leases import Leases
from ..engine.controller.election import Election
from ..model.fence import Fence
from .settings import Settings

__all__ = ["Leadership", "fence_of"]

log = structlog.get_logger(__name__)


class Leadership:
    """Whether this replica may work; *on_loss* is called once it may not any more."""

    def __init__(
        self, settings: Settings, api: ClusterApi, fence: Fence, on_loss: Callable[[], None]
    ) -> None:
        self._election: Election | None = None
        self._on_loss, self._ends = on_loss, False
        if settings.lease_place is not None:
            self._election = Election(
                Leases(api, settings.lease_place, settings.lease_name),
                fence,
                # Of this very process: a container that starts again in its pod is another.
                f"{socket.gethostname()}_{secrets.token_hex(4)}",
                clock=_steady,
                now=lambda: datetime.now(UTC),
            )

    @property
    def held(self) -> bool:
        """Return whether this replica works."""
        return self._election is None or self._election.leading.is_set()

    @property
    def lost(self) -> bool:
        """Return whether another replica took over, or this one is to start again."""
        return self._ends or (self._election is not None and self._election.lost.is_set())

    def start_again(self) -> None:
        """End this process, so that the next one begins with nothing remembered."""
        self._ends = True
        self._on_loss()

    async def gain(self, stack: AsyncExitStack) -> None:
        """Return once this replica leads."""
        if self._election is None:
            return
        log.info("leader.awaited", identity=self._election.identity)
        running = asyncio.create_task(self._election.run(), name="election")
        running.add_done_callback(_ended(self._on_loss))
        stack.callback(running.cancel)
        await self._election.leading.wait()

    async def release(self) -> None:
        """Let another replica work at once; this one writes nothing more."""
        if self._election is not None:
            await self._election.release()


def _ended(on_loss: Callable[[], None]) -> Callable[[asyncio.Task[None]], None]:
    def end(election: asyncio.Task[None]) -> None:
        if not election.cancelled() and (error := election.exception()) is not None:
            log.error("leader.failed", exc_info=error)
        on_loss()

    return end


def fence_of(settings: Settings) -> Fence:
    """Return what every write asks: always open where there is no election."""
    return Fence(_steady if settings.lease_place is not None else None)


def _steady() -> float:
    """Seconds that also pass while the machine sleeps: a Lease ends meanwhile."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
