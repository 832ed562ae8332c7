"""Is a resource that somebody edits at the very moment still served quietly?"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation, Tenant
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, When
from tests.kit.replicas import Replica, replicas

OWN = {"kind": "QuayConnection", "name": "own"}


class Overtaker:
    """Writes a label just before the operator's own write, *times* times."""

    def __init__(self, tenant: Tenant, times: int) -> None:
        self._path = f"/namespaces/{tenant.name}/quayrobots/ci"
        self._tenant, self._left, self.done = tenant, times, 0

    def __call__(self, asked: Asked, when: When) -> bool:
        mine = asked.method == "PATCH" and asked.path.endswith(self._path)
        if when == "before" and mine and self.done < self._left:
            self.done += 1
            self._tenant.kubectl("label", "--overwrite", "quayrobot", "ci", f"n={self.done}")
        return False


def statuses(tenant: Tenant, since: int) -> int:
    written = tenant.house.operator_writes(since)
    return written.count(f"update quayrobots/status {tenant.name}/ci")


@pytest.fixture
def replica(house: Installation, canary_watch: CanaryWatch) -> Iterator[Replica]:
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        yield one


def test_a_label_that_comes_before_our_finalizer_or_its_removal_is_no_news(
    house: Installation, replica: Replica
):
    tenant = house.tenant()
    tenant.connection()
    # Who hears of the robot first has something to say of its connection.
    wait_for(lambda: (tenant.get("own", "quayconnection") or {}).get("status"), "its connection")
    first = Overtaker(tenant, 1)
    replica.spoil, begun = first, len(house.plane.audit())

    tenant.robot(connectionRef=OWN)
    tenant.wait_ready(timeout_s=40)

    assert (first.done, statuses(tenant, begun)) == (1, 1)
    begun, called = tenant.rest()
    last = Overtaker(tenant, 1)
    replica.spoil = last
    tenant.delete()
    tenant.wait_gone(timeout_s=40)
    assert (last.done, statuses(tenant, begun)) == (1, 0)
    # What was seen in Quay is still true.
    assert tenant.effects(called) == ["robot.delete"]
    assert tenant.operations(called).count("robot.get") == 1
    tenant.leave()


def test_who_is_deleted_just_before_our_finalizer_is_forgotten(
    house: Installation, replica: Replica
):
    tenant = house.tenant()
    tenant.connection()
    path, done = f"/namespaces/{tenant.name}/quayrobots/ci", threading.Event()

    def delete_first(asked: Asked, when: When) -> bool:
        mine = asked.method == "PATCH" and asked.path.endswith(path)
        if when == "before" and mine and not done.is_set():
            tenant.delete()
            # The watch is faster than the answer.
            done.wait(2)
            done.set()
        return False

    replica.spoil = delete_first
    tenant.robot(connectionRef=OWN)
    tenant.wait_gone(timeout_s=40)

    # Nobody goes on to write what is not there.
    assert done.wait(20)
    tenant.rest()
    assert tenant.in_quay() is None
    tenant.leave()


def test_who_is_overtaken_again_and_again_says_so(house: Installation, replica: Replica):
    tenant = house.tenant()
    tenant.connection()
    replica.spoil, begun = Overtaker(tenant, 4), len(house.plane.audit())

    tenant.robot(connectionRef=OWN)

    tenant.wait_ready(timeout_s=40)
    # Once in words, and then that it is Ready.
    assert statuses(tenant, begun) >= 2
    tenant.leave()


def test_what_the_watch_does_not_show_is_read_before_the_status_is_said_again(
    house: Installation, replica: Replica
):
    tenant = house.tenant()
    tenant.connection()
    tenant.robot(
        connectionRef=OWN, permissions={"repositories": [{"name": "late", "role": "read"}]}
    )
    tenant.wait_reason("RepositoryNotFound")

    replica.front.watching, before = "freeze", len(replica.writes)
    tenant.kubectl("label", "quayrobot", "ci", "seen=no")
    tenant.repository("late")
    tenant.wait_ready(timeout_s=60)

    asked = [each for _, each in replica.writes[before:] if each.endswith("/quayrobots/ci/status")]
    # One that comes too late, and the one that is right.
    assert len(asked) <= 3, asked
    replica.front.watching = "pass"
    tenant.rest()
    tenant.leave()
