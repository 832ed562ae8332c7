"""Can a tenant have a robot that is another's, by naming it, adopting it or deleting its claim?"""

from __future__ import annotations

import uuid
from typing import Any

from tests.kit.installation import Tenant
from tests.kit.processes import wait_for

from .conftest import Begin

OWN = {"kind": "QuayConnection", "name": "own"}


def _reasons(tenant: Tenant, *names: str) -> dict[str, str]:
    return {name: tenant.reason(name) for name in names}


def _all(tenant: Tenant, expected: dict[str, str], timeout_s: float = 30) -> None:
    try:
        wait_for(lambda: _reasons(tenant, *expected) == expected, "", timeout_s=timeout_s)
    except AssertionError:
        assert _reasons(tenant, *expected) == expected


def test_n1_n3_a_robot_that_is_claimed_is_kept_from_all_others(
    attack: Begin, victim: Tenant, tenant: Tenant
):
    there = {"organization": victim.name, "robotName": "ci"}
    tried = attack("N1")
    tenant.connection(token=tenant.house.token)
    tenant.connection("byname", url=tenant.house.quay.url.replace("127.0.0.1", "localhost"))
    claims: dict[str, dict[str, Any]] = {
        "later": {},
        "adopts": {"creationPolicy": "Adopt"},
        "creates-or-adopts": {"creationPolicy": "CreateOrAdopt"},
        "own-connection": {"connectionRef": OWN, "creationPolicy": "CreateOrAdopt"},
        "other-name-of-quay": {
            "connectionRef": OWN | {"name": "byname"},
            "creationPolicy": "CreateOrAdopt",
        },
        "asks-for-more": {"permissions": {"repositories": [], "teams": []}},
        "rotates": {"rotation": {"trigger": "now"}},
    }
    tenant.robots({name: {**there, **fields} for name, fields in claims.items()})
    for name in claims:
        tried.variant(name)

    _all(tenant, dict.fromkeys(claims, "AlreadyClaimed"))
    tenant.house.operator.restart()
    tried.variant("all of them again after a restart")
    _all(tenant, dict.fromkeys(claims, "AlreadyClaimed"))

    for name in claims:
        words = tenant.condition(name)["message"].replace(victim.full(), "")
        assert victim.name not in words, words
        assert objects_named(tenant, name) == []

    leaving = attack("N3", *claims)
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=20s")
    assert leaving.house.plane.get("quayrobot", "later", tenant.name) is None
    assert victim.logs_in()
    victim.wait_ready()


def objects_named(tenant: Tenant, name: str) -> list[str]:
    """Return the Secrets of that name that the tenant got."""
    return tenant.kubectl("get", "secret", name, "-o", "name", "--ignore-not-found").split()


def test_n1_of_two_at_the_same_second_one_holds_the_robot_whatever_their_order(
    attack: Begin, tenant: Tenant
):
    tried = attack("N1 at once")
    other = tenant.house.tenant()
    shared = f"acme-{uuid.uuid4().hex[:6]}"
    tenant.house.quay.admin("organization", name=shared)
    both = (tenant, other)
    for short, order in (("one", both), ("two", both[::-1])):
        tenant.house.plane.apply(
            *(
                {
                    "apiVersion": "quayrobot.io/v1alpha1",
                    "kind": "QuayRobot",
                    "metadata": {"name": short, "namespace": each.name},
                    "spec": {"organization": shared},
                }
                for each in order
            )
        )
        tried.variant(short)

    for short in ("one", "two"):
        wait_for(
            lambda short=short: (
                {each.reason(short) for each in both} == {"Reconciled", "AlreadyClaimed"}
            ),
            "one winner",
        )
    other.kubectl("delete", "quayrobots", "--all", "--wait=false")
    calls = tenant.house.quay.calls()
    made = [e for e in calls if e.operation == "robot.create" and e.effect and shared in e.path]
    assert sorted(each.path.rpartition("/")[2] for each in made)[:2] == ["one", "two"]


GARBAGE: list[Any] = [
    "",
    "mine",
    1,
    None,
    [],
    {},
    {"cluster": None},
    {"cluster": ["a"], "kind": "QuayRobot"},
    {"marker": {"cluster": "x"}},
    {"cluster": "x" * 300, "kind": "QuayRobot", "namespace": "a", "name": "b"},
]


def test_n2_n8_a_robot_that_nobody_declared_is_not_taken(attack: Begin, tenant: Tenant):
    house = tenant.house
    strict = f"strict-{tenant.name}"
    house.cluster_connection(strict, access=[{"namespaces": {}, "organizations": ["*"]}])
    through = {"connectionRef": {"kind": "ClusterQuayConnection", "name": strict}}
    ours = {"kind": "QuayRobot", "namespace": tenant.name, "uid": "u", "slot": "main"}
    found: dict[str, tuple[Any, str, str]] = {
        "by-hand-a": ({}, "Create", "RobotExists"),
        "by-hand-b": ({}, "CreateOrAdopt", "AccessDenied"),
        "by-hand-c": ({}, "Adopt", "AccessDenied"),
        "of-a-program": ({"made-by": "ci"}, "CreateOrAdopt", "AccessDenied"),
    }
    # A marker of ours that cannot be read, or that another cluster left, is foreign.
    strange = [*GARBAGE, {**ours, "cluster": "x", "name": "other"}]
    found |= {
        f"marked-{n}": ({"quayrobot.io": each}, ("Create", "CreateOrAdopt")[n % 2], "ForeignOwner")
        for n, each in enumerate(strange)
    }
    for short, (metadata, _, _) in found.items():
        house.quay.admin("robot", name=tenant.full(short), metadata=metadata)
    before = {short: tenant.in_quay(short) for short in found}
    attack("N2 and N8", *found)

    tenant.robots(
        {short: {"creationPolicy": policy, **through} for short, (_, policy, _) in found.items()}
    )

    _all(tenant, {short: reason for short, (_, _, reason) in found.items()}, timeout_s=40)
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=20s")
    assert {short: tenant.in_quay(short) for short in before} == before
    house.plane.kubectl("delete", "clusterquayconnection", strict)
