"""
At which requests can the operator die, and does it matter?

A life is lived once undisturbed, and every request that it makes is a point.
Then it is lived again for each point, twice: the operator is killed before the
request takes effect, and after it did, before the answer arrives. It is started
again, and the end has to be the same.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .installation import Installation, Tenant
from .proxy import Asked, Proxy, When

__all__ = ["AFTER", "BEFORE", "EXCHANGE", "CrashPoint", "Crashing", "Life"]

EXCHANGE = "/oauth2/federation/robot/token"
# Rights of which each kind changes: one goes, one comes, one gets another role.
BEFORE = {
    "repositories": [{"name": "app", "role": "write"}, {"name": "lib", "role": "read"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
AFTER = {
    "repositories": [{"name": "app", "role": "read"}, {"name": "tool", "role": "read"}],
    "teams": ["ops"],
    "defaults": [{"role": "write", "creator": "admin"}],
}


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """The *nth* request of its kind in a life; the tenant's name is left out."""

    side: str
    method: str
    path: str
    nth: int

    def __str__(self) -> str:
        return f"{self.side} {self.method} {self.path} #{self.nth}"


@dataclass
class Life:
    """
    One thing that happens to a tenant: what comes before, what is done, how it ends.

    A long one is crashed at its writes only: without *reads*, those are no points.
    """

    prepare: Callable[[Tenant], None]
    act: Callable[[Tenant], None]
    ended: Callable[[Tenant], None]
    facts: Callable[[Tenant, int], object]
    reads: bool = True


@dataclass
class Crashing:
    """Lives of tenants of *house*, whose operator goes through *proxies*."""

    house: Installation
    proxies: tuple[Proxy, ...]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def points(self, life: Life) -> tuple[list[CrashPoint], object]:
        """Live *life* undisturbed; return its requests and what it came to."""
        tenant = self._prepared(life)
        # An Event about what came before may still be under way, and is no point of this life.
        tenant.rest()
        seen: list[CrashPoint] = []
        counts: Counter[Asked] = Counter()

        def note(asked: Asked, when: When) -> bool:
            if when == "before" and _about(tenant, asked):
                with self._lock:
                    seen.append(_point(tenant, asked, counts))
            return False

        facts = self._live(life, tenant, note)
        lasting = (each for each in seen if each.method != "GET" or each.path == EXCHANGE)
        return seen if life.reads else list(lasting), facts

    def crashed(self, life: Life, point: CrashPoint, when: When) -> tuple[bool, object]:
        """Live *life* with a kill at *point*; return whether it came to pass, and the end."""
        tenant = self._prepared(life)
        counts: Counter[Asked] = Counter()
        dying, dead = threading.Event(), threading.Event()

        def kill(asked: Asked, now: When) -> bool:
            if dying.is_set():
                return True
            if now != when or not _about(tenant, asked):
                return False
            with self._lock:
                at = _point(tenant, asked, counts)
            if at != point:
                return False
            dying.set()
            self.house.operator.kill()
            dead.set()
            return True

        def ended(tenant: Tenant) -> None:
            dead.wait(15)
            self._hook(None)
            if not self.house.operator.running():
                self.house.operator.start()
            life.ended(tenant)

        facts = self._live(Life(life.prepare, life.act, ended, life.facts), tenant, kill)
        return dead.is_set(), facts

    def _prepared(self, life: Life) -> Tenant:
        tenant = self.house.tenant()
        life.prepare(tenant)
        return tenant

    def _live(self, life: Life, tenant: Tenant, hook: Callable[[Asked, When], bool]) -> object:
        called = self.house.quay.mark()
        self._hook(hook)
        try:
            life.act(tenant)
            life.ended(tenant)
            self._hook(None)
            return life.facts(tenant, called)
        finally:
            self._hook(None)
            # What one life leaves, every start of the operator in the next would read again.
            self.house.plane.kubectl("delete", "namespace", tenant.name, "--wait=false")

    def _hook(self, hook: Callable[[Asked, When], bool] | None) -> None:
        for proxy in self.proxies:
            proxy.hook = hook or (lambda _asked, _when: False)


def _about(tenant: Tenant, asked: Asked) -> bool:
    """An exchange names its tenant's robot in the header only."""
    return tenant.name in asked.path or tenant.name in asked.user


def _point(tenant: Tenant, asked: Asked, counts: Counter[Asked]) -> CrashPoint:
    path = re.sub(re.escape(tenant.name), "<tenant>", asked.path)
    general = Asked(asked.side, asked.method, path)
    counts[general] += 1
    return CrashPoint(asked.side, asked.method, path, counts[general])
