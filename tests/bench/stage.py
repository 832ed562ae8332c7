"""On what is the bench played? One control plane, one double, N declared robots per run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import CLUSTER_QUAY_CONNECTION, QUAY_ROBOT, SECRET
from tests.kit.controlplane import ControlPlane
from tests.kit.installation import ROOT
from tests.kit.operating import ACCOUNT, NAMESPACE, USER, OperatorProcess
from tests.kit.processes import free_port, start, stop, wait_for

WORKERS = 16
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of the operator took and cost; memory in MB (10^6 bytes)."""

    seconds: float
    quay_calls: int
    cluster_writes: int
    cpu_s: float
    rss_mb: float
    restart_writes: int
    restart_calls: list[str]
    restart_s: float


class Double:
    """The double of Quay as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "tests.kit.fakequay", "--port", str(self.port)]
        self._process = start(command, log=folder / "double.log")
        wait_for(self._up, "the double")

    def admin(self, call: str, **fields: Any) -> Any:
        """Make one call of its admin side."""
        request = urllib.request.Request(
            f"{self.url}/__admin/{call}",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def stop(self) -> None:
        """End it."""
        stop(self._process)

    def _up(self) -> bool:
        try:
            return self.admin("robots") == []
        except OSError:
            return False


class Stage:
    """A context manager; one namespace, organization and connection per run."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._run = 0

    def __enter__(self) -> Self:
        plane = self._plane
        plane.kubectl("apply", "-k", str(ROOT / "deploy" / "manifests"))
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
        self._kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        self._double = Double(plane.folder)
        self._token = self._double.admin("token")
        return self

    def __exit__(self, *_: object) -> None:
        self._double.stop()

    def bare(self, size: int) -> float:
        """Run the bare script over *size* declared robots; return its seconds."""
        place = self._declare(size)
        task = {
            "kubeconfig": str(self._kubeconfig),
            "namespace": place,
            "organization": place,
            "url": self._double.url,
            "token": self._token,
            "workers": WORKERS,
        }
        # Quay's token goes through standard input: an argument list is readable by anyone.
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.bare"],
            input=json.dumps(task), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        self._clear(place)
        return float(done.stdout)

    def operator(self, size: int) -> Measured:
        """Run the operator over *size* declared robots, restart it, and measure both."""
        place = self._declare(size)
        operator = OperatorProcess(self._kubeconfig, self._plane.folder, log_level="info")
        operator.start()
        # What is said of the missing connection is no part of the run.
        self._wait_all(place, size, "ConnectionNotFound")
        process = psutil.Process(operator.pid)
        audit, ledger = len(self._plane.audit()), self._ledger()
        cpu, begun = _cpu(process), time.monotonic()

        self._connect(place)
        self._wait_all(place, size, "Reconciled")

        seconds = time.monotonic() - begun
        time.sleep(1)
        calls, writes = self._ledger() - ledger, self._writes(audit, place)
        cpu_s, rss_mb = _cpu(process) - cpu, process.memory_info().rss / 1e6
        restart = self._restart(operator, place)
        operator.stop()
        self._clear(place)
        return Measured(seconds, calls, writes, cpu_s, rss_mb, *restart)

    def _restart(self, operator: OperatorProcess, place: str) -> tuple[int, list[str], float]:
        operator.stop()
        audit, ledger = len(self._plane.audit()), self._ledger()
        begun = time.monotonic()
        operator.start()
        took = time.monotonic() - begun
        wait_for(lambda: self._ledger() > ledger, "the list", timeout_s=60)
        time.sleep(5)
        calls = [each["operation"] for each in self._double.admin("ledger", since=ledger)]
        return self._writes(audit, place), calls, took

    # What is declared ---------------------------------------------------

    def _declare(self, size: int) -> str:
        self._run += 1
        place = f"bench-{self._run}"
        self._double.admin("organization", name=place)
        self._plane.kubectl("create", "namespace", place)
        spec = {
            "organization": place,
            "connectionRef": {"kind": "ClusterQuayConnection", "name": place},
        }
        bodies = [_body(f"robot-{number}", spec, place) for number in range(size)]
        path = QUAY_ROBOT.path(place)
        self._each([("POST", path, body) for body in bodies])
        return place

    def _connect(self, place: str) -> None:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": place, "namespace": NAMESPACE},
            "stringData": {"token": self._token},
        }
        spec = {
            "url": self._double.url,
            "allowPlaintext": True,
            "credentials": {"secretRef": {"name": place, "namespace": NAMESPACE}},
            "access": [{"namespaces": {}, "organizations": [place]}],
        }
        self._each(
            [
                ("POST", CLUSTER_QUAY_CONNECTION.path(), _body(place, spec, None)),
                ("POST", SECRET.path(NAMESPACE), secret),
            ]
        )

    def _clear(self, place: str) -> None:
        listed = json.loads(self._plane.kubectl("get", "quayrobots", "-n", place, "-o", "json"))
        paths = [QUAY_ROBOT.path(place, each["metadata"]["name"]) for each in listed["items"]]
        self._each([("PATCH", path, {"metadata": {"finalizers": None}}) for path in paths])
        self._each([("DELETE", QUAY_ROBOT.path(place), {}), ("DELETE", SECRET.path(place), {})])
        self._plane.kubectl("delete", "namespace", place, "--wait=false")
        self._plane.kubectl("delete", "clusterquayconnection", place, "--ignore-not-found")

    def _each(self, writes: list[tuple[str, str, dict[str, Any]]]) -> None:
        async def work(api: ClusterApi) -> None:
            while writes:
                method, path, body = writes.pop()
                await api.write(method, path, body)

        async def all_of_them() -> None:
            api = await ClusterApi.connect(self._plane.kubeconfig, None)
            await asyncio.gather(*(work(api) for _ in range(WORKERS)))
            await api.aclose()

        _run(all_of_them())

    # What came of it ----------------------------------------------------

    def _wait_all(self, place: str, size: int, reason: str) -> None:
        # Each look lists all of them: looking costs what is measured, so look seldom.
        every_s = max(0.02, size / 2000)

        async def wait() -> None:
            api = await ClusterApi.connect(self._plane.kubeconfig, None)
            async with asyncio.timeout(TIMEOUT_S):
                while await _count(api, place, reason) < size:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(every_s)
            await api.aclose()

        _run(wait())

    def _ledger(self) -> int:
        return len(self._double.admin("ledger", since=0))

    def _writes(self, since: int, place: str) -> int:
        entries = self._plane.audit()[since:]
        return sum(
            each.user == USER and each.write and each.namespace == place for each in entries
        )


def _body(name: str, spec: dict[str, Any], namespace: str | None) -> dict[str, Any]:
    kind = "QuayRobot" if namespace else "ClusterQuayConnection"
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": QUAY_ROBOT.api_version, "kind": kind, "metadata": meta, "spec": spec}


async def _count(api: ClusterApi, place: str, reason: str) -> int:
    """Return how many QuayRobots of *place* have Ready with *reason*."""
    listed = await api.get(QUAY_ROBOT.path(place))
    assert listed is not None
    conditions = [(each.get("status") or {}).get("conditions") or [] for each in listed["items"]]
    return sum(
        any(each["type"] == "Ready" and each["reason"] == reason for each in of_one)
        for of_one in conditions
    )


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)
