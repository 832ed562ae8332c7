"""Can one tenant's haste be another's delay? Counted in calls, never in seconds."""

from __future__ import annotations

import pytest

from tests.kit.installation import Body, Installation, Tenant
from tests.kit.processes import wait_for

from .conftest import Begin, objects

CROWD = [f"c{number:03}" for number in range(50)]
NARROW = {"requestsPerSecond": 1, "concurrency": 2}
# More than there are workers; each answer takes long, and less than a call may.
HANGING = [f"h{number:02}" for number in range(30)]
HANGS_S = 20.0


@pytest.fixture
def narrow(house: Installation, tenant: Tenant) -> str:
    """Return a connection; it stays for the crowd that goes with its namespace."""
    name = f"narrow-{tenant.name}"
    widen(house, name)
    return name


def widen(house: Installation, name: str, **limits: int) -> None:
    house.cluster_connection(name, resyncInterval="10m", limits=limits)


def crowd(tenant: Tenant, connection: str, trigger: str) -> None:
    ref = {"kind": "ClusterQuayConnection", "name": connection}
    asking = {"connectionRef": ref, "rotation": {"trigger": trigger}}
    tenant.robots(dict.fromkeys(CROWD, asking))


def settled(tenant: Tenant) -> int:
    """Count those of the crowd that are as asked."""
    return sum(_is_settled(each) for each in objects(tenant, "quayrobots"))


def _is_settled(body: Body) -> bool:
    status = body.get("status", {})
    done = status.get("observedGeneration") == body["metadata"]["generation"]
    ready = [each["status"] for each in status.get("conditions", []) if each["type"] == "Ready"]
    return done and ready == ["True"] and "intent" not in (status.get("rotation") or {})


def wait_settled(tenant: Tenant) -> None:
    wait_for(lambda: settled(tenant) == len(CROWD), "the crowd", timeout_s=60, every_s=1)


@pytest.mark.rotates
def test_n16_a_crowd_that_rotates_holds_up_nobody_else(
    attack: Begin, tenant: Tenant, house: Installation, narrow: str, record_property
):
    crowd(tenant, narrow, "one")
    wait_settled(tenant)
    newcomer = house.tenant()
    widen(house, narrow, **NARROW)
    tried = attack("N16", f"{len(CROWD)} rotations at once", "asked again while they wait")
    before = house.quay.mark()

    for trigger in ("two", "three"):
        crowd(tenant, narrow, trigger)
    wait_for(lambda: tenant.operations(before).count("robot.regenerate") > 2, "the crowd's begin")
    asked = house.quay.mark()
    newcomer.robot(connectionRef={"kind": "ClusterQuayConnection", "name": narrow})
    known = house.quay.mark()
    newcomer.wait_ready(timeout_s=60)

    between = crowd_between(house, tenant, newcomer, asked, known)
    waiting = len(CROWD) - settled(tenant)
    record_property("attacks", f"N16: {between} calls of {len(CROWD)} that waited came between")
    assert waiting > len(CROWD) / 3, "the crowd was through before anybody could be held up"
    assert between <= len(CROWD) / 5

    widen(house, narrow)
    wait_settled(tenant)
    # What was asked while a rotation waited for its turn became one with it.
    rotated = tenant.operations(before).count("robot.regenerate")
    assert len(CROWD) <= rotated <= 2 * len(CROWD)
    tried.variant("a robot of another namespace meanwhile")
    newcomer.delete()
    newcomer.kubectl("delete", "namespace", newcomer.name, "--wait=false")


def crowd_between(
    house: Installation, crowd: Tenant, other: Tenant, asked: int, known: int
) -> int:
    """Count the calls for *crowd* that Quay got from *known* on, before the first for *other*."""
    paths = [each.path for each in house.quay.calls(asked)]
    first = next(at for at, path in enumerate(paths) if f"/organization/{other.name}/" in path)
    return sum(f"/organization/{crowd.name}/" in path for path in paths[known - asked : first])


def test_n16_connections_that_hang_hold_up_nobody_else(
    attack: Begin, victim: Tenant, tenant: Tenant, house: Installation
):
    attack("N16 hanging", *HANGING)
    slow = {"kind": "delay", "delay_s": HANGS_S, "count": -1, "path": f"/{tenant.name}/"}
    house.quay.admin("fault", operation="robot.create", **slow)
    tenant.connection()
    tenant.connections({name: {} for name in HANGING})
    begun = house.quay.mark()
    tenant.robots({name: {"connectionRef": own(name)} for name in HANGING})
    # The last thing before the call that hangs.
    wait_for(lambda: guarded(tenant) >= len(HANGING) / 3, "many to hang")

    newcomer = house.tenant()
    newcomer.robot()
    newcomer.wait_ready()

    # A new connection is greeted by one read; what hangs is each robot's creation.
    answered = [each for each in tenant.operations(begun) if each != "organization.get"]
    assert answered == [], "it was ready only after those that hang were answered"
    newcomer.delete()
    newcomer.kubectl("delete", "namespace", newcomer.name, "--wait=false")


def own(name: str) -> dict[str, str]:
    return {"kind": "QuayConnection", "name": name}


def guarded(tenant: Tenant) -> int:
    """Count the robots that are about to be made."""
    return sum("finalizers" in each["metadata"] for each in objects(tenant, "quayrobots"))
