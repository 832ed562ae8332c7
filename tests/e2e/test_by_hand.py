"""What if hands change Quay or a connection under robots that serve many or take turns?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary import oauth_token
from tests.kit.cluster_robots import ClusterRobot
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.turning import declare, end_overlap, robots, stock, turned

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def test_a_shared_robot_that_changes_in_quay_changes_in_every_copy(cluster_robot: ClusterRobot):
    quay, (one, two) = cluster_robot.house.quay, cluster_robot.namespaces(2)
    cluster_robot.apply(mode="Shared", template={"secrets": [{"name": "pull"}]})
    cluster_robot.wait_ready(2)
    (robot,) = cluster_robot.robots()
    called = quay.mark()

    quay.admin("robot/regenerate", name=robot)
    wait_for(lambda: one.logs_in("pull") and two.logs_in("pull"), "the token in both copies")
    cluster_robot.wait_ready(2)

    quay.admin("robot/delete", name=robot)
    wait_for(lambda: cluster_robot.robots() == [robot], "a new robot", timeout_s=40)
    wait_for(lambda: one.logs_in("pull") and two.logs_in("pull"), "its token in both copies")
    cluster_robot.wait_ready(2)
    assert cluster_robot.counts()["stale"] == 0
    effects = [
        e.operation for e in quay.calls(called) if e.effect and cluster_robot.name in e.path
    ]
    assert effects == ["robot.create"]


@pytest.mark.parametrize("mode", ["PerNamespace", "Shared"])
def test_a_deletion_in_the_foreground_takes_robots_and_secrets_along(
    cluster_robot: ClusterRobot, mode: str
):
    (tenant,) = cluster_robot.namespaces(1)
    cluster_robot.apply(mode=mode, template={"secrets": [{"name": "pull"}]})
    cluster_robot.wait_ready(1)
    assert len(cluster_robot.robots()) == 1

    foreground = ("--cascade=foreground", "--timeout=30s")
    cluster_robot.house.plane.kubectl(
        "delete", "clusterquayrobot", cluster_robot.name, *foreground
    )

    assert cluster_robot.get() is None
    tenant.wait_gone("pull", "secret")
    tenant.wait_gone(cluster_robot.name)
    assert cluster_robot.robots() == []


def test_robots_that_take_turns_or_serve_many_stay_where_they_were_made(
    tenant: Tenant, cluster_robot: ClusterRobot
):
    stock(tenant)
    tenant.connection()
    declare(tenant, "one", connectionRef=OWN)
    tenant.wait_ready()
    declare(tenant, "two", connectionRef=OWN)
    turned(tenant, "ci.alt")
    (copy,) = cluster_robot.namespaces(1)
    cluster_robot.house.cluster_connection(cluster_robot.name)
    through = {"connectionRef": {"name": cluster_robot.name}, "secrets": [{"name": "pull"}]}
    cluster_robot.apply(mode="Shared", template=through)
    cluster_robot.wait_ready(1)
    held, mine = tenant.credential(), robots(tenant)

    with FakeQuay() as other:
        token = other.admin("token", value=oauth_token())
        for name in (tenant.name, cluster_robot.name):
            other.admin("organization", name=name)
        tenant.connection(url=other.url, token=token)
        cluster_robot.house.cluster_connection(cluster_robot.name, url=other.url, token=token)
        tenant.wait_reason("ConnectionMoved")
        cluster_robot.wait_reason("ConnectionMoved")
        # A turn that is asked for, one that is over, and a lost copy: all of them wait.
        declare(tenant, "three", connectionRef=OWN)
        end_overlap(tenant)
        copy.kubectl("delete", "secret", "pull")
        settle(
            lambda: tenant.reason() == cluster_robot.condition()["reason"] == "ConnectionMoved", 3
        )

        assert other.admin("robots") == []
        assert [each.operation for each in other.calls() if each.effect] == []
        assert (tenant.credential(), robots(tenant)) == (held, mine)

        tenant.connection()
        cluster_robot.house.cluster_connection(cluster_robot.name)
        turned(tenant, "ci")
        copy.wait_login("pull")
        cluster_robot.wait_ready(1)
    cluster_robot.delete()
    cluster_robot.wait_gone()
    cluster_robot.house.plane.kubectl(
        "delete", "clusterquayconnection", cluster_robot.name, "--wait=false"
    )
