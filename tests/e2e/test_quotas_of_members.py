"""Is a namespace of a ClusterQuayRobot served soon after its quota was raised?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation, Tenant
from tests.kit.processes import wait_for


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def forbid(tenant: Tenant, resource: str) -> None:
    hard = {f"count/{resource}": "0"}
    meta = {"name": "few", "namespace": tenant.name}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta}
    tenant.house.plane.apply({**quota, "spec": {"hard": hard}})
    # No controller counts here: what is used has to be said.
    status = json.dumps({"status": {"hard": hard, "used": hard}})
    tenant.kubectl("patch", "resourcequota", "few", "--subresource=status", "--type=merge",
                   "-p", status)  # fmt: skip


def failed(cluster_robot: ClusterRobot) -> list[tuple[str, str]]:
    found = cluster_robot.status().get("failed") or []
    return [(each["namespace"], each["reason"]) for each in found]


def warnings(cluster_robot: ClusterRobot) -> list[str]:
    listed = cluster_robot.house.plane.kubectl("get", "events.events.k8s.io", "-A", "-o", "json")
    return [
        each["reason"]
        for each in json.loads(listed)["items"]
        if each["regarding"]["name"] == cluster_robot.name and each["type"] == "Warning"
    ]


def told_of(cluster_robot: ClusterRobot, tenant: Tenant) -> list[str]:
    of_both = ("resource.not_ready", f'"name": "{cluster_robot.name}"', f'"{tenant.name}"')
    said = cluster_robot.house.operator.said().splitlines()
    return [line for line in said if all(each in line for each in of_both)]


@pytest.mark.parametrize(
    ("resource", "spec"),
    [("quayrobots.quayrobot.io", {}), ("secrets", {"mode": "Shared"})],
    ids=["members", "copies"],
)
def test_one_that_is_full_holds_up_no_other_and_is_tried_twice_a_minute(
    cluster_robot: ClusterRobot, resource: str, spec: dict[str, Any]
):
    full, other = cluster_robot.namespaces(2)
    forbid(full, resource)
    called = cluster_robot.house.quay.mark()

    cluster_robot.apply(**spec)
    wait_for(lambda: failed(cluster_robot) == [(full.name, "QuotaExceeded")], "the reason")
    other.wait_login(cluster_robot.name)
    # The way there is no warning.
    assert warnings(cluster_robot) == ["NamespacesFailed"]
    # The status has the reason; what stands in the way is told in the log, once.
    (line,) = told_of(cluster_robot, full)
    assert "the ResourceQuota few does not allow it" in line

    full.delete("few", "resourcequota")
    cluster_robot.wait_ready(2, timeout_s=60)
    assert full.logs_in(cluster_robot.name)
    assert cluster_robot.operations(called).count("robot.create") == len(cluster_robot.robots())
    assert "robot.regenerate" not in cluster_robot.operations(called)
