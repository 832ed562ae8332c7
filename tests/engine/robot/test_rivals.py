"""Does the claim of one robot fall to one resource, as the store shows all who name it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.engine.cache.store import RobotRecord, Store
from quayrobot.engine.robot.observe import _rivals, me_of
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.model.errors import Refused
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.world import Absent, ConnectionSeen, NamespaceSeen
from quayrobot.plan.robot.claim import check_claim
from quayrobot.plan.scene import Scene

FINALIZER = "quayrobot.io/finalizer"
CONNECTION = ConnectionSeen("ClusterQuayConnection", None, "default", "u", "https://q:443", "q")
STAGES = ("new", "bound", "holds")


def body(name: str, second: int, stage: str) -> dict[str, Any]:
    """Return a resource: new, bound by our finalizer before the PUT, or holding its robot."""
    robot = {"fullName": "acme+shared"} | ({"createdAt": "then"} if stage == "holds" else {})
    where = {"kind": CONNECTION.kind, "name": CONNECTION.name, "origin": CONNECTION.origin}
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "resourceVersion": "1",
            "generation": 1,
            "creationTimestamp": f"2026-11-24T03:00:0{second}Z",
            "finalizers": [] if stage == "new" else [FINALIZER],
        },
        "spec": {"organization": "acme", "robotName": "shared"},
        "status": {} if stage == "new" else {"robot": robot, "connection": where},
    }


def world(*bodies: dict[str, Any]) -> Any:
    """Return what a pass looks at: a store, and a connection without rules."""
    store = Store()
    hub = {
        "metadata": {"name": "default", "uid": "u", "resourceVersion": "1",
                     "creationTimestamp": "2026-11-24T03:00:00Z"},
        "spec": {"url": "https://q", "access": [],
                 "credentials": {"secretRef": {"name": "t", "namespace": "quay"}}},
    }  # fmt: skip
    store.observe("ClusterQuayConnection", None, hub)
    for each in bodies:
        store.observe("QuayRobot", None, each)
    return SimpleNamespace(store=store, pool=SimpleNamespace(rules=lambda _key: None))


def wins(context: Any, record: RobotRecord) -> bool:
    scene = Scene(
        cluster="c",
        now=datetime.now(UTC),
        me=me_of(record),
        spec=record.lenient_spec,
        status=record.status,
        connection=CONNECTION,
        rules=None,
        namespace=NamespaceSeen("shop"),
        rivals=_rivals(context, record, CONNECTION),
    )
    try:
        if check_claim(scene):
            # Quay is asked for the mark, and has no such robot.
            assert check_claim(replace(scene, robot=Absent())) == ()
    except Refused:
        return False
    return True


def winners(*bodies: dict[str, Any]) -> list[str]:
    context = world(*bodies)
    return [name.name for name, each in context.store.robots.items() if wins(context, each)]


@pytest.mark.parametrize(("older", "younger"), list(product(STAGES, STAGES)))
@pytest.mark.parametrize("seconds", [(0, 1), (0, 0)], ids=["older", "twins"])
def test_one_of_two_has_it_at_every_stage(older, younger, seconds):
    found = winners(body("a", seconds[0], older), body("b", seconds[1], younger))

    assert len(found) == 1


def turning(name: str, second: int, stage: str) -> dict[str, Any]:
    """Return the same, for two robots that take turns; it holds the first one."""
    made = body(name, second, stage)
    made["spec"] |= {"permissions": {}, "rotation": {"strategy": "Overlap"}}
    return made


def second(name: str, seconds: int, stage: str) -> dict[str, Any]:
    """Return a resource whose one robot has the second of these names."""
    made = body(name, seconds, stage)
    made["spec"]["robotName"] = "shared.alt"
    if made["status"]:
        made["status"]["robot"]["fullName"] = "acme+shared.alt"
    return made


@pytest.mark.parametrize(("one", "other"), list(product(STAGES, STAGES)))
@pytest.mark.parametrize("seconds", [(0, 1), (1, 0), (0, 0)], ids=["older", "younger", "twins"])
def test_of_a_pair_and_one_that_has_the_second_name_one_has_it(one, other, seconds):
    found = winners(turning("a", seconds[0], one), second("b", seconds[1], other))

    assert len(found) == 1
    if other == "holds":
        assert found == ["b"]


def test_two_pairs_share_no_name_but_their_own():
    assert winners(turning("a", 0, "holds"), second("b", 1, "holds")) == ["b"]
    apart = turning("c", 0, "holds")
    apart["spec"]["robotName"] = "shared2"
    assert winners(turning("a", 0, "holds"), apart) == ["a", "c"]


@pytest.mark.parametrize("seconds", [0, 1, 2])
def test_who_holds_the_robot_keeps_it_from_who_is_new(seconds):
    assert winners(body("b", 1, "holds"), body("a", seconds, "new")) == ["b"]


@pytest.mark.parametrize("seconds", [0, 1])
def test_who_holds_the_robot_keeps_it_from_an_older_one_that_lost_the_race(seconds):
    assert winners(body("b", 1, "holds"), body("a", seconds, "bound")) == ["b"]


@pytest.mark.parametrize("seconds", [0, 1, 2])
def test_who_was_bound_for_the_put_goes_before_who_is_new(seconds):
    assert winners(body("b", 1, "bound"), body("a", seconds, "new")) == ["b"]


@pytest.mark.parametrize("stage", STAGES)
def test_who_goes_and_has_let_go_blocks_nobody(stage: str):
    going = body("a", 0, "holds")
    # Another controller's finalizer keeps it there.
    going["metadata"] |= {"deletionTimestamp": "2026-11-24T04:00:00Z", "finalizers": ["a.b/c"]}

    assert "b" in winners(going, body("b", 1, stage))
    going["metadata"]["finalizers"].append(FINALIZER)
    assert "b" not in winners(going, body("b", 1, "new"))


def test_of_two_who_are_new_the_older_has_it():
    assert winners(body("b", 0, "new"), body("a", 1, "new")) == ["b"]


def test_three_at_three_stages_are_one_owner():
    found = winners(body("a", 0, "new"), body("b", 1, "bound"), body("c", 2, "holds"))

    assert found == ["c"]


def test_a_resource_of_another_quay_is_no_rival():
    context = world(body("a", 0, "new"), body("b", 1, "new"))
    elsewhere = ConnectionSeen("QuayConnection", "shop", "x", "u", "https://other:443", "other")
    record = context.store.robots[ResourceKey("QuayRobot", "shop", "b")]

    assert _rivals(context, record, elsewhere) == ()
    assert len(_rivals(context, record, CONNECTION)) == 1


def test_a_token_is_needed_unless_somebody_here_has_federated_credentials():
    keyless = body("a", 1, "holds")
    keyless["spec"]["credentials"] = {"type": "Federated", "serviceAccount": "builder"}
    name = RobotName(OwnerName("organization", "acme"), "shared")

    rival = body("c", 2, "new")
    rival["spec"]["credentials"] = {"type": "Federated", "serviceAccount": "builder"}

    assert not world().store.drops_token(name)
    assert not world(body("b", 1, "holds"), rival).store.drops_token(name)
    assert not world(body("b", 1, "holds")).store.drops_token(name)
    assert world(keyless).store.drops_token(name)
