"""
Which writes does the operator make for a tenant, and after which is it as good as dead?

A write whose answer is held is the last thing that the operator did for a tenant: all
else that it asks about that tenant is held too, until the process is killed. So one kill
is the end of many lives, each after a write of its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.kit.crashing import EXCHANGE, CrashPoint
from tests.kit.proxy import Asked, When

from .lens import tenant_of

__all__ = ["Gate"]

EVERY_S = 0.05


@dataclass
class Gate:
    """
    What is asked about tenants. Used by the threads of the proxies and of the test.

    *writes* are those of each tenant since it was followed, *points* the one after
    which it is held, *held* who is.
    """

    writes: dict[str, list[CrashPoint]] = field(default_factory=dict)
    points: dict[str, CrashPoint] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    asked_at: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _counts: dict[str, Counter[Asked]] = field(default_factory=lambda: defaultdict(Counter))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def follow(self, tenant: str) -> None:
        """Count the writes about *tenant* from now on."""
        with self._lock:
            self.writes[tenant] = []

    def let_go(self) -> None:
        """Hold nobody any longer."""
        with self._lock:
            self.points.clear()
            self.held.clear()

    @contextmanager
    def keeping(self, tenant: str) -> Iterator[None]:
        """Have nothing be done about *tenant* meanwhile."""
        before = tenant in self.held
        self.held.add(tenant)
        yield
        if not before:
            self.held.discard(tenant)

    def quiet_s(self, tenant: str) -> float:
        """Return for how long nothing was asked about *tenant*."""
        return time.monotonic() - self.asked_at[tenant]

    async def passed(self, asked: Asked, when: When) -> bool:
        """Wait as long as *asked* is held; tell whether its connection is cut then."""
        tenant = tenant_of(f"{asked.path} {asked.user}")
        if not tenant:
            return False
        self.asked_at[tenant] = time.monotonic()
        if tenant not in self.held and not (when == "after" and self._is_last(tenant, asked)):
            return False
        while tenant in self.held:  # noqa: ASYNC110 - another thread lets it go
            await asyncio.sleep(EVERY_S)
        return True

    def _is_last(self, tenant: str, asked: Asked) -> bool:
        """Take note of a write that was done; tell whether the tenant is held after it."""
        if not _writes(asked) or asked.status >= 300:
            return False
        with self._lock:
            if tenant not in self.writes:
                return False
            path = asked.path.replace(tenant, "<tenant>")
            counts, kind = self._counts[tenant], Asked(asked.side, asked.method, path)
            counts[kind] += 1
            write = CrashPoint(asked.side, asked.method, path, counts[kind])
            self.writes[tenant].append(write)
            if self.points.get(tenant) != write:
                return False
            self.held.add(tenant)
            return True


def _writes(asked: Asked) -> bool:
    return asked.method not in {"GET", "HEAD"} or asked.path == EXCHANGE
