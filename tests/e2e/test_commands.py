"""Do the commands of the day after tell the truth?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.installation import Tenant
from tests.kit.shell import Shell, check_recording, normalized

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
RIGHTS = {
    "repositories": [{"name": "app", "role": "write"}, {"name": "lib", "role": "read"}],
    "teams": ["devs"],
}
OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """Return a tenant with a robot that is well and one that is not."""
    tenant.repository("app", "lib")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")
    tenant.connection()
    tenant.kubectl("create", "secret", "generic", "puller")
    account = {"name": "default"}
    tenant.robot(
        "deployer",
        connectionRef=OWN,
        permissions=RIGHTS,
        rotation={"interval": "2160h"},
        secrets=[{"name": "deployer", "serviceAccounts": [account]}],
    )
    tenant.robot("puller", connectionRef=OWN)
    tenant.wait_ready("deployer")
    tenant.wait_reason("SecretNotOwned", "puller")
    return tenant


def told(tenant: Tenant, text: str) -> str:
    return normalized(text, tenant.house.quay, {tenant.name: "team-a"})


def test_status_tells_what_is_well_and_what_helps_where_it_is_not(shop: Tenant):
    shell = Shell(shop.house.plane)
    called, written = shop.house.quay.mark(), len(shop.house.plane.audit())

    said = shell.plugin("status", "-n", shop.name)
    told_as_json = shell.plugin("status", "-n", shop.name, "-o", "json")
    nobody = shell.plugin("status", "nobody", "-n", shop.name)

    words = f"$ kubectl quayrobot status\n{told(shop, said.out)}"
    check_recording(PAGE, "status", words)
    assert [each["ready"] for each in json.loads(told_as_json.out)["items"]] == ["True", "False"]
    assert (nobody.code, nobody.out) == (1, "")
    assert f"there is no quayrobot nobody in the namespace {shop.name}" in nobody.err
    assert shop.operations(called) == []
    mine = [each for each in shop.house.plane.audit()[written:] if each.user == "admin"]
    assert mine
    assert [each for each in mine if each.write] == []
