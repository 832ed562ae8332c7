"""How does the operator behave toward a Quay that is in trouble?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Tenant
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def quay(tenant: Tenant) -> Iterator[FakeQuay]:
    """Yield a Quay of this tenant's own, behind the connection `own`."""
    with FakeQuay() as quay:
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token)
        yield quay
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def _ready_of(tenant: Tenant) -> str:
    body = tenant.get("own", "quayconnection") or {}
    conditions = (body.get("status") or {}).get("conditions") or [{}]
    return conditions[0].get("reason", "")


def test_a_quay_that_takes_no_writes_is_asked_seldom_and_is_not_called_away(
    tenant: Tenant, quay: FakeQuay
):
    quay.admin("settings", readonly=True)
    names = ("one", "two", "three", "four")
    for name in names:
        tenant.robot(name, connectionRef=OWN)
    for name in names:
        tenant.wait_reason("QuayReadOnly", name)
    called = quay.mark()

    with pytest.raises(AssertionError, match="not within"):
        wait_for(lambda: _ready_of(tenant) != "Reconciled", "a change", timeout_s=10)
    # Backoff: at most four more tries each in 10 s, each a look and a PUT.
    assert len(quay.operations(called)) <= 4 * 8

    quay.admin("settings", readonly=False)
    for name in names:
        tenant.wait_ready(name, timeout_s=60)


def test_new_robots_wait_for_quay_to_come_back_and_then_need_no_more_than_seconds(
    tenant: Tenant, quay: FakeQuay
):
    quay.down()
    names = ("one", "two", "three")
    for name in names:
        tenant.robot(name, connectionRef=OWN)
    for name in names:
        tenant.wait_reason("QuayUnreachable", name, timeout_s=30)

    quay.up()

    for name in names:
        tenant.wait_ready(name, timeout_s=45)
    assert quay.operations().count("robot.create") == len(names)


def test_an_organization_that_comes_back_is_used_again(tenant: Tenant, quay: FakeQuay):
    tenant.robot("first", connectionRef=OWN)
    tenant.wait_ready("first")
    quay.admin("organization/delete", name=tenant.name)
    tenant.wait_reason("OrganizationNotFound", "first", timeout_s=40)
    tenant.delete("first")
    tenant.wait_gone("first", timeout_s=40)

    quay.admin("organization", name=tenant.name)
    tenant.robot("second", connectionRef=OWN)

    tenant.wait_ready("second", timeout_s=40)
