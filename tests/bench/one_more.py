"""
How long does one more robot take in the middle of the others?

Beside it stand its calls alone, asked at the same time of the same servers: a ConfigMap
stands for the QuayRobot, because the operator minds each QuayRobot that it sees.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable
from typing import Any

import httpx

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import CONFIG_MAP, EVENT, QUAY_ROBOT, SECRET

from .bare import FINALIZER, STATUS, TOKEN_CHARACTERS, event_of, secret_of
from .load import Load
from .stage import Place

__all__ = ["OneMore"]

NAME = "one-more"
POLL_S = 0.01
PATIENCE_S = 120
# What a single time may be off by on a busy machine is more than what is looked for.
TIMES = 5


class OneMore:
    """
    Declares one more robot, *TIMES* times, once half of the others are made.

    *seconds* and *bare_s* are medians; None where it did not come to that. *made* is how
    many robots it asked of Quay itself.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.bare_s: float | None = None
        self.made = 0
        self._thread: threading.Thread | None = None

    def at(self, place: Place, count: int) -> None:
        """*count* robots are made; once half are, begin."""
        if self._thread is None and 2 * count >= place.load.size:
            self._thread = threading.Thread(target=self._live, args=(place,), daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until it is over."""
        if self._thread is not None:
            self._thread.join(PATIENCE_S)

    def _live(self, place: Place) -> None:
        place.stage.double.admin("organization", name=_other(place))
        place.stage.run(lambda api: self._all(api, place))

    async def _all(self, api: ClusterApi, place: Place) -> None:
        took: list[tuple[float, float]] = []
        for number in range(TIMES):
            alone = f"{NAME}-alone-{number}"
            bare_s = await _timed(_calls_alone(api, place, alone))
            await _rest(api, place, alone)
            self.made += 1
            took.append((bare_s, await _timed(_declared(api, place, f"{NAME}-{number}"))))
            self.made += 1
        self.bare_s, self.seconds = (sorted(each)[TIMES // 2] for each in zip(*took, strict=True))


async def _timed(work: Awaitable[None]) -> float:
    begun = time.monotonic()
    await work
    return time.monotonic() - begun


def _other(place: Place) -> str:
    return f"{place.name}-alone"


async def _declared(api: ClusterApi, place: Place, name: str) -> None:
    """Declare a QuayRobot and wait until it is Ready."""
    (body,) = Load(1).robots(place.name)
    body["metadata"]["name"] = name
    await api.write("POST", QUAY_ROBOT.path(place.name), body)
    async with asyncio.timeout(PATIENCE_S):
        seen = await api.get(QUAY_ROBOT.path(place.name, name))
        while not _is_ready(seen or {}):
            await asyncio.sleep(POLL_S)
            seen = await api.get(QUAY_ROBOT.path(place.name, name))


def _is_ready(body: dict[str, Any]) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _calls_alone(api: ClusterApi, place: Place, name: str) -> None:
    """Make the calls of one robot until its status says Ready, and nothing else."""
    namespace, path = place.name, CONFIG_MAP.path(place.name, name)
    secret = secret_of(namespace, name, "x" * TOKEN_CHARACTERS)
    named: dict[str, Any] = {"name": name, "namespace": namespace}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"spec": "x"}}
    await api.write("POST", CONFIG_MAP.path(namespace), body)
    await api.write("POST", SECRET.path(namespace), secret, dryRun="All")
    await api.write("PATCH", path, {"metadata": {"finalizers": [FINALIZER]}})
    await _made_in_quay(place, name)
    await api.write("POST", SECRET.path(namespace), secret)
    await api.write("PATCH", path, {"data": {"status": str(STATUS)}})


async def _rest(api: ClusterApi, place: Place, name: str) -> None:
    """Tell of it, as the operator does once it is Ready, and leave nothing that holds on."""
    path = CONFIG_MAP.path(place.name, name)
    body = await api.write("PATCH", path, {"metadata": {"finalizers": None}})
    await api.write("POST", EVENT.path(place.name), event_of(body))


async def _made_in_quay(place: Place, name: str) -> None:
    double = place.stage.double
    async with httpx.AsyncClient(base_url=double.url, timeout=PATIENCE_S) as quay:
        answer = await quay.put(
            f"/api/v1/organization/{_other(place)}/robots/{name}",
            json={"description": ""},
            headers={"Authorization": f"Bearer {double.token}"},
        )
        answer.raise_for_status()
