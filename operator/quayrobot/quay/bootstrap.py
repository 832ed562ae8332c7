"""
How is Quay's own bootstrap token renewed?

The answer holds no token: Quay writes the new one into its file or Secret, and
the one that asked dies at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import Ambiguous, Reason, Refused
from .rights import Send
from .transport import Reply
from .wire import failure, not_understood, parse_json

__all__ = ["Bootstrap"]


class Bootstrap:
    """Renews the token of one connection."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def renew(self) -> None:
        """
        Have Quay replace the token that this is asked with.

        Raises:
            Refused: NotSupported, or RenewalRefused for a token of another kind.
            Denied: The token does not work.
            Ambiguous: It may have been replaced: look before anything else.
        """
        reply = await self._send("bootstrap.renew", "POST", ("api", "v1", "bootstrap", "renew"))
        if reply.status == 200 and _rotated(reply):
            return
        if reply.status in {308, 404, 405} and reply.content_type != "application/json":
            msg = (
                "this Quay renews no tokens: it is too old, or FEATURE_PROGRAMMATIC_BOOTSTRAP off"
            )
            raise Refused(Reason.NOT_SUPPORTED, msg)
        if reply.status == 200:
            raise not_understood(reply, write=True)
        if reply.status == 500:
            msg = "Quay failed to renew the token: it may not be able to write it into its Secret"
            raise Ambiguous(Reason.RENEWAL_FAILED, msg)
        error = failure(reply, write=True, scope="")
        if error.reason is Reason.INSUFFICIENT_SCOPE:
            msg = "Quay does not renew this token: it is not the one that Quay made for machines"
            raise Refused(Reason.RENEWAL_REFUSED, msg)
        raise error

    async def works(self) -> bool:
        """
        Tell whether Quay takes the token.

        Raises:
            TryLater: The answer does not tell.
        """
        reply = await self._send("user.get", "GET", ("api", "v1", "user", ""))
        if reply.status in {200, 403} and isinstance(parse_json(reply), Mapping):
            return True
        if reply.status == 401:
            return False
        raise failure(reply, write=False, scope="")


def _rotated(reply: Reply) -> bool:
    body = parse_json(reply)
    return isinstance(body, Mapping) and body.get("status") == "rotated"
