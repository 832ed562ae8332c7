"""What if hands change Quay or a connection under robots that serve many or take turns?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.fleets import Fleet
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.turning import declare, end_overlap, robots, stock, turned

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def fleet(house: Installation) -> Iterator[Fleet]:
    made = Fleet(house)
    yield made
    made.close()


def test_a_shared_robot_that_changes_in_quay_changes_in_every_copy(fleet: Fleet):
    quay, (one, two) = fleet.house.quay, fleet.namespaces(2)
    fleet.apply(mode="Shared", template={"secrets": [{"name": "pull"}]})
    fleet.wait_ready(2)
    (robot,) = fleet.robots()
    called = quay.mark()

    quay.admin("robot/regenerate", name=robot)
    wait_for(lambda: one.logs_in("pull") and two.logs_in("pull"), "the token in both copies")
    fleet.wait_ready(2)

    quay.admin("robot/delete", name=robot)
    wait_for(lambda: fleet.robots() == [robot], "a new robot", timeout_s=40)
    wait_for(lambda: one.logs_in("pull") and two.logs_in("pull"), "its token in both copies")
    fleet.wait_ready(2)
    assert fleet.counts()["stale"] == 0
    effects = [e.operation for e in quay.calls(called) if e.effect and fleet.name in e.path]
    assert effects == ["robot.create"]


@pytest.mark.parametrize("mode", ["PerNamespace", "Shared"])
def test_a_deletion_in_the_foreground_takes_robots_and_secrets_along(fleet: Fleet, mode: str):
    (tenant,) = fleet.namespaces(1)
    fleet.apply(mode=mode, template={"secrets": [{"name": "pull"}]})
    fleet.wait_ready(1)
    assert len(fleet.robots()) == 1

    foreground = ("--cascade=foreground", "--timeout=30s")
    fleet.house.plane.kubectl("delete", "clusterquayrobot", fleet.name, *foreground)

    assert fleet.get() is None
    tenant.wait_gone("pull", "secret")
    tenant.wait_gone(fleet.name)
    assert fleet.robots() == []


def test_robots_that_take_turns_or_serve_many_stay_where_they_were_made(
    tenant: Tenant, fleet: Fleet
):
    stock(tenant)
    tenant.connection()
    declare(tenant, "one", connectionRef=OWN)
    tenant.wait_ready()
    declare(tenant, "two", connectionRef=OWN)
    turned(tenant, "ci.alt")
    (copy,) = fleet.namespaces(1)
    fleet.house.cluster_connection(fleet.name)
    through = {"connectionRef": {"name": fleet.name}, "secrets": [{"name": "pull"}]}
    fleet.apply(mode="Shared", template=through)
    fleet.wait_ready(1)
    held, mine = tenant.credential(), robots(tenant)

    with FakeQuay() as other:
        token = other.admin("token", value=oauth_token())
        for name in (tenant.name, fleet.name):
            other.admin("organization", name=name)
        tenant.connection(url=other.url, token=token)
        fleet.house.cluster_connection(fleet.name, url=other.url, token=token)
        tenant.wait_reason("ConnectionMoved")
        fleet.wait_reason("ConnectionMoved")
        # A turn that is asked for, one that is over, and a lost copy: all of them wait.
        declare(tenant, "three", connectionRef=OWN)
        end_overlap(tenant)
        copy.kubectl("delete", "secret", "pull")
        settle(lambda: tenant.reason() == fleet.condition()["reason"] == "ConnectionMoved", 3)

        assert other.admin("robots") == []
        assert [each.operation for each in other.calls() if each.effect] == []
        assert (tenant.credential(), robots(tenant)) == (held, mine)

        tenant.connection()
        fleet.house.cluster_connection(fleet.name)
        turned(tenant, "ci")
        copy.wait_login("pull")
        fleet.wait_ready(1)
    fleet.delete()
    fleet.wait_gone()
    fleet.house.plane.kubectl("delete", "clusterquayconnection", fleet.name, "--wait=false")
