"""
How is a ServiceAccount's token requested?

By a TokenRequest, which stores nothing: the token is signed, handed over and
known to nobody else. It is asked for as short as the API server allows,
because it is used once and at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.errors import Conflict, Reason, Refused, TryLater
from ..model.secrecy import Token
from .api import Body, ClusterApi
from .kinds import SERVICE_ACCOUNT

__all__ = ["Tokens"]

LIFE_S = 600


class Tokens:
    """Asks for tokens of ServiceAccounts."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def request(self, namespace: str, account: str, audiences: Sequence[str]) -> Token:
        """
        Return a token of *account* for *audiences*.

        Raises:
            Refused: There is no such ServiceAccount, or it may not be done.
            TryLater: The API server gave none.
        """
        path = SERVICE_ACCOUNT.path(namespace, account, "token")
        try:
            answer = await self._api.write("POST", path, _request(audiences))
        except Conflict:
            if await self._api.get(SERVICE_ACCOUNT.path(namespace, account)) is None:
                msg = f"there is no ServiceAccount {account} in namespace {namespace}"
                raise Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, msg) from None
            # Nobody changed anything: to look again would be no use, and it is tried at once.
            raise _none_issued() from None
        token = (answer.get("status") or {}).get("token")
        if not isinstance(token, str) or not token:
            raise _none_issued()
        return Token(token)


def _none_issued() -> TryLater:
    msg = "the API server issued no token for the ServiceAccount"
    return TryLater(Reason.CLUSTER_UNAVAILABLE, msg)


def _request(audiences: Sequence[str]) -> Body:
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": list(audiences), "expirationSeconds": LIFE_S},
    }
