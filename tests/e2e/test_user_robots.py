"""Does a robot of a user stay that user's, whoever the connection's token belongs to later?"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.canary import oauth_token
from tests.kit.installation import Installation, Tenant

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def test_a_token_of_another_user_reaches_nobodys_robot(tenant: Tenant):
    house, quay = tenant.house, tenant.house.quay
    alice, bob = (f"{name}-{uuid.uuid4().hex[:8]}" for name in ("alice", "bob"))
    tokens = {name: quay.admin("token", user=name, value=oauth_token()) for name in (alice, bob)}
    quay.admin("robot", name=f"{bob}+ci")
    bobs = _shown(house, bob)
    tenant.connection(token=tokens[alice])
    # Of bob's there is one like the first, and none like the second.
    for name in ("ci", "lone"):
        tenant.robot(name, user=alice, connectionRef=OWN)
        tenant.wait_ready(name)
    alices = [_shown(house, alice, name) for name in ("ci", "lone")]

    house.secret(tenant.name, "token-own", tokens[bob])
    for name in ("ci", "lone"):
        tenant.wait_reason("AccessDenied", name)
        tenant.delete(name)
    for name in ("ci", "lone"):
        tenant.wait_reason("DeletionBlocked", name)
        assert f"the user {alice}" in tenant.condition(name)["message"]

    assert [_shown(house, alice, name) for name in ("ci", "lone")] == alices
    # An edit is looked at at once.
    tenant.connection(token=tokens[alice], resyncInterval="11s")
    for name in ("ci", "lone"):
        tenant.wait_gone(name)
        assert _shown(house, alice, name) is None
    assert _shown(house, bob) == bobs


def _shown(house: Installation, user: str, short: str = "ci") -> dict[str, Any] | None:
    found: dict[str, Any] | None = house.quay.admin("robot/show", name=f"{user}+{short}")
    return found
