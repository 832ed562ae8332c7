"""Does a write that Quay refused at the door cost more than its repetition?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.installation import Tenant

pytestmark = pytest.mark.rotates
OWN = {"kind": "QuayConnection", "name": "own"}
ISSUER = "https://ci.example.com"


def declared(**changes: Any) -> dict[str, Any]:
    return {
        "connectionRef": OWN,
        "permissions": {"repositories": [{"name": "app", "role": "read"}]},
        "federation": {"identities": [{"issuer": ISSUER, "subject": "one"}]},
        "rotation": {"trigger": "one"},
        **changes,
    }


@pytest.mark.parametrize(
    ("operation", "edit"),
    [
        pytest.param("robot.regenerate", {"rotation": {"trigger": "two"}}, id="a rotation"),
        pytest.param(
            "permission.put",
            {"permissions": {"repositories": [{"name": "app", "role": "write"}]}},
            id="a role",
        ),
        pytest.param(
            "federation.set",
            {"federation": {"identities": [{"issuer": ISSUER, "subject": "two"}]}},
            id="an identity",
        ),
    ],
)
def test_what_was_refused_for_its_number_is_asked_once_more_and_nothing_else(
    tenant: Tenant, operation: str, edit: dict[str, Any]
):
    tenant.repository("app")
    tenant.connection(resyncInterval="10m")
    tenant.robot(**declared())
    tenant.wait_ready()
    tenant.rest()
    called = tenant.house.quay.mark()
    tenant.house.quay.admin("fault", operation=operation, kind="page", status=429)

    tenant.robot(**declared(**edit))
    tenant.wait_ready()
    tenant.rest()

    assert tenant.operations(called) == [operation, operation]
    assert tenant.effects(called) == [operation]
    assert tenant.logs_in()
