"""
With what does a connection call Quay, and where is that kept?

An OAuth token stands in a Secret. A JWT of an OIDC service stands nowhere: its
client secret does, or nothing at all where a ServiceAccount's token proves who
asks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime

from ...cluster.secrets import CredentialRead, Secrets
from ...cluster.tokens import Tokens
from ...model.errors import Reason, Refused
from ...model.resources.api_credentials import (
    ApiCredentials,
    ClusterAccountRef,
)
from ...model.secrecy import Token
from ...quay.bearer import Bearer, StaticBearer
from ...quay.oidc import Assertion, OidcBearer, OidcService
from ...quay.transport import Endpoint
from ..workqueue.keys import ResourceKey
from .places import SecretPlace

__all__ = ["assertion_of", "bearer_of", "read_credential", "token_fault"]

# RFC 6750, section 2.1; and what Quay makes.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_QUAYS_OWN = re.compile(rb"[A-Za-z0-9]{40}")

# Nothing is stored, so there is nothing to guard and nothing that changes.
_NO_SECRET = CredentialRead(
    token=Token(""),
    version="",
    guarded=True,
    deleting=False,
    created_at=datetime.fromtimestamp(0, UTC),
)


async def read_credential(secrets: Secrets, place: SecretPlace | None) -> CredentialRead:
    """
    Return what is kept at *place*.

    Raises:
        Refused: It holds none, or something that no token can be.
        TryLater: It cannot be read now.
    """
    if place is None:
        return _NO_SECRET
    read = await secrets.credential(place.namespace, place.name, place.key)
    if not place.client and (fault := token_fault(read.token)):
        msg = f"the connection has no token: key {place.key} of Secret {place.name} {fault}"
        raise Refused(Reason.CONNECTION_NOT_READY, msg)
    return read


def token_fault(token: Token) -> str:
    """Return why *token* cannot be sent as one, or cannot be the one that was meant."""
    text = token.reveal()
    if not _BEARER.fullmatch(text):
        return "holds characters that no token has: give it alone, without quotes"
    try:
        inner = base64.b64decode(text, validate=True)
    except binascii.Error:
        return ""
    if not _QUAYS_OWN.fullmatch(inner.strip()):
        return ""
    return "holds a token that is encoded in base64 twice: once in data, not at all in stringData"


def bearer_of(
    said: ApiCredentials,
    endpoint: Endpoint,
    secret: Token,
    assertion: Assertion | None,
    clock: Callable[[], float],
) -> Bearer:
    """Return where the tokens of a connection's calls come from."""
    if said.type == "OAuthToken":
        return StaticBearer(secret)
    service = OidcService(
        issuer=said.issuer,
        token_url=said.token_url,
        client_id=said.client_id or "",
        secret=secret if assertion is None else None,
        assertion=assertion,
        audience=said.audience,
        scopes=tuple(said.scopes or ()),
    )
    return OidcBearer(service, endpoint, clock=clock)


def assertion_of(key: ResourceKey, said: ApiCredentials, tokens: Tokens) -> Assertion | None:
    """Return how the operator proves to an OIDC service who it is, without a secret."""
    account = said.service_account
    if account is None:
        return None
    namespace, name = key.namespace, account.name
    if isinstance(account, ClusterAccountRef):
        namespace = account.namespace

    async def assertion(audience: str) -> Token:
        return await tokens.request(namespace, name, (audience,))

    return assertion
