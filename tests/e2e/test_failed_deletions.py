"""Is a Secret that could not be deleted at first deleted all the same?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation
from tests.kit.proxy import Asked, Hook, When
from tests.kit.replicas import Replica, replicas

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def replica(house: Installation, canary_watch: CanaryWatch) -> Iterator[Replica]:
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        yield one


def refusing(part: str, *verdicts: bool | int) -> Hook:
    """Return what answers the first deletions of Secrets in *part* by *verdicts*."""
    left = list(verdicts)

    def refuse(asked: Asked, when: When) -> bool | int:
        mine = asked.method == "DELETE" and f"{part}/secrets/" in asked.path
        return left.pop(0) if mine and when == "before" and left else False

    return refuse


def test_a_copy_where_it_is_no_longer_wanted(house: Installation, replica: Replica):
    chosen = ClusterRobot(house)
    stays, goes = chosen.namespaces(2)
    chosen.apply(mode="Shared")
    chosen.wait_ready(2, timeout_s=60)
    replica.spoil = refusing(goes.name, 409, 500, True)

    chosen.label(None, goes)

    chosen.wait_ready(1, timeout_s=60)
    assert chosen.secret_places() == {stays.name}
    chosen.delete()
    chosen.wait_gone()
    chosen.close()


def test_a_secret_of_another_name(house: Installation, replica: Replica):
    tenant = house.tenant()
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready(timeout_s=40)
    replica.spoil = refusing(tenant.name, 409, 409)

    tenant.robot(connectionRef=OWN, secrets=[{"name": "another"}])

    tenant.wait_login("another")
    tenant.wait_gone("ci", "secret")
    tenant.leave()
