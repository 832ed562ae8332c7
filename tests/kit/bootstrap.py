"""
How does a Quay keep its own token in a Secret?

As a Quay in Kubernetes does: it makes the token at its start and at each
renewal, and puts it into the Secret before it answers, by a read and an update
of the whole object. What holds the delivery back stands for somebody who
carries the file of a Quay outside over.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .canary import oauth_token, robot_token
from .fakequay import FakeQuay
from .installation import Tenant

__all__ = ["KEY", "RENEWED", "SECRET", "MachineQuay"]

SECRET, KEY = "quay-token", "token.json"
RENEWED = "bootstrap.renew"
_LAYOUT = "%Y-%m-%dT%H:%M:%SZ"


class MachineQuay:
    """A Quay of its own for *tenant*, whose bootstrap token is in the Secret `quay-token`."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        self._tenant, self._path = tenant, folder / "token.json"
        self._held: str | None = None
        self._lock = threading.Lock()
        self.late = False
        self.quay = FakeQuay()

    @contextmanager
    def running(self) -> Iterator[MachineQuay]:
        """Start it, with the tenant's organization; its robots go before it does."""
        with self.quay as quay:
            state = quay.double.state
            state.make_oauth_token, state.make_robot_token = oauth_token, robot_token
            state.deliver_bootstrap = self._deliver
            self._keep("")
            quay.admin("organization", name=self._tenant.name, owners=["root"])
            quay.admin("settings", programmatic_bootstrap=True, bootstrap_owner="root",
                       bootstrap_path=str(self._path))  # fmt: skip
            quay.admin("bootstrap")
            yield self
            self._tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")

    @property
    def token(self) -> str:
        """The token in Quay's file: the one that works."""
        return str(json.loads(self._path.read_text())["access_token"])

    @property
    def stored(self) -> str:
        """The token in the Secret."""
        body = self._tenant.get(SECRET, "secret")
        assert body is not None
        return str(json.loads(base64.b64decode(body["data"][KEY]))["access_token"])

    def renewals(self, status: int | None = None) -> int:
        """Count the calls for a new token, or those that were answered with *status*."""
        calls = [each for each in self.quay.calls() if each.operation == RENEWED]
        return len([each for each in calls if status in {None, each.status}])

    def release(self) -> None:
        """Deliver what was held back, and hold nothing back any more."""
        with self._lock:
            self.late = False
            if self._held is not None:
                self.put(self._held)
            self._held = None

    def age(self, by: timedelta) -> None:
        """Have the API server's note say that the token is older by so much than now."""
        body = self._live()
        meta = body["metadata"]
        for each in meta["managedFields"]:
            each["time"] = (datetime.now(UTC) - by).strftime(_LAYOUT)
        # Of an update that changes nothing else the API server ignores the times.
        meta["annotations"] = {**meta.get("annotations", {}), "aged": str(datetime.now(UTC))}
        self._put(body, manager="age")

    def put(self, token: str) -> None:
        """Put *token* into the Secret, as Quay does."""
        body = self._live()
        body["data"] = {KEY: _encoded(token)}
        self._put(body, manager="python-requests")

    def _deliver(self, token: str) -> None:
        with self._lock:
            if self.late:
                self._held = token
            else:
                self.put(token)

    def _keep(self, token: str) -> None:
        meta = {"name": SECRET, "namespace": self._tenant.name}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
        self._tenant.house.plane.apply({**body, "data": {KEY: _encoded(token)}})

    def _live(self) -> dict[str, Any]:
        shown = ("--show-managed-fields", "-o", "json")
        body: dict[str, Any] = json.loads(self._tenant.kubectl("get", "secret", SECRET, *shown))
        return body

    def _put(self, body: dict[str, Any], *, manager: str) -> None:
        plane = self._tenant.house.plane
        plane.kubectl("replace", f"--field-manager={manager}", "-f", "-", stdin=json.dumps(body))


def _encoded(token: str) -> str:
    return base64.b64encode(json.dumps({"access_token": token}).encode()).decode()
