"""Is what only time or people can mend waited for in peace, and noticed when it is over?"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from quayrobot.engine.robot.grants import AWAITED_S
from tests.kit.canary import oauth_token
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
MISSING = {"repositories": [{"name": "later", "role": "read"}], "teams": ["later"]}


def passes(house: Installation, kind: str) -> float:
    families = text_string_to_metric_families(house.operator.metrics())
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "quayrobot_passes_total" and sample.labels["kind"] == kind
    )


def authorized(body: dict[str, Any] | None) -> str:
    conditions = ((body or {}).get("status") or {}).get("conditions") or []
    return next((each["status"] for each in conditions if each["type"] == "Authorized"), "")


def test_a_revoked_token_troubles_no_robot_and_is_never_called_good_meanwhile(tenant: Tenant):
    house, names = tenant.house, ("one", "two", "three")
    token = house.quay.admin("token", value=oauth_token())
    tenant.connection(token=token)
    for name in names:
        tenant.robot(name, connectionRef=OWN)
    for name in names:
        tenant.wait_ready(name)
    house.operator.stop()
    since = len(house.plane.audit())
    house.quay.admin("token/revoke", token=token)

    house.operator.start()
    wait_for(
        lambda: authorized(tenant.get("own", "quayconnection")) == "False",
        "the connection to say so",
        timeout_s=30,
    )
    begun, called = passes(house, "QuayRobot"), house.quay.mark()
    # Longer than two resyncs: each of them asks once.
    settle(lambda: authorized(tenant.get("own", "quayconnection")) == "False", seconds=24)

    assert set(tenant.operations(called)) == {"robot.list"}
    assert len(tenant.operations(called)) <= 3
    # Each list wakes each of them once. Those of the start may still be under way, and others of
    # the house count, too; who tries again as failures are tried again comes dozens of times.
    rounds = len(tenant.operations(called)) + 4
    assert passes(house, "QuayRobot") - begun <= rounds * len(names)
    written = [each for each in house.operator_writes(since) if tenant.name in each]
    assert [each for each in written if "quayrobots" in each] == []
    house.secret(tenant.name, "token-own", house.token)
    wait_for(
        lambda: authorized(tenant.get("own", "quayconnection")) == "True",
        "the connection to be good again",
        timeout_s=20,
    )


def test_a_name_that_somebody_elses_robot_had_is_taken_when_it_is_free(tenant: Tenant):
    tenant.connection()
    tenant.house.quay.admin("robot", name=tenant.full())
    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("RobotExists")

    tenant.house.quay.admin("robot/delete", name=tenant.full())

    tenant.wait_ready(timeout_s=40)
    assert tenant.logs_in()


def test_what_many_name_and_nobody_made_is_asked_for_by_one(tenant: Tenant):
    tenant.connection()
    names = [f"robot-{number}" for number in range(5)]
    for name in names:
        tenant.robot(name, connectionRef=OWN, permissions=MISSING)
    for name in names:
        tenant.wait_reason("RepositoryNotFound", name)
    called, begun = tenant.house.quay.mark(), time.monotonic()

    wait_for(lambda: tenant.operations(called).count("robot.list") >= 2, "two resyncs",
             timeout_s=40)  # fmt: skip

    asked = Counter(each for each in tenant.operations(called) if each != "robot.list")
    # One of the five asks every AWAITED_S at most, however long the two resyncs took.
    rounds = (time.monotonic() - begun) / AWAITED_S + 2
    assert set(asked) <= {"repository.get", "member.put"}
    assert max(asked.values()) <= rounds
    tenant.repository("later")
    tenant.house.quay.admin("team", org=tenant.name, name="later")
    for name in names:
        tenant.wait_ready(name, timeout_s=60)


def test_an_organization_that_is_made_again_gets_its_robots_again(tenant: Tenant):
    tenant.connection()
    for name in ("one", "two"):
        tenant.robot(name, connectionRef=OWN)
    for name in ("one", "two"):
        tenant.wait_ready(name)
    tenant.house.quay.admin("organization/delete", name=tenant.name)
    for name in ("one", "two"):
        tenant.wait_reason("OrganizationNotFound", name, timeout_s=40)
    called = tenant.house.quay.mark()

    tenant.house.quay.admin("organization", name=tenant.name)

    for name in ("one", "two"):
        tenant.wait_ready(name, timeout_s=40)
        assert tenant.logs_in(name)
    assert tenant.effects(called) == ["robot.create", "robot.create"]


def test_a_connection_that_a_robot_came_to_outlives_its_namespace_until_the_robot_is_gone(
    tenant: Tenant,
):
    tenant.connection("first")
    tenant.robot(connectionRef={"kind": "QuayConnection", "name": "first"})
    tenant.wait_ready()
    tenant.connection("second")

    tenant.robot(connectionRef={"kind": "QuayConnection", "name": "second"})
    tenant.wait_ready()
    held = tenant.get("second", "quayconnection")
    assert held is not None
    assert held["metadata"]["finalizers"] == ["quayrobot.io/finalizer"]
    tenant.house.plane.kubectl("delete", "namespace", tenant.name, "--wait=false")

    wait_for(lambda: tenant.house.plane.get("namespace", tenant.name) is None,
             "the namespace to be gone", timeout_s=60)  # fmt: skip
    assert tenant.in_quay() is None
