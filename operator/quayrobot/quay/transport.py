"""
How does one request travel to Quay and back?

One origin per connection, pinned: no redirects, no proxies from the
environment, no keep-alive illusions (Quay closes every API connection). Its
name is resolved for each call, and only an address that was looked at is
dialled. One deadline covers the whole call, slow bytes included, and a body is
read only up to a cap. What fails is told by consequence: never sent, or maybe
done.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit

import httpx
import orjson

from ..model.errors import (
    Ambiguous,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
    Unfinished,
)
from ..model.fence import Fence
from ..model.names import OPERATOR
from ..model.reach import Address, Reach, address_of
from ..model.resources.connection import origin_of
from ..model.secrecy import Token
from ..model.tls import even
from ..model.world import Present
from .resolver import addresses_of

__all__ = ["Endpoint", "Reply", "Transport"]

BODY_CAP = 64 * 1024 * 1024
MOST_ADDRESSES = 4
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a Quay is, whom to trust, how long to wait, where its name may lead, who may write."""

    origin: str
    ca_bundle: str | None
    timeout_s: float
    reach: Reach = field(default_factory=Reach)
    fence: Fence = field(default_factory=Fence)


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What came back, when; *content_type* without parameters, in lower case.

    *slashed* tells of a redirect to the same path with a slash at its end.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None
    answered: datetime | None = None
    slashed: bool = False


class _TooLarge(httpx.ReadError):
    """An answer that is larger than is read."""


class _Departure:
    """Whether the first byte of a request may be on its way: the connection stands before."""

    def __init__(self) -> None:
        self.begun = False

    async def observe(self, event: str, _info: Mapping[str, object]) -> None:
        """Take note of a step that the HTTP library tells of."""
        self.begun = self.begun or event.endswith("send_request_headers.started")


class Transport:
    """Carries requests of one connection to its one origin."""

    def __init__(self, endpoint: Endpoint) -> None:
        """
        Prepare for *endpoint*; nothing is sent.

        Raises:
            InvalidSpec: The CA bundle holds no certificate, or the host cannot be one.
            Refused: The host may not be named.
        """
        self._endpoint = endpoint
        self._url = _parse(endpoint.origin)
        _check_name(self._url, endpoint.reach)
        # What Quay's certificate is looked at with.
        self.tls = _trust(endpoint)
        self._client = httpx.AsyncClient(
            verify=self.tls,
            trust_env=False,
            follow_redirects=False,
            timeout=endpoint.timeout_s,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
            headers={"User-Agent": OPERATOR, "Accept": "application/json"},
        )

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
                await self._addresses()
        except (TryLater, TimeoutError):
            return

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _carry(self, request: httpx.Request) -> Reply:
        departure = _Departure()
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                return await self._deliver(request, departure)
        except _NEVER_SENT as error:
            raise _unreachable(error).unsent() from None
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, ssl.SSLError) as error:
            if not departure.begun:
                raise _unreachable(error).unsent() from None
            raise _cut_off(request.method, error) from None

    async def _deliver(self, request: httpx.Request, departure: _Departure) -> Reply:
        addresses = await self._addresses()
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

    async def _addresses(self) -> list[Address]:
        found = await _resolve(self._url)
        allowed = [each for each in found if self._endpoint.reach.leads_to(each)]
        if not allowed:
            raise _refused(self._url).unsent()
        return allowed[:MOST_ADDRESSES]

    def _to(
        self, request: httpx.Request, address: Address, spare: int, departure: _Departure
    ) -> httpx.Request:
        """Return *request* for this very *address*; what the server is called stays."""
        most = self._endpoint.timeout_s
        # One that swallows packets must leave time for the others.
        timeout = httpx.Timeout(most, connect=most / (spare + 1) if spare else most)
        return httpx.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={
                "sni_hostname": self._url.host,
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


def _check_name(url: httpx.URL, reach: Reach) -> None:
    address = address_of(url.host)
    if not reach.names(url.host, _port(url)):
        msg = f"the operator's settings do not let a QuayConnection name the host {url.host}"
        raise Refused(Reason.HOST_REFUSED, msg)
    if address is not None and not reach.leads_to(address):
        raise _refused(url)


async def _resolve(url: httpx.URL) -> tuple[Address, ...]:
    found = await addresses_of(url.host, _port(url))
    if not isinstance(found, Present):
        msg = f"Quay cannot be reached: the name {url.host} is not known"
        raise TryLater(Reason.QUAY_UNREACHABLE, msg).unsent()
    return found.value


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
            msg = "the answer is larger than the cap"
            raise _TooLarge(msg)
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


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    context = even(ssl.create_default_context())
    if endpoint.ca_bundle is not None:
        try:
            # Comments between certificates may be in any language; ssl takes ASCII only.
            plain = endpoint.ca_bundle.encode("ascii", "ignore").decode()
            context.load_verify_locations(cadata=plain)
        except (ssl.SSLError, ValueError):
            msg = "caBundle holds no PEM certificate"
            raise InvalidSpec(Reason.INVALID_SPEC, msg) from None
    return context


def _unreachable(error: Exception) -> TryLater:
    if "CERTIFICATE" in str(error):
        what = "its certificate was refused"
    elif isinstance(error, TimeoutError | httpx.TimeoutException):
        what = "no connection in time"
    else:
        what = "no connection"
    return TryLater(Reason.QUAY_UNREACHABLE, f"Quay cannot be reached: {what}")


def _cut_off(method: str, error: Exception) -> QuayRobotError:
    if isinstance(error, _TooLarge):
        what = f"its answer is larger than {BODY_CAP // 1024**2} MiB"
    elif isinstance(error, TimeoutError | httpx.TimeoutException):
        what = "no answer in time"
    else:
        what = "the connection broke"
        if method == "GET":
            return TryLater(Reason.QUAY_UNREACHABLE, f"Quay cannot be reached: {what}")
    kind = Unfinished if method == "GET" else Ambiguous
    return kind(Reason.QUAY_UNREACHABLE, f"Quay cannot be reached: {what}")
