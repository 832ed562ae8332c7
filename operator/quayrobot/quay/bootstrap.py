"""
How is Quay's own bootstrap token renewed?

The answer holds no token: Quay writes the new one into its file or Secret, and
the one that asked dies at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import Ambiguous, Reason, Refused
from .answers import has_no_such_path, lacks_right, parse_json, refuses_token
from .rights import Send
from .transport import Reply
from .wire import failure, not_understood

__all__ = ["Bootstrap"]

_RENEW = ("api", "v1", "bootstrap", "renew")


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
        reply = await self._send("bootstrap.renew", "POST", _RENEW)
        if reply.status == 200 and _rotated(reply):
            return
        if reply.status == 405 and await self._is_missing():
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
        Tell whether Quay accepts the token.

        Raises:
            TryLater: The answer does not tell.
        """
        reply = await self._send("user.get", "GET", ("api", "v1", "user", ""))
        body = parse_json(reply)
        shown = reply.status == 200 and isinstance(body, Mapping) and "username" in body
        if shown or lacks_right(reply):
            return True
        if refuses_token(reply):
            return False
        raise failure(reply, write=False, scope="")

    async def _is_missing(self) -> bool:
        # A page of 405 is anybody's; where Quay has no such path, it redirects a read of it.
        return has_no_such_path(await self._send("bootstrap.look", "GET", _RENEW))


def _rotated(reply: Reply) -> bool:
    body = parse_json(reply)
    return isinstance(body, Mapping) and body.get("status") == "rotated"
