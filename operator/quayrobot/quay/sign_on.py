"""
What does it mean that Quay did not accept a JWT?

A 401 in JSON that is labelled HTML. It is no proof that the credential is bad:
a key that Quay cannot fetch just now is answered like a wrong one, for good
tokens too. What names the token's own claims will not change by itself.
"""

from __future__ import annotations

from ..model.errors import Denied, QuayRobotError, Reason, TryLater

__all__ = ["refused_jwt"]

# What Quay's text begins with, and what it means.
_MEANINGS = {
    "Signature has expired": "Quay says that the new token has expired: the clocks of Quay "
    "and of the OIDC service differ",
    "Audience": "Quay does not accept the token's audience: it must be CLIENT_ID of Quay's "
    "login configuration, or one of its OIDC_AUDIENCES",
    "Token does not contain issuer": "Quay does not accept the token: it names no issuer",
    "The specified alg value": "Quay reads RS256 and RS384, no other algorithm",
    "Token is missing": "Quay does not accept the token: it lacks a claim",
    "Missing kid": "Quay does not accept the token: it names no key",
    "Signature verification failed": "Quay does not accept the token's signature",
    "User creation is disabled": "Quay has no user for the token and makes none: "
    "FEATURE_USER_CREATION is off",
    "A verified email": "Quay has no user for the token and makes none without the claims email "
    "and email_verified",
}


def refused_jwt(text: str) -> QuayRobotError:
    """Return what it means that Quay said *text* to a JWT."""
    if text.startswith("Issuer ") and text.endswith(" not configured"):
        msg = "Quay does not know the token's issuer: no login configuration of it names that"
        return Denied(Reason.CREDENTIAL_REFUSED, msg)
    for beginning, meaning in _MEANINGS.items():
        if text.startswith(beginning):
            return Denied(Reason.CREDENTIAL_REFUSED, meaning)
    msg = "Quay cannot verify the token now: it cannot get the OIDC service's keys"
    return TryLater(Reason.ISSUER_UNREACHABLE, msg)
