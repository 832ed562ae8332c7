"""What is said of a resource that we let go, and that a finalizer of somebody else holds?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Body, Installation, Tenant
from tests.kit.processes import wait_for

THEIRS = "example.com/audit"
HOLD = json.dumps([{"op": "add", "path": "/metadata/finalizers/-", "value": THEIRS}])
LET_GO = json.dumps({"metadata": {"finalizers": None}})
OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def hold(tenant: Tenant, kind: str, name: str) -> None:
    tenant.kubectl("patch", kind, name, "--type=json", "-p", HOLD)


def let_go(tenant: Tenant, kind: str, name: str) -> None:
    tenant.kubectl("patch", kind, name, "--type=merge", "-p", LET_GO)


def ready_of(tenant: Tenant, kind: str, name: str) -> Body:
    conditions = (tenant.get(name, kind) or {}).get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == "Ready"), {})


def says(condition: Body) -> bool:
    told = condition.get("status"), condition.get("reason")
    return told == ("False", "Deleting") and THEIRS in condition["message"]


def test_a_robot_and_its_connection_are_not_ready_any_more(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    hold(tenant, "quayrobot", "ci")
    hold(tenant, "quayconnection", "own")

    tenant.delete()
    wait_for(lambda: says(tenant.condition()), "what holds it")
    assert tenant.in_quay() is None
    tenant.delete("own", "quayconnection")
    wait_for(lambda: says(ready_of(tenant, "quayconnection", "own")), "what holds it")

    for kind, name in (("quayrobot", "ci"), ("quayconnection", "own")):
        let_go(tenant, kind, name)
        tenant.wait_gone(name, kind)


def test_so_is_a_shared_robot(cluster_robot: ClusterRobot):
    (tenant,) = cluster_robot.namespaces(1)
    cluster_robot.apply(mode="Shared")
    cluster_robot.wait_ready(1)
    hold(tenant, "clusterquayrobot", cluster_robot.name)

    cluster_robot.delete()

    wait_for(lambda: says(cluster_robot.condition()), "what holds it")
    let_go(tenant, "clusterquayrobot", cluster_robot.name)
    cluster_robot.wait_gone()


def test_a_namespace_whose_robot_others_hold_is_named(cluster_robot: ClusterRobot):
    tenant, _ = cluster_robot.namespaces(2)
    cluster_robot.apply()
    cluster_robot.wait_ready(2)
    hold(tenant, "quayrobot", cluster_robot.name)

    tenant.delete(cluster_robot.name)

    cluster_robot.wait_reason("NamespacesFailed")
    (failed,) = cluster_robot.status()["failed"]
    assert (failed["namespace"], failed["reason"]) == (tenant.name, "DeletionBlocked")
    assert THEIRS in failed["message"]
    assert cluster_robot.condition("Reconciling")["reason"] == "NamespacesFailed"
    let_go(tenant, "quayrobot", cluster_robot.name)
    cluster_robot.wait_ready(2)
