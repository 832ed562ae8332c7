"""
What must a change of the operator leave alone?

Robots, their Secrets and Quay. Somebody logs in with the Secrets all the time
while it lasts; at the end everything is compared with the beginning.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, Self

from tests.kit.installation import Tenant
from tests.kit.operating import NAMESPACE

from .site import NAME, Site

__all__ = ["Undisturbed"]

EVERY_S = 0.3


class Undisturbed:
    """A context manager around a change of the operator; *names* are robots that are Ready."""

    def __init__(self, site: Site, tenant: Tenant, *names: str) -> None:
        self._site, self._tenant, self._names = site, tenant, names
        self._over = threading.Event()
        self._logins: Counter[bool] = Counter()
        self._thread = threading.Thread(target=self._log_in)

    def __enter__(self) -> Self:
        self._tenant.rest()
        self._before = self._seen()
        self._changes = self._transitions()
        self._called = self._tenant.house.quay.mark()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if kind is None:
            self._judge()

    def _judge(self) -> None:
        for name in self._names:
            self._tenant.wait_ready(name, timeout_s=60)
        self._tenant.rest()
        assert self._seen() == self._before
        assert self._logins[True], "nobody could log in"
        assert not self._logins[False], f"logins failed: {self._logins}"
        # Who comes to lead lists the robots of an organization once, and that is all.
        asked = Counter(self._tenant.operations(self._called))
        leaders = self._transitions() - self._changes
        assert set(asked) <= {"robot.list"}, asked
        assert asked["robot.list"] <= leaders, f"{asked} by {leaders} leaders"

    def _seen(self) -> dict[str, Any]:
        found = {name: self._tenant.get(name) for name in self._names}
        assert all(found.values()), f"gone: {found}"
        return {
            name: (
                body["metadata"]["uid"],
                body["metadata"].get("deletionTimestamp"),
                body["status"]["credential"],
                self._tenant.credential(name),
                self._quays(name),
            )
            for name, body in found.items()
            if body is not None
        }

    def _quays(self, name: str) -> tuple[str, str]:
        robot = self._tenant.in_quay(name)
        assert robot is not None, f"{name} is gone in Quay"
        return robot["token"], robot["created"]

    def _transitions(self) -> int:
        lease = self._site.plane.get("lease", NAME, NAMESPACE) or {}
        return int(lease.get("spec", {}).get("leaseTransitions", 0))

    def _log_in(self) -> None:
        while not self._over.wait(EVERY_S):
            for name in self._names:
                self._logins[self._tenant.logs_in(name)] += 1
