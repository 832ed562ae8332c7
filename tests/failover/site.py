"""Where does it take place? Two replicas, several organizations, many robots in sync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import QUAY_ROBOT, SECRET
from tests.bench.stage import credential_of
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation
from tests.kit.processes import wait_for
from tests.kit.replicas import Pair, replicas

from .edits import CONNECTION, REPOSITORY, Place, robot_body

__all__ = ["Site", "sited"]

ORGANIZATIONS = 4
AT_ONCE = 16
PATIENCE_S = 900.0
# Nothing but a change of leader is a reason to look at Quay.
RARELY = {"resyncInterval": "12h", "driftInterval": "12h"}


@dataclass
class Site:
    """
    All parts together.

    *names* are organizations, each with a namespace of its name; *turning* take turns.
    """

    house: Installation
    pair: Pair
    names: list[str]
    plain: list[Place]
    turning: list[Place]

    def run(self, work: Callable[[ClusterApi], Coroutine[Any, Any, Any]]) -> Any:
        """Do *work* as the cluster's administrator, and return what it returns."""

        async def connected() -> Any:
            api = await ClusterApi.connect(self.house.plane.kubeconfig, None)
            try:
                return await work(api)
            finally:
                await api.aclose()

        return asyncio.run(connected())

    def wait_settled(self) -> None:
        """Wait until every robot is Ready for what is asked of it now."""
        wait_for(lambda: not self._open(), "all robots in sync",
                 timeout_s=PATIENCE_S, every_s=1)  # fmt: skip

    def logins_failed(self, places: list[Place]) -> list[Place]:
        """Return the robots whose Secret does not log in."""

        async def read(api: ClusterApi) -> list[dict[str, Any]]:
            return [await api.get(SECRET.path(*place)) or {} for place in places]

        found = zip(places, self.run(read), strict=True)
        return [place for place, body in found if not self._logs_in(body)]

    def _logs_in(self, secret: dict[str, Any]) -> bool:
        return bool(secret) and self.house.quay.login(*credential_of(secret))

    def robots(self) -> list[dict[str, Any]]:
        """Return all QuayRobots."""

        async def read(api: ClusterApi) -> list[dict[str, Any]]:
            listed = await api.get(QUAY_ROBOT.path())
            assert listed is not None
            return list(listed["items"])

        found: list[dict[str, Any]] = self.run(read)
        return found

    def _open(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.robots() if not _in_sync(each)]


def _in_sync(body: dict[str, Any]) -> bool:
    status = body.get("status") or {}
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in status.get("conditions") or []
    )
    return ready and status.get("observedGeneration") == body["metadata"]["generation"]


@contextmanager
def sited(robots: int, turning: int) -> Iterator[Site]:
    """Yield the site with *robots* plain robots, and *turning* that take turns, in sync."""
    with ControlPlane() as plane, FakeQuay() as quay:
        house = Installation.make(plane, quay)
        names = [f"failover-{each}" for each in range(ORGANIZATIONS)]
        rule = {"namespaces": {}, "organizations": names}
        house.cluster_connection(CONNECTION, **RARELY, access=[rule])
        for name in names:
            plane.make_namespace(name)
            quay.admin("organization", name=name)
            quay.admin("repository", namespace=name, name=REPOSITORY)
        with replicas(house) as (one, two):
            site = Site(
                house,
                Pair(house, (one, two)),
                names,
                [(names[each % ORGANIZATIONS], f"robot-{each}") for each in range(robots)],
                [(names[each % ORGANIZATIONS], f"turns-{each}") for each in range(turning)],
            )
            one.operator.start()
            two.operator.start()
            _declare(site)
            site.wait_settled()
            yield site
        house.close()


def _declare(site: Site) -> None:
    turns = {"strategy": "Overlap", "overlap": "1h", "trigger": "one"}
    bodies = [robot_body(each) for each in site.plain]
    bodies += [robot_body(each, rotation=turns, permissions={}) for each in site.turning]

    async def work(api: ClusterApi) -> None:
        while bodies:
            body = bodies.pop()
            await api.write("POST", QUAY_ROBOT.path(body["metadata"]["namespace"]), body)

    async def all_of_them(api: ClusterApi) -> None:
        await asyncio.gather(*(work(api) for _ in range(AT_ONCE)))

    site.run(all_of_them)
