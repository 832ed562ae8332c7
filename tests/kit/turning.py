"""
What happens to a tenant whose two robots take turns, and who logs in meanwhile?

Shared by the tests of Overlap and of crashes.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from .installation import Tenant
from .processes import wait_for

__all__ = ["FEDERATION", "RIGHTS", "Reader", "declare", "end_overlap", "robots", "rotation",
           "stock", "turned"]  # fmt: skip

RIGHTS = {
    "repositories": [{"name": "app", "role": "read"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
FEDERATION = {"identities": [{"issuer": "https://ci.example.com", "subject": "repo:shop/app"}]}
Credential = tuple[str, str]


def stock(tenant: Tenant) -> None:
    """Make what rights are given on."""
    tenant.repository("app", "lib")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")


def declare(tenant: Tenant, trigger: str, overlap: str = "1h", **spec: Any) -> None:
    """Apply a robot with every kind of right, whose rotations are turns."""
    rotation = {"strategy": "Overlap", "overlap": overlap, "trigger": trigger}
    wanted = {"permissions": RIGHTS, "federation": FEDERATION, "rotation": rotation, **spec}
    tenant.robot(**wanted)


def rotation(tenant: Tenant) -> dict[str, Any]:
    """Return what the status says of rotations."""
    body = tenant.get() or {}
    said: dict[str, Any] = (body.get("status") or {}).get("rotation") or {}
    return said


def turned(tenant: Tenant, short: str, timeout_s: float = 40) -> None:
    """Wait until the robot *short* is the active one and its turn is closed."""

    def done() -> bool:
        name, _token = tenant.credential() or ("", "")
        body = tenant.get() or {}
        said = (body.get("status") or {}).get("robot") or {}
        closed = "intent" not in rotation(tenant)
        return closed and name == said.get("fullName") == tenant.full(short)

    wait_for(done, f"the turn of {short}; {rotation(tenant)}", timeout_s=timeout_s, every_s=0.2)
    tenant.wait_ready(timeout_s=timeout_s)


def end_overlap(tenant: Tenant) -> None:
    """Have the time of the robot before be over."""
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = f'{{"status":{{"rotation":{{"retiring":{{"until":"{past}"}}}}}}}}'
    tenant.kubectl("patch", "quayrobot", "ci", "--subresource=status", "--type=merge", "-p", patch)


def robots(tenant: Tenant) -> list[str]:
    """Return the full names of the robots that are in Quay."""
    there = tenant.house.quay.admin("robots")
    return sorted(each for each in there if each.startswith(f"{tenant.name}+"))


@dataclass
class Reader:
    """
    Logs in without pause with everything that the Secret held within *overlap_s*.

    A context manager. A credential counts from the moment at which a read of the
    Secret that showed it was begun; a login that ended later than that and the
    overlap is not judged.
    """

    tenant: Tenant
    overlap_s: float
    logins: int = 0
    failures: list[str] = field(default_factory=list)
    _held: dict[Credential, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Log in no more."""
        self._stop.set()
        assert self._thread is not None
        self._thread.join(20)

    @property
    def credentials(self) -> int:
        """How many credentials were seen."""
        return len(self._held)

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            seen = self.tenant.credential()
            if seen is not None:
                self._held[seen] = begun
            for credential, held in self._held.items():
                self._log_in(credential, held)

    def _log_in(self, credential: Credential, held: float) -> None:
        worked = self.tenant.house.quay.login(*credential)
        late = time.monotonic() - held > self.overlap_s
        if late or self._stop.is_set():
            return
        self.logins += 1
        if not worked:
            self.failures.append(f"{credential[0]} after {time.monotonic() - held:.1f} s")
