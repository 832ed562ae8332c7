"""How does the bench reach its Quay, a double in a process of its own?"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.kit.processes import free_port, start, stop, wait_for

__all__ = ["Double", "cpu_of"]

READS = 1500


class Double:
    """The double of Quay, answering at once."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "tests.kit.fakequay", "--port", str(self.port)]
        self._process = start(command, log=folder / "double.log")
        wait_for(self._up, "the double")
        self.token: str = self.admin("token")
        self._position = 0

    def admin(self, call: str, **fields: Any) -> Any:
        """Make one call of its admin side."""
        request = urllib.request.Request(
            f"{self.url}/__admin/{call}",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def mark(self) -> int:
        """Return the ledger's position now; only what is new is asked for."""
        self._position += len(self.operations(self._position))
        return self._position

    def operations(self, since: int) -> list[str]:
        """Return what was asked of it from number *since* on."""
        return [each["operation"] for each in self.calls(since)]

    def calls(self, since: int) -> list[dict[str, Any]]:
        """Return the calls from number *since* on."""
        asked: list[dict[str, Any]] = self.admin("ledger", since=since)
        return asked

    def login(self, user: str, password: str) -> bool:
        """Tell whether the registry lets *user* in."""
        where = f"{self.url}/v2/auth?service=quay"
        return httpx.get(where, auth=(user, password), timeout=30).status_code == 200

    def reads_per_core_s(self) -> float:
        """Return how many GETs of one robot a second of its CPU answers."""
        self.admin("organization", name="reads")
        self.admin("robot", name="reads+ci")
        headers = {"Authorization": f"Bearer {self.token}"}
        server = psutil.Process(self._process.pid)
        with httpx.Client(base_url=self.url, headers=headers) as client:
            begun = cpu_of(server)
            for _ in range(READS):
                client.get("/api/v1/organization/reads/robots/ci").raise_for_status()
            return READS / (cpu_of(server) - begun)

    def stop(self) -> None:
        """End it."""
        stop(self._process)

    def _up(self) -> bool:
        try:
            return self.admin("robots") == []
        except OSError:
            return False


def cpu_of(process: psutil.Process) -> float:
    """Return the seconds of CPU that *process* has used."""
    times = process.cpu_times()
    return float(times.user + times.system)
