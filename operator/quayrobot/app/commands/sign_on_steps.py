"""
Which link is broken between an OIDC service and the rights of its token in Quay?

Walked in the order in which a call does: the discovery document, the token
endpoint and what it gives, then Quay, which says whose the token is. What that
user administers the organizations tell.
"""

from __future__ import annotations

from ...engine.connection.pool import LiveConnection
from ...model.errors import QuayRobotError
from ...quay.oidc import OidcBearer
from .report.checks import CheckResult, State, failed

__all__ = ["signed_on"]


async def signed_on(live: LiveConnection, about: str) -> list[CheckResult]:
    """Return how far the connection *live* comes; nothing for one with an OAuth token."""
    bearer, results = live.bearer, list[CheckResult]()
    if not isinstance(bearer, OidcBearer):
        return results
    place = "discovery"
    try:
        if live.spec.credentials.issuer is not None:
            await bearer.discover()
            words = "The issuer's discovery document names a token endpoint."
            results.append(CheckResult(f"{about}, {place}", State.FINE, words))
        place = "token endpoint"
        await bearer.token()
        words = "The OIDC service gives a token of a kind that Quay reads."
        results.append(CheckResult(f"{about}, {place}", State.FINE, words))
        place = "token in Quay"
        user = await live.whose.ask()
    except QuayRobotError as error:
        return [*results, failed(f"{about}, {place}", error, State.WRONG)]
    count = len(user.administers)
    told = f"Quay accepts the token; its user administers {count} organizations."
    state = State.FINE if count else State.DOUBTFUL
    cure = (
        "" if count else "Make the user of the token an administrator: docs/install.md says how."
    )
    return [*results, CheckResult(f"{about}, {place}", state, told, cure)]
