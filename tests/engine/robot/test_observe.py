"""Does the work that a pass does tell of a connection that its namespace may not know of?"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.engine.cache.contests import Contests
from quayrobot.engine.cache.store import Store
from quayrobot.engine.connection.pool import ConnectionPool
from quayrobot.engine.robot.observe import observe
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.model.address_policy import AddressPolicy
from quayrobot.model.errors import QuayRobotError, Reason
from quayrobot.model.grace import DEFAULT_GRACE
from quayrobot.model.world import Absent
from quayrobot.plan.decide import decide

CI = ResourceKey("QuayRobot", "shop", "ci")
ALL: list[dict[str, Any]] = [{"namespaces": {}, "organizations": ["*"]}]
NONE: list[dict[str, Any]] = [{"namespaces": {"matchLabels": {"a": "b"}}, "organizations": ["*"]}]
UNREADABLE: list[dict[str, Any]] = [{"namespaces": {}, "organizations": ["*"], "maxRole": "king"}]
HOLDS = {"robot": {"fullName": "acme+ci", "createdAt": "then"}}
MADE = "2026-11-24T03:00:00Z"


class Read(Exception):
    """Something of the connection was read."""


class Secrets:
    """Tells that a connection's token was read; the robot's own Secret is not there."""

    async def credential(self, *_: str) -> None:
        raise Read

    async def get(self, *_: str) -> Absent:
        return Absent()


def context(access: list[dict[str, Any]] | None, **fields: Any) -> Any:
    """Return what a pass looks at; the connection has *access*, or is not there."""
    store = Store()
    store.observe("Namespace", None, {"metadata": {"name": "shop", "resourceVersion": "1"}})
    if access is not None:
        meta = {"name": "default", "uid": "u", "resourceVersion": "1", "creationTimestamp": MADE}
        ref = {"secretRef": {"name": "t", "namespace": "quay"}}
        spec = {"url": "https://q.test", "access": access, "credentials": ref, **fields}
        store.observe("ClusterQuayConnection", None, {"metadata": meta, "spec": spec})
    pool = ConnectionPool(
        store,
        Secrets(),  # type: ignore[arg-type]
        SimpleNamespace(),  # type: ignore[arg-type]
        tokens=SimpleNamespace(),  # type: ignore[arg-type]
        clock=lambda: 0.0,
        jitter=lambda: 0.0,
        observer=SimpleNamespace(),  # type: ignore[arg-type]
        on_change=lambda _key: None,
        tenants_reach=AddressPolicy(),
        clusterwide=True,
    )
    return SimpleNamespace(
        cluster="c",
        store=store,
        pool=pool,
        secrets=Secrets(),
        now=lambda: datetime.now(UTC),
        grace=DEFAULT_GRACE,
        contests=Contests(clock=lambda: 0.0),
    )


def robot(there: Any, **status: Any) -> Any:
    meta = {"name": "ci", "namespace": "shop", "uid": "u", "resourceVersion": "1",
            "generation": 1, "creationTimestamp": MADE}  # fmt: skip
    there.store.observe(
        "QuayRobot",
        None,
        {"metadata": meta, "spec": {"organization": "acme"}, "status": status},
    )
    return there.store.robots[CI]


@pytest.mark.parametrize(
    ("access", "fields"),
    [
        pytest.param(None, {}, id="absent"),
        pytest.param([], {}, id="for nobody"),
        pytest.param(NONE, {}, id="for others"),
        pytest.param(NONE, {"url": "https://q.test:99999"}, id="for others, and not valid"),
        pytest.param(UNREADABLE, {}, id="a rule that cannot be read"),
    ],
)
async def test_nothing_is_read_and_nothing_else_said_of_a_connection_that_is_not_for_it(
    access, fields
):
    there = context(access, **fields)

    scene, live = await observe(there, robot(there))

    # Without a line the time until the next look is the same too.
    assert live is None
    plan = decide(scene)
    assert plan.actions == ()
    (error,) = (each.error for each in plan.findings)
    assert error.reason == Reason.CONNECTION_NOT_FOUND
    absent = context(None)
    expected, _ = await observe(absent, robot(absent))
    assert isinstance(expected.connection, QuayRobotError)
    assert error.message == expected.connection.message


@pytest.mark.parametrize(
    ("access", "status"), [(ALL, {}), (NONE, HOLDS)], ids=["let in", "holds its robot"]
)
async def test_a_connection_that_is_for_it_is_used(access, status):
    there = context(access)

    with pytest.raises(Read):
        await observe(there, robot(there, **status))


async def test_who_is_let_in_is_told_what_is_wrong_with_the_connection():
    there = context(ALL, url="https://q.test:99999")

    scene, _ = await observe(there, robot(there))

    (finding,) = decide(scene).findings
    assert finding.error.reason == Reason.CONNECTION_NOT_READY


def with_own(there: Any, *places: tuple[str, str]) -> Any:
    for namespace, name in places:
        meta = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": "1",
                "creationTimestamp": MADE}  # fmt: skip
        spec = {"url": "https://q.test", "credentials": {"secretRef": {"name": "t"}}}
        there.store.observe("QuayConnection", None, {"metadata": meta, "spec": spec})
    return there


@pytest.mark.parametrize(
    ("places", "told"),
    [
        pytest.param([("shop", "own")], "own", id="the one that is there"),
        pytest.param([("shop", "a"), ("shop", "default")], "default", id="the one of that name"),
        pytest.param([("bakery", "own")], "", id="another namespace's is none"),
        pytest.param([], "", id="none"),
    ],
)
@pytest.mark.parametrize("access", [None, NONE], ids=["absent", "for others"])
async def test_a_connection_of_the_namespace_that_was_not_named_is_suggested(access, places, told):
    there = with_own(context(access), *places)

    scene, _ = await observe(there, robot(there))

    assert isinstance(scene.connection, QuayRobotError)
    hint = (
        f"; to use the QuayConnection {told}, "
        f"set connectionRef: {{kind: QuayConnection, name: {told}}}"
    )
    assert scene.connection.message == (
        "there is no ClusterQuayConnection default that this resource may use"
        + (hint if told else "")
    )


async def test_who_has_a_robot_is_not_sent_to_another_connection():
    there = with_own(context(None), ("shop", "own"))

    scene, _ = await observe(there, robot(there, **HOLDS))

    assert isinstance(scene.connection, QuayRobotError)
    assert "own" not in scene.connection.message
