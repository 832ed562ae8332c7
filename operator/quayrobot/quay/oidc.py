"""
How does a connection get a JWT of an OIDC service, and keep one?

By client credentials (RFC 6749 4.4), with a client secret or with a token of
a ServiceAccount as client assertion (RFC 7523). The JWT lives in memory alone
and is replaced at two thirds of its life, by whoever calls next; until it ends
a service that is away changes nothing. What Quay would not take for a JWT is
refused here, where it can be said what is wrong with it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote_plus

import orjson
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

from ..model.errors import Denied, QuayRobotError, Reason, TryLater
from ..model.resources.connection import origin_of
from ..model.secrecy import Token
from .answers import message_of, parse_json
from .jwt import claims_of, header_of, moment_of
from .transport import Endpoint, Reply, Transport

__all__ = ["Assertion", "OidcBearer", "OidcService"]

DISCOVERY = "/.well-known/openid-configuration"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REPLACED_AT = 2 / 3
# One that ends while a call is under way is refused.
MARGIN_S = 5.0
RETRY_S = 5.0
JWT_TYPES = {"jwt", "at+jwt"}
ALGORITHMS = {"RS256", "RS384"}

# A token of a ServiceAccount, for the audience that is given.
Assertion = Callable[[str], Awaitable[Token]]


@dataclass(frozen=True, slots=True)
class OidcService:
    """
    Where a JWT comes from, and for whom.

    Exactly one of *issuer* and *token_url* is given, and of *secret* and *assertion*.
    """

    issuer: str | None
    token_url: str | None
    client_id: str
    secret: Token | None
    assertion: Assertion | None
    audience: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    token: Token
    life_s: float
    replace_at: float
    ends_at: float


class OidcBearer:
    """The JWT of one connection; *clock* is monotonic, in seconds."""

    def __init__(
        self, service: OidcService, endpoint: Endpoint, *, clock: Callable[[], float]
    ) -> None:
        """*endpoint* is Quay's: its authorities, its deadline and its reach go for the service."""
        self._service, self._endpoint, self._clock = service, endpoint, clock
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._failed: tuple[QuayRobotError, float] | None = None

    @property
    def life_s(self) -> float | None:
        """How long the JWT at hand lives from when it was made; None for none."""
        return self._held.life_s if self._held is not None else None

    async def token(self) -> Token:
        """
        Return a JWT that has not ended; one call to the service serves all who ask.

        Raises:
            Denied: The service gives none, or one that Quay cannot take.
            TryLater: The service cannot be reached.
            Refused: Its host may not be named.
        """
        async with self._lock:
            held = self._held
            if held is None or self._clock() >= held.replace_at:
                held = await self._replaced(held)
            return held.token

    def refused(self, token: Token, reply: Reply) -> bool:
        """Drop *token*; another is worth a call at once only where this one had ended."""
        if self._held is not None and self._held.token == token:
            self._held = None
        return message_of(reply).startswith("Signature has expired")

    async def _replaced(self, held: _Held | None) -> _Held:
        usable = held is not None and self._clock() < held.ends_at
        try:
            if self._failed is not None and self._clock() < self._failed[1]:
                raise self._failed[0]
            made = await self._obtain()
        except QuayRobotError as error:
            if self._failed is None or self._failed[0] is not error:
                self._failed = error, self._clock() + RETRY_S
            if usable and held is not None:
                return held
            raise
        self._held, self._failed = made, None
        return made

    async def _obtain(self) -> _Held:
        asked = self._clock()
        url = self._service.token_url or await self.discover()
        reply = await self._post(url)
        text, told_s = _issued(reply)
        life_s = _life_s(text, told_s)
        ends_at = asked + life_s - min(MARGIN_S, life_s / 10)
        return _Held(Token(text), life_s, asked + life_s * REPLACED_AT, ends_at)

    async def discover(self) -> str:
        """
        Return the token endpoint that the issuer's discovery document names.

        Raises:
            Denied: It names none, or is another issuer's.
            TryLater: It cannot be read.
        """
        issuer = (self._service.issuer or "").rstrip("/")
        reply = await self._fetch("GET", f"{issuer}{DISCOVERY}")
        body = parse_json(reply)
        if reply.status >= 500:
            raise _answered(reply.status)
        if reply.status != 200 or not isinstance(body, Mapping):
            raise _denied("the issuer has no discovery document")
        if str(body.get("issuer", "")).rstrip("/") != issuer:
            raise _denied("the issuer's discovery document is another issuer's")
        found = body.get("token_endpoint")
        if not isinstance(found, str):
            raise _denied("the issuer's discovery document names no token endpoint")
        self._check_endpoint(found)
        return found

    def _check_endpoint(self, url: str) -> None:
        here = (self._endpoint.origin, self._service.issuer or "")
        plain = any(each.startswith("http://") for each in here)
        if not url.startswith(("https://", "http://") if plain else "https://"):
            raise _denied("the token endpoint that the discovery document names is not https")
        try:
            origin_of(url)
        except (ValueError, KeyError):
            raise _denied("the discovery document's token endpoint is not a URL") from None

    async def _post(self, url: str) -> Reply:
        service, extra = self._service, {}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if service.audience is not None:
            extra["audience"] = service.audience
        if service.secret is not None:
            headers["Authorization"] = _basic(service.client_id, service.secret)
        if service.assertion is not None:
            shown = await service.assertion(service.issuer or url)
            extra |= {"client_assertion": shown.reveal(), "client_assertion_type": ASSERTION_TYPE}
        form = BackendApplicationClient(service.client_id).prepare_request_body(
            scope=list(service.scopes) or None,
            include_client_id=service.secret is None,
            **extra,
        )
        return await self._fetch("POST", url, headers=headers, content=str(form))

    async def _fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: str | None = None,
    ) -> Reply:
        transport = Transport(replace(self._endpoint, origin=origin_of(url)))
        try:
            return await transport.fetch(method, url, headers=headers, content=content)
        except TryLater as error:
            # The transport speaks of Quay, which is the only other place that is called.
            words = error.message.replace("Quay", "the OIDC service", 1)
            # Whatever the token was for, Quay was sent nothing yet.
            raise TryLater(Reason.ISSUER_UNREACHABLE, words).unsent() from None
        finally:
            await transport.aclose()


