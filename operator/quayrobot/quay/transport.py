"""
How is one request sent to Quay, and its reply received?

One origin per connection, pinned: no redirects, no proxies from the
environment, no keep-alive illusions (Quay closes every API connection). The
name of what is dialled, Quay or the connection's proxy, is resolved for each
call, and only an address that was looked at is dialled. One deadline covers the
whole call, slow bytes included, and a body is read only up to a cap. What fails
is told by consequence: never sent, or maybe done.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit

import httpx
import orjson

from ..model.address_policy import Address, AddressPolicy, address_of
from ..model.errors import InvalidSpec, Reason, Refused, TryLater
from ..model.fence import Fence
from ..model.names import OPERATOR
from ..model.resources.connection import origin_of
from ..model.resources.proxy import LITERAL_WORDS
from ..model.secrecy import Token
from ..model.world import Present, Unknown
from .proxy import DIAL, ProxyServer, ThroughProxy
from .request_failures import BODY_CAP, Departure, TooLarge
from .resolver import addresses_of
from .trust import trusting
from .ways import Direct

__all__ = ["Endpoint", "Reply", "Transport"]

MOST_ADDRESSES = 4
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where a Quay is, whom to trust, how long to wait, where its name may lead, who may write.

    *proxy* is what it is reached through, None where it is dialled itself.
    """

    origin: str
    ca_bundle: str | None
    timeout_s: float
    reach: AddressPolicy = field(default_factory=AddressPolicy)
    fence: Fence = field(default_factory=Fence)
    proxy: ProxyServer | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What came back, when; *content_type* without parameters, in lower case.

    *waited_s* is how long Quay took, from the request's last byte to the answer's first.

    *slashed* tells of a redirect to the same path with a slash at its end, *signed_on*
    that it was asked for with a JWT, which has no scopes: its user's rights count alone.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None
    answered: datetime | None = None
    slashed: bool = False
    signed_on: bool = False
    waited_s: float | None = None


class Transport:
    """Carries requests of one connection to its one origin."""

    def __init__(self, endpoint: Endpoint) -> None:
        """
        Prepare for *endpoint*; nothing is sent.

        Raises:
            InvalidSpec: A CA bundle holds no certificate, or a host cannot be one.
            Refused: The host, or the proxy's, may not be named.
        """
        self._endpoint, proxy = endpoint, endpoint.proxy
        self._url = _parse(endpoint.origin)
        _check_name(self._url, endpoint.reach)
        # What is dialled: it alone is resolved here.
        self._dialled = self._url if proxy is None else proxy.url
        # What Quay's certificate is looked at with.
        self.tls = trusting(endpoint.ca_bundle, "caBundle")
        if proxy is not None:
            _check_proxy(self._dialled, endpoint.reach)
            _check_behind(self._url, endpoint.reach)
        self._client = httpx.AsyncClient(
            transport=Direct(self.tls) if proxy is None else ThroughProxy(proxy, self.tls),
            trust_env=False,
            follow_redirects=False,
            timeout=endpoint.timeout_s,
            headers={"User-Agent": OPERATOR, "Accept": "application/json"},
        )
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def send(
        self,
        method: str,
        path: Sequence[str],
        *,
        token: Token,
        user: str | None = None,
        query: str = "",
        body: object = None,
    ) -> Reply:
        """
        Send one request; *path* are segments, each quoted so that it stays one.

        *token* is sent as it is, or as the password of *user* where one is given.

        Raises:
            TryLater: It was never sent (no way, or this replica does not lead), or a read.
            Ambiguous: It was a write, and Quay may have carried it out.
            Refused: The host leads to an address that is not dialled.
        """
        return await self._carry(
            self._request(method, path, query, body, _authorization(token, user))
        )

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: str | None = None,
    ) -> Reply:
        """
        Send one request to *url*, which has to be at this very origin.

        Raises:
            QuayRobotError: As for `send`; InvalidSpec where it is somewhere else.
        """
        request = self._client.build_request(method, url, headers=headers, content=content)
        if origin_of(str(request.url)) != origin_of(self._endpoint.origin):
            msg = "a request would leave the origin that it is meant for"
            raise InvalidSpec(Reason.INVALID_SPEC, msg)
        return await self._carry(request)

    async def check_addresses(self) -> None:
        """
        Return when the host leads nowhere that is refused, as far as can be told now.

        Raises:
            Refused: It does.
        """
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                await self._addresses(Departure(self._url, self._endpoint.proxy))
        except (TryLater, TimeoutError):
            return

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _carry(self, request: httpx.Request) -> Reply:
        departure = Departure(self._url, self._endpoint.proxy)
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                reply = await self._deliver(request, departure)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, ssl.SSLError) as error:
            raise departure.failed(request.method, error) from None
        if reply.status == 407 and self._is_forwarded:
            # The proxy's own word: it asked nobody.
            raise departure.refused_login()
        return replace(reply, waited_s=departure.waited_s)

    @property
    def _is_forwarded(self) -> bool:
        """Whether a proxy sees the request itself, not a tunnel."""
        return self._endpoint.proxy is not None and self._url.scheme == "http"

    async def _deliver(self, request: httpx.Request, departure: Departure) -> Reply:
        addresses = await self._addresses(departure)
        for spare in reversed(range(len(addresses))):
            address = addresses[-1 - spare]
            if request.method != "GET":
                self._endpoint.fence.check()
            try:
                return await self._exchange(self._to(request, address, spare, departure))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent: another address may answer.
                if not spare:
                    raise
        raise AssertionError

    async def _addresses(self, departure: Departure) -> list[Address]:
        host = self._dialled.host
        departure.looking_up = host
        found = await addresses_of(host, _port(self._dialled))
        departure.looking_up = None
        if isinstance(found, Unknown):
            raise departure.unreached(f"the name {host} cannot be looked up now")
        if not isinstance(found, Present):
            raise departure.unreached(f"the name {host} is not known")
        allowed = [each for each in found.value if self._endpoint.reach.leads_to(each)]
        if not allowed:
            raise _refused(self._dialled).unsent()
        return allowed[:MOST_ADDRESSES]

    def _to(
        self, request: httpx.Request, address: Address, spare: int, departure: Departure
    ) -> httpx.Request:
        """Return *request* for this very *address*; what the server is called stays."""
        direct = self._endpoint.proxy is None
        most = self._endpoint.timeout_s
        # One that swallows packets must leave time for the others.
        timeout = httpx.Timeout(most, connect=most / (spare + 1) if spare else most)
        return httpx.Request(
            request.method,
            request.url.copy_with(host=str(address)) if direct else request.url,
            headers=request.headers,
            stream=request.stream,
            extensions={
                # Of what is dialled: inside of a tunnel the library takes the request's host.
                "sni_hostname": self._dialled.host,
                DIAL: address,
                "timeout": timeout.as_dict(),
                "trace": departure.observe,
            },
        )

    def _request(
        self, method: str, path: Sequence[str], query: str, body: object, authorization: str
    ) -> httpx.Request:
        url = f"{self._endpoint.origin}/" + "/".join(_segment(each) for each in path)
        headers = {"Authorization": authorization}
        content = None
        if body is not None:
            content = orjson.dumps(body)
            headers["Content-Type"] = "application/json"
        return self._client.build_request(
            method, f"{url}?{query}" if query else url, headers=headers, content=content
        )

    async def _exchange(self, request: httpx.Request) -> Reply:
        async with self._room:
            response = await self._client.send(request, stream=True)
            try:
                body = await _read_capped(response)
            finally:
                await response.aclose()
        return Reply(
            status=response.status_code,
            content_type=response.headers.get("content-type", "").split(";")[0].strip().lower(),
            body=body,
            retry_after=response.headers.get("retry-after"),
            answered=_answered(response.headers.get("date")),
            slashed=_path(response.headers.get("location", "")) == f"{request.url.path}/",
        )


