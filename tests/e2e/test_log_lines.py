"""Does the operator's log say once what was done for a robot, and nothing that was not?"""

from __future__ import annotations

import json
from typing import Any

from tests.kit.installation import Tenant, settle


def lines(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what was logged about the tenant's robot, calls to Quay aside."""
    said = [each for each in tenant.house.operator.said().splitlines() if each[:1] == "{"]
    return [each for each in map(json.loads, said) if each.get("namespace") == tenant.name]


def events(tenant: Tenant, *words: str) -> list[dict[str, Any]]:
    return [each for each in lines(tenant) if each["event"] in words]


def test_an_adoption_and_each_right_are_told_once_and_what_is_missing_is_not_given(tenant: Tenant):
    tenant.house.quay.admin("robot", name=tenant.full())
    tenant.repository("app")
    rights = [{"name": name, "role": "read"} for name in ("app", "gone")]
    tenant.robot(creationPolicy="Adopt", permissions={"repositories": rights})
    tenant.wait_reason("RepositoryNotFound")
    called = tenant.house.quay.mark()
    # Two more passes, which find everything as it was.
    for number in ("1", "2"):
        tenant.kubectl("label", "quayrobot", "ci", f"pass={number}", "--overwrite")
        settle(lambda: tenant.reason() == "RepositoryNotFound")

    (adopted,) = events(tenant, "robot.adopted")
    (given,) = events(tenant, "grant.given")
    (refused,) = events(tenant, "resource.not_ready")

    assert adopted["robot"] == given["robot"] == tenant.full()
    assert (given["repository"], given["role"]) == ("app", "read")
    assert (refused["reason"], refused["name"]) == ("RepositoryNotFound", "ci")
    assert f"{tenant.name}/gone" in refused["why"]
    assert not events(tenant, "robot.created")
    # Quay answers a role on a missing repository with a failure of its own: it is not asked to.
    assert 500 not in {each.status for each in tenant.house.quay.calls(called)}