def _basic(client_id: str, secret: Token) -> str:
    # RFC 6749 2.3.1: both are form-encoded before they are joined.
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _issued(reply: Reply) -> tuple[str, float | None]:
    """Return the token that the service gave, and how long it says that it lives."""
    if reply.status >= 500 or reply.status == 429:
        raise _answered(reply.status)
    body = parse_json(reply)
    if not isinstance(body, Mapping):
        raise _denied("the OIDC service's answer holds no token")
    # The library fails at a life that is no number, as some services tell it; the JWT says it too.
    rest = orjson.dumps({key: value for key, value in body.items() if key != "expires_in"})
    try:
        told = BackendApplicationClient("").parse_request_body_response(rest.decode())
    except OAuth2Error as error:
        raise _denied(_REFUSALS.get(error.error, "the OIDC service issues no token")) from None
    text = told.get("access_token")
    if reply.status != 200 or not isinstance(text, str):
        raise _denied("the OIDC service's answer holds no token")
    return text, _seconds(body.get("expires_in"))


def _seconds(told: object) -> float | None:
    """Return the number in *told*, also where it is a text, as Microsoft's; None for nonsense."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        found = float(told)
    except ValueError:
        return None
    return found if 0 < found < float("inf") else None


_REFUSALS = {
    "invalid_client": "the OIDC service does not know the client, or rejects its credentials",
    "unauthorized_client": "the OIDC service does not allow the client to use client credentials",
    "invalid_scope": "the OIDC service does not grant the requested scopes",
    "invalid_request": "the OIDC service does not accept the request: it may need an audience",
    "unsupported_grant_type": "the OIDC service has no client credentials",
    "invalid_target": "the OIDC service does not know the audience",
}


def _life_s(token: str, told_s: float | None) -> float:
    """How long *token* lives; Quay takes it only if it is a JWT of the kind that it reads."""
    header, claims = header_of(token), claims_of(token)
    if str(header.get("typ", "")).lower() not in JWT_TYPES:
        msg = "the OIDC service's token is not of typ JWT or at+jwt, so Quay would not read it"
        raise _denied(msg)
    if header.get("alg") not in ALGORITHMS:
        raise _denied("the OIDC service signs with another algorithm than RS256 or RS384")
    begins, ends = moment_of(claims, "iat"), moment_of(claims, "exp")
    if begins is None or ends is None or "sub" not in claims:
        raise _denied("the OIDC service's token lacks iat, exp or sub, which Quay needs")
    life_s = (ends - begins).total_seconds()
    life_s = life_s if told_s is None else min(life_s, told_s)
    if life_s <= 0:
        raise _denied("the OIDC service's token had already expired")
    return life_s


def _denied(message: str) -> Denied:
    return Denied(Reason.TOKEN_NOT_ISSUED, message)


def _answered(status: int) -> TryLater:
    msg = f"the OIDC service cannot be reached: it answered {status}"
    return TryLater(Reason.ISSUER_UNREACHABLE, msg)
