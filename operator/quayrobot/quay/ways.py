"""
How does one request travel to a Quay without a proxy, and its answer back?

Over a connection of its own: Quay closes each after its answer, so that there is
nothing to keep, and a pool would only cost. The HTTP is httpcore's, whose failures
are told by httpx' names, as everywhere here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from .streams import Network

__all__ = ["Direct"]


class Direct(httpx.AsyncBaseTransport):
    """Carries each request straight to its own host; *trust* is for an https one."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust, self._network = trust, Network()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send *request*; the connection ends with the answer.

        Raises:
            httpx.TransportError: There is no answer.
        """
        asked = _asked(request)
        way = httpcore.AsyncHTTPConnection(
            asked.url.origin, self._trust, network_backend=self._network
        )
        try:
            with _by_httpx_names():
                answer = await way.handle_async_request(asked)
        except BaseException:
            await way.aclose()
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Answer(answer, way),
            extensions=answer.extensions,
        )


class _Answer(httpx.AsyncByteStream):
    """The body of an *answer*, and the end of its *way*."""

    def __init__(self, answer: httpcore.Response, way: httpcore.AsyncHTTPConnection) -> None:
        self._answer, self._way = answer, way

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        with _by_httpx_names():
            async for each in self._answer.stream:
                yield each

    async def aclose(self) -> None:
        """Close the connection, whether or not all was read."""
        await self._answer.aclose()
        await self._way.aclose()


def _asked(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


@contextmanager
def _by_httpx_names() -> Iterator[None]:
    """Raise what httpcore raises as httpx' exception of the same name, with its words."""
    try:
        yield
    except _FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
