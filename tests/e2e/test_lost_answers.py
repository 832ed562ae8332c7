"""What if the API server does what it is asked, and its answer never comes?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation, Tenant
from tests.kit.proxy import Asked, Hook, When
from tests.kit.replicas import Replica, replicas

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def stopped(house: Installation, canary_watch: CanaryWatch) -> Iterator[Replica]:
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        yield one


@pytest.fixture
def replica(stopped: Replica) -> Replica:
    stopped.operator.start()
    return stopped


def losing(tenant: Tenant, spoiled: bool | int) -> Hook:
    """Return what lets each finalizer of the robot be written, and answers by *spoiled*."""
    path = f"/namespaces/{tenant.name}/quayrobots/ci"

    def lose(asked: Asked, when: When) -> bool | int:
        mine = asked.method == "PATCH" and asked.path.endswith(path)
        return spoiled if mine and when == "after" else False

    return lose


@pytest.mark.parametrize("spoiled", [True, 504], ids=["cut", "timeout"])
def test_a_finalizer_that_was_written_is_not_written_again_and_again(
    house: Installation, replica: Replica, spoiled: bool | int
):
    tenant = house.tenant()
    tenant.connection()
    replica.spoil, called = losing(tenant, spoiled), house.quay.mark()

    # As long as answers are lost; what is noted of rights is stored before the finalizer.
    tenant.repository("app")
    rights = {"repositories": [{"name": "app", "role": "read"}]}
    tenant.robot(connectionRef=OWN, permissions=rights)
    tenant.wait_ready(timeout_s=40)
    tenant.wait_login()
    tenant.delete()
    tenant.wait_gone(timeout_s=40)

    asked = [
        each for _, each in replica.writes if each.startswith("PATCH") and tenant.name in each
    ]
    assert len([each for each in asked if each.endswith("/quayrobots/ci")]) == 2
    assert tenant.operations(called).count("robot.create") == 1
    tenant.leave()


def test_lists_whose_rest_is_gone_begin_anew(house: Installation, stopped: Replica):
    asked_for = 0

    def gone(asked: Asked, when: When) -> bool | int:
        nonlocal asked_for
        if (when, asked.path) != ("before", "/api/v1/serviceaccounts"):
            return False
        asked_for += 1
        # The first is the look whether it may be listed at all.
        return 410 if 1 < asked_for < 5 else False

    stopped.spoil = gone
    # It waits until it is ready.
    stopped.operator.start()

    assert asked_for >= 5
    tenant = house.tenant()
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready(timeout_s=40)
    tenant.delete()
    tenant.wait_gone()
    tenant.leave()
