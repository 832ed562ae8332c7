"""Is it told whose the token is, and why it cannot be told?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import Denied, Reason, Refused, TryLater
from tests.kit.canary import oauth_token

from .test_client import calling, error_of


async def test_the_user_of_a_token_with_too_little_scope_is_not_a_dead_token(quay):
    secret = quay.admin("token", value=oauth_token(), scopes=["org:admin"])
    async with calling(quay, secret) as client:
        error = await error_of(client.user())

    assert (type(error), error.reason) == (Refused, Reason.INSUFFICIENT_SCOPE)
    assert "user:read" in error.message


async def test_a_dead_token_is_not_one_with_too_little_scope_for_its_user(quay, secret, client):
    """Quay answers both alike where it is asked for the user."""
    quay.admin("token/revoke", token=secret)

    error = await error_of(client.user())

    assert (type(error), error.reason) == (Denied, Reason.CREDENTIAL_REFUSED)


@pytest.mark.parametrize(("status", "kind"), [(502, TryLater), (200, Refused), (418, TryLater)])
async def test_whose_the_token_is_stays_open_where_quay_does_not_tell(status, kind, quay):
    small = quay.admin("token", value=oauth_token(), scopes=["org:admin"])
    body = '{"robots": []}' if status == 200 else "<html>"
    quay.admin("fault", operation="robot.list", status=status, body=body,
               headers={"Content-Type": "application/json"})  # fmt: skip
    async with calling(quay, small) as client:
        error = await error_of(client.user())

    assert type(error) is kind