def _parse(origin: str) -> httpx.URL:
    try:
        return httpx.URL(origin)
    except httpx.InvalidURL:
        msg = "url: its host can be neither a name nor an address"
        raise InvalidSpec(Reason.INVALID_SPEC, msg) from None


def _check_name(url: httpx.URL, reach: AddressPolicy) -> None:
    address = address_of(url.host)
    if not reach.names(url.host, _port(url)):
        msg = f"the operator's settings do not let a QuayConnection name the host {url.host}"
        raise Refused(Reason.HOST_REFUSED, msg)
    if address is not None and not reach.leads_to(address):
        raise _refused(url)


def _check_proxy(url: httpx.URL, reach: AddressPolicy) -> None:
    address = address_of(url.host)
    if not reach.lets_through(url.host, _port(url)):
        msg = (
            "the operator's settings do not let a QuayConnection use the proxy "
            f"{url.host}: --tenant-hosts has to name it"
        )
        raise Refused(Reason.HOST_REFUSED, msg)
    if address is not None and not reach.leads_to(address):
        raise _refused(url)


def _check_behind(url: httpx.URL, reach: AddressPolicy) -> None:
    """A proxy resolves what is no plain address: 2852039166 is one in disguise."""
    if ":" in url.host:
        raise InvalidSpec(Reason.INVALID_SPEC, LITERAL_WORDS)
    try:
        hidden = ip_address(socket.inet_aton(url.host))
    except OSError:
        return
    if not reach.leads_to(hidden):
        raise _refused(url)


def _port(url: httpx.URL) -> int:
    return url.port or {"http": 80, "https": 443}[url.scheme]


def _refused(url: httpx.URL) -> Refused:
    # Which address it is tells of names that only the operator can resolve.
    msg = f"the host {url.host} leads to an address that the operator does not connect to"
    return Refused(Reason.HOST_REFUSED, msg)


async def _read_capped(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes(65536):
        body += chunk
        if len(body) > BODY_CAP:
            msg = "the answer is larger than the limit"
            raise TooLarge(msg)
    return bytes(body)


def _path(location: str) -> str:
    """The path that *location* leads to, wherever that is; it is looked at and never taken."""
    try:
        return unquote(urlsplit(location).path)
    except ValueError:
        return ""


def _answered(date: str | None) -> datetime:
    """By the other side's clock where it tells: the dates that it names are of that clock."""
    try:
        moment = parsedate_to_datetime(date) if date is not None else None
    except (ValueError, OverflowError):
        moment = None
    return moment if moment is not None and moment.tzinfo is not None else datetime.now(UTC)


def _authorization(token: Token, user: str | None) -> str:
    if user is None:
        return f"Bearer {token.reveal()}"
    pair = f"{user}:{token.reveal()}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _segment(text: str) -> str:
    """Quote *text* so that it stays one path segment; dots alone would climb."""
    if text in {".", ".."}:
        msg = "a name of dots alone cannot be asked for"
        raise InvalidSpec(Reason.INVALID_SPEC, msg)
    return quote(text, safe="")
