"""What does it cost, and is it as safe, when many robots of one owner go at once?"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
MANY = 30


@pytest.fixture
def quay(tenant: Tenant) -> Iterator[FakeQuay]:
    """Yield a Quay of this tenant's own, whose every call is seen."""
    with FakeQuay() as quay:
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token, resyncInterval="5m")
        yield quay
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def made(tenant: Tenant, count: int = MANY) -> list[str]:
    """Have *count* robots, and one more that stays."""
    names = [f"r{number}" for number in range(count)]
    tenant.robots({each: {"connectionRef": OWN} for each in (*names, "stays")})
    tenant.kubectl("wait", "quayrobots", "--all", "--for=condition=Ready", "--timeout=60s")
    return names


def slow(quay: FakeQuay) -> None:
    """Have calls cost what they cost Quay: meanwhile more deletions are asked for."""
    quay.admin("settings", realistic=True)


def delete(tenant: Tenant, *names: str) -> None:
    """Ask for deletions of which none has begun when the last is asked for."""
    pid = tenant.house.operator.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        tenant.kubectl("delete", "quayrobots", *names, "--wait=false")
    finally:
        os.kill(pid, signal.SIGCONT)


def left(tenant: Tenant) -> set[str]:
    path = "jsonpath={.items[*].metadata.name}"
    return set(tenant.kubectl("get", "quayrobots", "-o", path).split())


def wait_gone(tenant: Tenant, *stay: str) -> None:
    wait_for(lambda: left(tenant) == set(stay), "all gone", timeout_s=60, every_s=0.2)


def in_quay(quay: FakeQuay, tenant: Tenant) -> set[str]:
    return {each.partition("+")[2] for each in quay.double.state.robots}


def test_thirty_deletions_cost_one_call_each_and_one_list_together(
    tenant: Tenant, quay: FakeQuay, record_property: Callable[[str, object], None]
):
    names = made(tenant)
    slow(quay)
    called = quay.mark()

    delete(tenant, *names)
    wait_gone(tenant, "stays")

    calls = Counter(quay.operations(called))
    counted = ", ".join(f"{number} {name}" for name, number in calls.items())
    record_property("calls to Quay", f"delete {MANY} robots: {calls.total()} ({counted})")
    assert calls["robot.delete"] == MANY
    assert calls["robot.list"] == 1
    assert calls.total() <= MANY + 2
    assert in_quay(quay, tenant) == {"stays"}


def test_where_nobody_is_left_the_organization_vouches_for_the_list(
    tenant: Tenant, quay: FakeQuay
):
    made(tenant)
    slow(quay)
    called = quay.mark()

    delete(tenant, "--all")
    wait_gone(tenant)

    calls = Counter(quay.operations(called))
    assert calls["robot.delete"] == MANY + 1
    assert calls["organization.get"] <= 1
    assert calls.total() <= MANY + 1 + 2
    assert in_quay(quay, tenant) == set()


def test_after_a_restart_one_list_more_recognises_who_is_to_go(tenant: Tenant, quay: FakeQuay):
    names = made(tenant)
    tenant.house.operator.stop()
    tenant.kubectl("delete", "quayrobots", *names, "--wait=false")
    called = quay.mark()

    tenant.house.operator.start()
    wait_gone(tenant, "stays")

    calls = Counter(quay.operations(called))
    assert calls["robot.delete"] == MANY
    assert calls["robot.list"] <= 3
    # Who comes so late that nobody goes along any more is looked at.
    assert calls["robot.get"] <= 2
    assert in_quay(quay, tenant) == {"stays"}


def test_one_that_quay_keeps_is_told_and_holds_up_nobody(tenant: Tenant, quay: FakeQuay):
    names = made(tenant, 6)
    quay.admin("robot/change", name=tenant.full("r3"), sticky=True)

    delete(tenant, *names)
    wait_gone(tenant, "stays", "r3")

    tenant.wait_reason("DeletionBlocked", "r3")
    assert in_quay(quay, tenant) == {"stays", "r3"}
    quay.admin("robot/change", name=tenant.full("r3"), sticky=False)
    wait_gone(tenant, "stays")
    assert in_quay(quay, tenant) == {"stays"}


def test_nobody_goes_while_the_list_cannot_be_had(tenant: Tenant, quay: FakeQuay):
    names = made(tenant, 6)
    quay.admin("fault", operation="robot.list", status=503, count=-1)

    delete(tenant, *names)
    tenant.wait_reason("DeletionBlocked", "r0", timeout_s=40)

    settle(lambda: left(tenant) == {*names, "stays"})
    assert in_quay(quay, tenant) == {"stays"}
    quay.admin("faults/clear")
    wait_gone(tenant, "stays")


def test_who_is_killed_before_the_list_proves_it_again(tenant: Tenant, quay: FakeQuay):
    names = made(tenant, 6)
    called = quay.mark()
    quay.admin("fault", operation="robot.list", kind="delay", delay_s=30.0)

    delete(tenant, *names)
    wait_for(lambda: quay.operations(called).count("robot.delete") == 6, "all deleted in Quay")
    tenant.house.operator.kill()
    quay.admin("faults/clear")

    assert left(tenant) == {*names, "stays"}
    assert in_quay(quay, tenant) == {"stays"}
    tenant.house.operator.start()
    wait_gone(tenant, "stays")
