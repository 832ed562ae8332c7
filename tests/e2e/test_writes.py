"""How often does the operator write to the cluster for one robot?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Tenant, settle
from tests.kit.operating import USER
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
RIGHTS = {"mode": "Additive", "repositories": [{"name": "app", "role": "read"}]}
FEDERATION = {"identities": [{"issuer": "https://ci.example.com", "subject": "repo:shop/app"}]}
PLAIN = ["quayrobots/", "secrets/", "quayrobots/status"]
NOTED = ["quayrobots/status", *PLAIN]
Bill = Callable[[str, object], None]


@pytest.fixture
def quay(tenant: Tenant) -> Iterator[FakeQuay]:
    """Yield a Quay of this tenant's own, whose connection has served a robot before."""
    with FakeQuay() as quay:
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        quay.admin("repository", namespace=tenant.name, name="app")
        tenant.connection(url=quay.url, token=token, resyncInterval="5m")
        tenant.robot("first", connectionRef=OWN)
        tenant.wait_ready("first")
        yield quay
        quay.admin("faults/clear")
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def writes(tenant: Tenant, since: int) -> list[str]:
    """Return what was written about robots and Secrets, in order; Events aside."""
    return [
        f"{each.resource}/{each.subresource}"
        for each in tenant.house.plane.audit()[since:]
        if each.user == USER and each.write and each.namespace == tenant.name
        if each.resource in {"quayrobots", "secrets"}
    ]


def looks(tenant: Tenant, since: int, resource: str = "quayrobots") -> int:
    """Return how often one of *resource* was read again."""
    return sum(
        (each.user, each.verb, each.resource, each.namespace)
        == (USER, "get", resource, tenant.name)
        for each in tenant.house.plane.audit()[since:]
    )


@pytest.mark.parametrize(
    ("what", "spec", "expected"),
    [
        pytest.param("a robot with its Secret", {}, PLAIN, id="with a Secret"),
        pytest.param("with a right", {"permissions": RIGHTS}, NOTED, id="with a right too"),
        pytest.param(
            "with an identity", {"federation": FEDERATION}, NOTED, id="with an identity too"
        ),
    ],
)
def test_a_created_robot_costs_three_writes_and_a_fourth_where_it_is_given_something(
    what: str,
    spec: dict[str, object],
    expected: list[str],
    tenant: Tenant,
    quay: FakeQuay,
    record_property: Bill,
):
    begun = len(tenant.house.plane.audit())

    tenant.robot(connectionRef=OWN, **spec)
    tenant.wait_ready()

    # The server notes a write once it has answered it.
    wait_for(lambda: len(writes(tenant, begun)) >= len(expected), "the entries of its writes")
    made = writes(tenant, begun)
    record_property("writes to Kubernetes", f"create {what}: {len(made)} ({', '.join(made)})")
    assert made == expected
    # Our own write of it has just proved what it is.
    assert looks(tenant, begun) == 0
    # The trial of its creation proves that the name is free.
    assert looks(tenant, begun, "secrets") == 0
    assert quay.login(*tenant.credential())


def test_rights_of_a_robot_that_was_never_made_are_noted_no_more(tenant: Tenant, quay: FakeQuay):
    quay.down()

    tenant.robot(connectionRef=OWN, permissions=RIGHTS)
    tenant.wait_reason("QuayUnreachable")

    settle(lambda: not {"robot", "grants"} & (tenant.get() or {})["status"].keys())
    quay.up()
    tenant.wait_ready(timeout_s=60)
    assert quay.admin("grants", name=tenant.full())["repositories"] == {"app": "read"}


def test_a_secret_in_the_way_is_told_at_once_and_nothing_is_bound(tenant: Tenant, quay: FakeQuay):
    taken = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "ci", "namespace": tenant.name},
    }
    tenant.house.plane.apply(taken)
    begun, _ = tenant.house.rest(tenant.name)
    called = quay.mark()

    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("SecretNotOwned")

    # No other reason was told in between, and nothing had to be taken back.
    wait_for(lambda: writes(tenant, begun) != [], "the entry of its write")
    assert writes(tenant, begun) == ["quayrobots/status"]
    assert looks(tenant, begun, "secrets") == 1
    assert "finalizers" not in (tenant.get() or {})["metadata"]
    assert quay.calls(called) == []


def test_who_waits_for_an_organization_asks_again_and_writes_nothing(
    tenant: Tenant, quay: FakeQuay
):
    tenant.robot(connectionRef=OWN, organization=f"late-{tenant.name}")
    tenant.wait_reason("OrganizationNotFound")
    begun, _ = tenant.house.rest(tenant.name)
    called = quay.mark()

    asked = "organization.get"
    wait_for(
        lambda: [each.operation for each in quay.calls(called)].count(asked) >= 2,
        "two more looks",
        timeout_s=60,
    )

    assert writes(tenant, begun) == []
    assert "finalizers" not in (tenant.get() or {})["metadata"]
