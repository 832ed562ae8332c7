"""What if somebody else sets back what a ClusterQuayRobot writes into a QuayRobot?"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.kit.asking import AGREED, TOLD
from tests.kit.asking_cluster_robots import AskingClusterRobot
from tests.kit.cluster_robots import ClusterRobot
from tests.kit.controlplane.plane import AuditEntry
from tests.kit.installation import Installation, settle
from tests.kit.operating import USER
from tests.kit.policies import changed
from tests.kit.processes import wait_for
from tests.kit.writers import each_time

MOST_WRITES = 8
WATCHED_S = 80.0
GROUP, VERSION = "quayrobot.io", "v1alpha1"


@pytest.fixture
def cluster_robot(
    house: Installation, request: pytest.FixtureRequest
) -> Iterator[AskingClusterRobot]:
    """Yield one for which `plan` foretells each edit."""
    made = AskingClusterRobot(house)
    yield made
    made.close()
    request.node.user_properties += [(TOLD, made.compared), (AGREED, made.agreed)]


def moved(robot: ClusterRobot) -> tuple[str, str]:
    return robot.condition()["status"], robot.condition("Reconciling").get("reason", "")


def events(robot: ClusterRobot) -> int:
    listed = robot.house.plane.kubectl("get", "events.events.k8s.io", "-A", "-o", "json")
    return sum(
        each["reason"] == "Contested" and each["regarding"]["name"] == robot.name
        for each in json.loads(listed)["items"]
    )


def test_another_writer_who_sets_a_field_back_each_time(cluster_robot: AskingClusterRobot):
    (tenant,) = cluster_robot.namespaces(1)
    cluster_robot.apply(template={"description": "ours"})
    cluster_robot.wait_ready(1)
    cluster_robot.compare()
    patch = json.dumps({"spec": {"description": "theirs"}})
    manager = "--field-manager=release-tool"

    written, begun = len(cluster_robot.house.plane.audit()), time.monotonic()
    with each_time(
        lambda: tenant.kubectl(
            "patch", "quayrobot", cluster_robot.name, "--type=merge", manager, "-p", patch
        )
    ):
        wait_for(lambda: moved(cluster_robot) == ("True", "Contested"), "it", timeout_s=40)
        said = cluster_robot.condition("Reconciling")["message"]
        assert f"QuayRobot {tenant.name}/{cluster_robot.name}" in said
        assert "spec.description" in said
        assert "release-tool" in said
        time.sleep(max(0.0, WATCHED_S - (time.monotonic() - begun)))
        assert members_written(cluster_robot, written) <= MOST_WRITES
        # Two, the third loss, and a minute later its next turn, which it loses as well.
        assert members_stored(cluster_robot, written) >= 3
        settle(lambda: moved(cluster_robot) == ("True", "Contested"))
    assert events(cluster_robot) == 1

    cluster_robot.apply(template={"description": "edited"})
    cluster_robot.wait_ready(1)
    cluster_robot.compare()
    assert tenant.get(cluster_robot.name)["spec"]["description"] == "edited"


def test_a_policy_that_changes_each_write(cluster_robot: AskingClusterRobot):
    (tenant,) = cluster_robot.namespaces(1)
    cluster_robot.apply(template={"description": "ours"})
    cluster_robot.wait_ready(1)
    cluster_robot.compare()
    applied = 'Object{spec: Object.spec{description: "policy"}}'

    with changed(tenant, applied, group=GROUP, version=VERSION, resource="quayrobots"):
        written, begun = len(cluster_robot.house.plane.audit()), time.monotonic()
        cluster_robot.apply(template={"description": "edited"})

        wait_for(lambda: moved(cluster_robot) == ("True", "Contested"), "it", timeout_s=40)
        cluster_robot.compare(again=True)
        assert "an admission policy" in cluster_robot.condition("Reconciling")["message"]
        tenant.wait_login(cluster_robot.name)
        time.sleep(max(0.0, WATCHED_S - (time.monotonic() - begun)))
        assert members_written(cluster_robot, written) <= MOST_WRITES
        assert moved(cluster_robot) == ("True", "Contested")

    cluster_robot.apply(template={"description": "again"})
    cluster_robot.wait_ready(1)
    cluster_robot.compare()
    settle(lambda: cluster_robot.condition("Reconciling") == {})


def test_somebody_who_deletes_a_robot_each_time(cluster_robot: ClusterRobot):
    (tenant,) = cluster_robot.namespaces(1)
    cluster_robot.apply()
    cluster_robot.wait_ready(1)
    called, times = cluster_robot.house.quay.mark(), [0]

    def delete() -> None:
        tenant.delete(cluster_robot.name)
        times[0] += 1

    with each_time(delete):
        cluster_robot.wait_reason("NamespacesFailed", timeout_s=40)
        wait_for(lambda: times[0] >= 15, "enough of it", timeout_s=40)
    (failed,) = cluster_robot.status()["failed"]
    assert failed["reason"] == "Contested"
    # Three before it waits, the first after a minute.
    made = cluster_robot.operations(called).count("robot.create")
    assert 2 <= made <= 4
    assert events(cluster_robot) == 0

    # An edit has its turn at once.
    cluster_robot.apply(template={"description": "edited"})
    cluster_robot.wait_ready(1)
    assert tenant.logs_in(cluster_robot.name)


def members_written(robot: ClusterRobot, since: int) -> int:
    """Count the operator's writes of QuayRobots themselves, their status aside."""
    return sum(each.write for each in of_members(robot, since))


def members_stored(robot: ClusterRobot, since: int) -> int:
    """Leave out those that lost to another writer and changed nothing."""
    return sum(each.stored for each in of_members(robot, since))


def of_members(robot: ClusterRobot, since: int) -> list[AuditEntry]:
    """Return what the operator asked of QuayRobots themselves."""
    return [
        each
        for each in robot.house.plane.audit()[since:]
        if (each.user, each.resource, each.subresource) == (USER, "quayrobots", "")
        and each.namespace in robot.spaces
    ]
