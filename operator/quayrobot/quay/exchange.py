"""
How does Quay answer the exchange of a ServiceAccount's token?

It verifies the token with the issuer's own keys and gives a one-hour password.
A token that does not hold is told by 400, one whose key it cannot find
by a page of 500, an issuer that it cannot reach by the proxy's 502; none of
these says anything about the connection's token, and 401 is never an answer to
a token. Of the password itself no more is read than when it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..model.errors import Ambiguous, QuayRobotError, Reason, Refused, TryLater
from ..model.names import RobotName
from ..model.secrecy import Token
from ..model.world import Password
from .answers import message_of, parse_json, says_absent
from .jwt import claims_of, moment_of
from .transport import Reply
from .wire import failure, not_understood

__all__ = ["EXCHANGE_PATH", "exchange_refusal", "issuer_unreachable", "parse_password"]

EXCHANGE_PATH = ("oauth2", "federation", "robot", "token")
LONGEST = timedelta(days=1)
# Clocks that differ by less are taken for the same.
SAME_CLOCK = timedelta(minutes=1)
_NOT_TRUSTED = ("Robot does not have federated", "issuer ", "Token does not match robot")


def parse_password(reply: Reply, now: datetime) -> Password:
    """
    Return the password in *reply*, which came at *now*, and when it ends by our clock.

    Raises:
        TryLater: There is none in it, or none that tells its end.
    """
    body = parse_json(reply)
    text = body.get("token") if isinstance(body, Mapping) else None
    claims = claims_of(text) if isinstance(text, str) else {}
    ends, begins = moment_of(claims, "exp"), moment_of(claims, "iat") or now
    if not isinstance(text, str) or ends is None or ends <= begins:
        raise not_understood(reply, write=False)
    if abs(now - begins) > SAME_CLOCK:
        ends = now + (ends - begins)
    return Password(Token(text), issued_at=now, expires_at=min(ends, now + LONGEST))


def exchange_refusal(reply: Reply, name: RobotName) -> QuayRobotError:
    """Return what it means that *reply* holds no password for the robot *name*."""
    if reply.status == 400:
        return _not_taken(reply, name)
    if reply.status == 500:
        msg = "Quay failed at the exchange: it may not find the token's key at this issuer"
        return TryLater(Reason.EXCHANGE_REFUSED, msg)
    if reply.status == 502:
        return issuer_unreachable()
    if reply.status in {401, 403}:
        # Not about the connection's token: that was not sent.
        return not_understood(reply, write=False)
    return failure(reply, write=False, scope="")


def issuer_unreachable() -> TryLater:
    """Return what it means that the exchange alone gets no answer of Quay's own."""
    # Its proxy answers like this too while Quay is away, but then every other call fails.
    msg = "Quay cannot reach the issuer of this cluster's tokens"
    return TryLater(Reason.ISSUER_UNREACHABLE, msg)


def _not_taken(reply: Reply, name: RobotName) -> QuayRobotError:
    text = message_of(reply)
    if says_absent(reply):
        return Ambiguous(Reason.ROBOT_NOT_FOUND, f"the robot {name.full} no longer exists")
    if text.startswith(_NOT_TRUSTED):
        msg = "Quay does not accept the ServiceAccount: it is not among the robot's identities"
        return Refused(Reason.EXCHANGE_REFUSED, msg)
    if text.startswith(("Invalid token: Audience", 'Invalid token: Token is missing the "aud"')):
        msg = (
            "Quay wants another audience of the ServiceAccount's token: give the robot's identity "
            "one in Quay that credentials.audiences name, or name there the one that it has"
        )
        return Refused(Reason.EXCHANGE_REFUSED, msg)
    if text.startswith(("Invalid token: ", "Token does not contain issuer")):
        msg = (
            "Quay could not verify the ServiceAccount's token: its issuer's documents say "
            "otherwise, or the clocks differ"
        )
        return Refused(Reason.EXCHANGE_REFUSED, msg)
    return not_understood(reply, write=False)
