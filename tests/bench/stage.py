"""On what is the bench played? One control plane, one double, N declared robots per run."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Self

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import CLUSTER_QUAY_CONNECTION, QUAY_ROBOT, SECRET, Kind
from tests.kit.controlplane import ControlPlane
from tests.kit.installation import ROOT
from tests.kit.operating import ACCOUNT, NAMESPACE, USER, OperatorProcess

from .double import Double
from .load import Load, connection_body, credential_body
from .progress import Pace, Ticker

__all__ = ["WORKERS", "Place", "Stage", "credential_of"]

WORKERS = 16
TIMEOUT_S = 600.0
Write = tuple[str, str, dict[str, Any]]


class Stage:
    """A context manager; one namespace, organization and connection per run."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self._run = 0

    def __enter__(self) -> Self:
        plane = self.plane
        plane.kubectl("apply", "-k", str(ROOT / "deploy" / "manifests"))
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
        self.kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        self.double = Double(plane.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self.double.stop()

    def declare(self, load: Load) -> Place:
        """Make a place, and in it the robots of *load*, without their connection."""
        self._run += 1
        place = Place(self, f"bench-{self._run}", load)
        place.declare()
        return place

    def operator(self) -> OperatorProcess:
        """Return the operator as it is shipped, not started yet."""
        return OperatorProcess(self.kubeconfig, self.plane.folder, log_level="info")

    def bare(self, place: str, module: str = "bare", **more: Any) -> dict[str, float]:
        """Run a bare script over *place* and return what it says it took."""
        task = {
            "kubeconfig": str(self.kubeconfig),
            "namespace": place,
            "organization": place,
            "url": self.double.url,
            "token": self.double.token,
            "workers": WORKERS,
            **more,
        }
        done = subprocess.run(
            # Quay's token goes through standard input: an argument list is readable by anyone.
            [sys.executable, "-m", f"tests.bench.{module}"],
            input=json.dumps(task), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        measured: dict[str, float] = json.loads(done.stdout)
        return measured

    def writes(self, since: int, place: str | None = None) -> int:
        """Return how many writes the operator's account made (in namespace *place*)."""
        return sum(
            each.user == USER and each.write and place in {None, each.namespace}
            for each in self.plane.audit()[since:]
        )

    def each(self, writes: list[Write]) -> None:
        """Make all *writes*, many at once, as the cluster's administrator."""

        async def work(api: ClusterApi) -> None:
            while writes:
                await api.write(*writes.pop())

        async def all_of_them(api: ClusterApi) -> None:
            await asyncio.gather(*(work(api) for _ in range(WORKERS)))

        self.run(all_of_them)

    def run(self, work: Callable[[ClusterApi], Coroutine[Any, Any, None]]) -> None:
        """Do *work* as the cluster's administrator."""

        async def connected() -> None:
            api = await ClusterApi.connect(self.plane.kubeconfig, None)
            try:
                await work(api)
            finally:
                await api.aclose()

        asyncio.run(connected())


class Place:
    """Where one run takes place: a namespace, and the organization and connection of its name."""

    def __init__(self, stage: Stage, name: str, load: Load) -> None:
        self.stage, self.name, self.load = stage, name, load

    def declare(self) -> None:
        """Make the organization with its repositories, the namespace, and the robots."""
        double = self.stage.double
        double.admin("organization", name=self.name)
        for each in self.load.repositories:
            double.admin("repository", namespace=self.name, name=each)
        self.stage.plane.kubectl("create", "namespace", self.name)
        path = QUAY_ROBOT.path(self.name)
        self._each([("POST", path, body) for body in self.load.robots(self.name)])

    def connect(self) -> None:
        """Make the connection that the robots wait for."""
        double = self.stage.double
        # One after the other: a connection without its Secret would be told of by each robot.
        secret, connection = SECRET.path(NAMESPACE), CLUSTER_QUAY_CONNECTION.path()
        self._each([("POST", secret, credential_body(self.name, double.token))])
        self._each([("POST", connection, connection_body(self.name, double.url))])

    def hurry(self, interval: str) -> None:
        """Have resyncs and beats every *interval*."""
        spec = {"resyncInterval": interval, "driftInterval": interval}
        self.stage.plane.kubectl(
            "patch", "clusterquayconnection", self.name, "--type=merge",
            "-p", json.dumps({"spec": spec}),
        )  # fmt: skip

    def wait(self, reason: str, meanwhile: Callable[[int], None] = lambda _n: None) -> None:
        """Wait until all robots have Ready with *reason*."""
        self.wait_until(lambda body: _ready_with(body, reason), meanwhile)

    def wait_until(
        self,
        said: Callable[[dict[str, Any]], bool],
        meanwhile: Callable[[int], None] = lambda _n: None,
    ) -> None:
        """Wait until all robots are as *said* tells; *meanwhile* is told how many are."""
        size, ticker = self.load.size, Ticker("robots", self.load.size)
        # Each look lists all of them, at the expense of the API server that all share.
        pace = Pace(size, max(0.02, size / 2000))

        async def wait(api: ClusterApi) -> None:
            async with asyncio.timeout(max(TIMEOUT_S, size / 5)):
                while (count := await _count(api, self.name, said)) < size:
                    ticker.at(count)
                    meanwhile(count)
                    await asyncio.sleep(pace.after_s(count))

        self.stage.run(wait)

    def delete_all(self) -> None:
        """Have all robots deleted at once, and wait until the last one is gone."""
        ticker = Ticker("robots left", self.load.size)

        async def wait(api: ClusterApi) -> None:
            await api.write("DELETE", QUAY_ROBOT.path(self.name), {})
            async with asyncio.timeout(TIMEOUT_S):
                while left := await _count(api, self.name, lambda _body: True):
                    ticker.at(left)
                    await asyncio.sleep(0.1)

        self.stage.run(wait)

    def clear(self) -> None:
        """Remove what was declared and made; no operator runs."""
        plane, place = self.stage.plane, self.name
        robots, bare = self._paths(QUAY_ROBOT), {"metadata": {"finalizers": None}}
        self._each([("PATCH", path, bare) for path in robots])
        # One by one: to delete ten thousand by one call takes longer than a call may.
        self._each([("DELETE", path, {}) for path in robots + self._paths(SECRET)])
        plane.kubectl("delete", "namespace", place, "--wait=false")
        plane.kubectl("delete", "clusterquayconnection", place, "--ignore-not-found")

    def _paths(self, kind: Kind) -> list[str]:
        found: list[str] = []

        async def read(api: ClusterApi) -> None:
            listed = await api.get(kind.path(self.name)) or {}
            found.extend(each["metadata"]["name"] for each in listed["items"])

        self.stage.run(read)
        return [kind.path(self.name, name) for name in found]

    def patch_all(self, patch: Callable[[str], dict[str, Any]], subresource: str = "") -> None:
        """Patch every robot by what *patch* says of its name, as many at once as elsewhere."""
        names = [body["metadata"]["name"] for body in self.load.robots(self.name)]
        paths = {each: QUAY_ROBOT.path(self.name, each) + subresource for each in names}
        self._each([("PATCH", paths[each], patch(each)) for each in names])

    def log_in(self) -> list[bool]:
        """Try what each Secret holds at the registry; tell whether it worked."""
        found: list[dict[str, Any]] = []

        async def read(api: ClusterApi) -> None:
            listed = await api.get(SECRET.path(self.name))
            assert listed is not None
            found.extend(listed["items"])

        self.stage.run(read)
        return [self.stage.double.login(*credential_of(each)) for each in found]

    def _each(self, writes: list[Write]) -> None:
        self.stage.each(writes)


def credential_of(secret: dict[str, Any]) -> tuple[str, str]:
    """Return user and password of a docker config Secret."""
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    (entry,) = config["auths"].values()
    user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
    return user, password


def _ready_with(body: dict[str, Any], reason: str) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["reason"] == reason for each in conditions)


async def _count(api: ClusterApi, place: str, said: Callable[[dict[str, Any]], bool]) -> int:
    """Return how many QuayRobots of *place* are as *said* tells."""
    listed = await api.get(QUAY_ROBOT.path(place))
    assert listed is not None
    return sum(said(each) for each in listed["items"])
