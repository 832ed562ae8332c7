"""What if somebody else takes the finalizer or the status of our resources, each time?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Body, Installation, Tenant
from tests.kit.processes import wait_for
from tests.kit.writers import each_time

OWN = {"kind": "QuayConnection", "name": "own"}
# Two at once, the next after a minute, and one for another reason.
MOST_WRITES = 4
TIMES = 15
PARTS = ("metadata.finalizers", "status")


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def notes(house: Installation, namespace: str, name: str) -> list[str]:
    """Return what events of a contest say about the resource *name*."""
    listed = house.plane.kubectl("get", "events.events.k8s.io", "-n", namespace, "-o", "json")
    found = (each for each in json.loads(listed)["items"] if each["reason"] == "Contested")
    return [each["note"] for each in found if each["regarding"]["name"] == name]


def patch(part: str, body: Body | None) -> tuple[str, ...]:
    """Return the words of a kubectl that takes *part* of *body*, as it is when it is well."""
    if part == "metadata.finalizers":
        return "--type=merge", "-p", '{"metadata": {"finalizers": null}}'
    assert body is not None
    conditions = [{**each, "message": "in our words"} for each in body["status"]["conditions"]]
    changed = json.dumps({"status": {"conditions": conditions}})
    return "--type=merge", "--subresource=status", "-p", changed


def fight(house: Installation, take: Callable[[], object], written: str) -> list[str]:
    """Have somebody *take* each time; return what the operator wrote to *written* meanwhile."""
    since, times = len(house.plane.audit()), [0]

    def count() -> None:
        take()
        times[0] += 1

    with each_time(count):
        wait_for(lambda: times[0] >= TIMES, "enough of it", timeout_s=90)
    return [each for each in house.operator_writes(since) if each.endswith(written)]


@pytest.mark.parametrize("part", PARTS)
def test_of_a_robot(tenant: Tenant, part: str):
    tenant.robot()
    tenant.wait_ready()
    taking = ("--field-manager=janitor", *patch(part, tenant.get()))

    writes = fight(
        tenant.house,
        lambda: tenant.kubectl("patch", "quayrobot", "ci", *taking),
        f" {tenant.name}/ci",
    )

    assert 2 <= len(writes) <= MOST_WRITES, writes
    (note,) = notes(tenant.house, tenant.name, "ci")
    assert part in note
    # Nobody has a finalizer that is not there.
    assert ("janitor" in note) == (part == "status")
    assert tenant.logs_in()
    # An edit has its turn at once.
    tenant.robot(description="edited")
    tenant.wait_ready()
    assert tenant.get()["metadata"]["finalizers"] == ["quayrobot.io/finalizer"]
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None


@pytest.mark.parametrize("part", PARTS)
def test_of_a_connection(tenant: Tenant, part: str):
    tenant.connection(resyncInterval="5m")
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    tenant.rest()
    taking = patch(part, tenant.get("own", "quayconnection"))

    writes = fight(
        tenant.house,
        lambda: tenant.kubectl("patch", "quayconnection", "own", *taking),
        f" {tenant.name}/own",
    )

    assert 2 <= len(writes) <= MOST_WRITES, writes
    (note,) = notes(tenant.house, tenant.name, "own")
    assert part in note


@pytest.mark.parametrize(
    ("mode", "part"),
    [("PerNamespace", "status"), ("Shared", "status"), ("Shared", "metadata.finalizers")],
)
def test_of_a_cluster_robot(cluster_robot: ClusterRobot, mode: str, part: str):
    house, name = cluster_robot.house, cluster_robot.name
    cluster_robot.namespaces(1)
    cluster_robot.apply(mode=mode)
    cluster_robot.wait_ready(1)
    taking = patch(part, cluster_robot.get())

    writes = fight(
        house,
        lambda: house.plane.kubectl("patch", "clusterquayrobot", name, *taking),
        f" /{name}",
    )

    assert 2 <= len(writes) <= MOST_WRITES, writes
    (note,) = notes(house, "default", name)
    assert part in note
