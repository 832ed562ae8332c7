"""Is it told on a resource of any kind that the API server does not take its status?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import USER, Installation, Tenant, settle
from tests.kit.policies import AUTHORS_WORDS, denied
from tests.kit.processes import wait_for

OURS = {"group": "quayrobot.io", "version": "v1alpha1"}
OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def notes(house: Installation, kind: str, name: str, namespace: str = "") -> list[str]:
    """Return what warnings of a refusal say of a resource."""
    listed = house.plane.kubectl("get", "events.events.k8s.io", "-A", "-o", "json")
    assert AUTHORS_WORDS not in listed
    about = (kind, name, namespace)
    return [
        each["note"]
        for each in json.loads(listed)["items"]
        if (each["type"], each["reason"]) == ("Warning", "AdmissionDenied")
        if about == tuple(each["regarding"].get(k, "") for k in ("kind", "name", "namespace"))
    ]


def tries(house: Installation, resource: str, name: str, since: int, namespace: str = "") -> int:
    written = (USER, resource, "status", name, namespace)
    return sum(
        (each.user, each.resource, each.subresource, each.name, each.namespace or "") == written
        for each in house.plane.audit()[since:]
    )


def test_a_robots_user_learns_of_it_by_one_event_for_as_long_as_it_lasts(tenant: Tenant):
    def told() -> list[str]:
        return notes(tenant.house, "QuayRobot", "ci", tenant.name)

    def tried(since: int) -> int:
        return tries(tenant.house, "quayrobots", "ci", since, tenant.name)

    for number in (1, 2):
        begun = len(tenant.house.plane.audit())
        with denied(tenant, "UPDATE", resource="quayrobots/status", **OURS) as policy:
            tenant.robot(secrets=[{"name": "ci"}, {"name": f"more-{number}"}])
            tenant.wait_login(f"more-{number}")
            wait_for(lambda begun=begun: tried(begun) >= 2, "two tries", timeout_s=60)

            assert len(told()) == number
            assert policy in told()[-1]
            assert "status cannot be stored" in told()[-1]
        tenant.wait_ready(timeout_s=60)


def test_a_connection_without_a_status_serves_and_one_event_tells(tenant: Tenant):
    house = tenant.house
    begun = len(house.plane.audit())
    with denied(tenant, "UPDATE", resource="quayconnections/status", **OURS) as policy:
        tenant.connection()
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()
        tenant.wait_login()
        tried = ("quayconnections", "own", begun, tenant.name)
        wait_for(lambda: tries(house, *tried) >= 3, "some tries", timeout_s=40)

        (said,) = notes(house, "QuayConnection", "own", tenant.name)
        assert policy in said

    wait_for(lambda: "status" in (tenant.get("own", "quayconnection") or {}), "it", timeout_s=45)


def test_a_cluster_robot_without_a_status_serves_and_one_event_tells(cluster_robot: ClusterRobot):
    house = cluster_robot.house
    stays, leaves = cluster_robot.namespaces(2)
    begun = len(house.plane.audit())
    # What is of no namespace is matched wherever the policy is bound.
    with denied(stays, "UPDATE", resource="clusterquayrobots/status", **OURS) as policy:
        cluster_robot.apply()
        for each in (stays, leaves):
            wait_for(lambda each=each: each.logs_in(cluster_robot.name), "a login")
        cluster_robot.label(None, leaves)
        wait_for(lambda: cluster_robot.members() == {stays.name}, "one to leave", timeout_s=40)
        tried = ("clusterquayrobots", cluster_robot.name, begun)
        # At growing intervals: more than the fixed five minutes, less than one each second.
        wait_for(lambda: tries(house, *tried) >= 4, "some tries", timeout_s=60)

        (said,) = notes(house, "ClusterQuayRobot", cluster_robot.name)
        assert policy in said

    cluster_robot.wait_ready(1, timeout_s=45)


def test_a_shared_robot_without_a_status_serves_and_one_event_tells(cluster_robot: ClusterRobot):
    (one,) = cluster_robot.namespaces(1)
    cluster_robot.apply(mode="Shared")
    cluster_robot.wait_ready(1)
    with denied(one, "UPDATE", resource="clusterquayrobots/status", **OURS):
        (other,) = cluster_robot.namespaces(1)

        wait_for(lambda: other.logs_in(cluster_robot.name), "a login")
        about = (cluster_robot.house, "ClusterQuayRobot", cluster_robot.name)
        wait_for(lambda: len(notes(*about)) == 1, "the event")
        settle(lambda: len(notes(*about)) == 1, seconds=4)

    cluster_robot.wait_ready(2, timeout_s=45)


def ready_of_connection(tenant: Tenant) -> dict[str, str]:
    body = tenant.get("own", "quayconnection") or {}
    conditions = (body.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == "Ready"), {})


def test_a_connection_that_is_not_let_go_says_who_holds_it(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    with denied(tenant, "UPDATE", resource="quayconnections", **OURS) as policy:
        tenant.delete()
        tenant.delete("own", "quayconnection")
        tenant.wait_gone()

        blocked = "DeletionBlocked"
        wait_for(lambda: ready_of_connection(tenant).get("reason") == blocked, "it", timeout_s=40)
        assert policy in ready_of_connection(tenant)["message"]
        assert AUTHORS_WORDS not in json.dumps(tenant.get("own", "quayconnection"))

    tenant.wait_gone("own", "quayconnection", timeout_s=45)
