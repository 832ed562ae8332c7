"""
How does kopf send its requests to the API server?

kopf takes a ready HTTP session. Ours bounds the connections, reads a token file
again when it changes, outlives refusals of the credential (kopf would give up
for good), pauses before a watch that was just cut, and takes note of what was
listed. The token goes to the API server's own origin only.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import aiohttp
import orjson
import structlog
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from ..cluster.token_file import TokenFile
from ..model.names import OPERATOR
from .initial_lists import InitialLists
from .kubeconfig import ClusterAccess

__all__ = ["EndlessBackoff", "open_session"]

CONNECTIONS = 32
WATCH_PAUSE_S = 0.5
log = structlog.get_logger(__name__)


class EndlessBackoff(Iterable[float]):
    """Delays that grow from *first_s* to *cap_s*, jittered, forever; may be iterated again."""

    def __init__(self, first_s: float, cap_s: float) -> None:
        self._first_s = first_s
        self._cap_s = cap_s

    def __iter__(self) -> Iterator[float]:
        delay = self._first_s
        while True:
            yield random.uniform(delay / 2, delay)  # noqa: S311 - a delay is no secret
            delay = min(self._cap_s, delay * 2)


class _Credential:
    """The token as it stands now."""

    def __init__(self, access: ClusterAccess) -> None:
        self._file = TokenFile(access.token_file) if access.token_file else None
        self._token = access.token

    def header(self) -> str | None:
        """Return the Authorization header's value, None where a certificate speaks for us."""
        if self._file is not None:
            try:
                self._token = self._file.read()
            except OSError:
                # The kubelet swaps the file; until it is back the old token may still serve.
                log.warning("cluster.login_refused", why="the token file cannot be read")
        return f"Bearer {self._token.reveal()}" if self._token else None


class _Travel:
    """The middleware that every request of the shell goes through."""

    def __init__(self, access: ClusterAccess, initial_lists: InitialLists) -> None:
        self._base = URL(access.server)
        self._credential = _Credential(access)
        self._initial_lists = initial_lists
        self._watch_began: dict[str, float] = {}
        self._forbidden: set[tuple[str, str]] = set()

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        path = self.path_of(request.url)
        watching = request.url.query.get("watch") == "true"
        if watching:
            self._initial_lists.watched(path)
            await self._pause(path)
        pauses = iter(EndlessBackoff(WATCH_PAUSE_S, 15))
        while True:
            self._authorize(request)
            response = await handler(request)
            if response.status == 410 and not watching:
                # The rest of a list that took too long. The shell would end; so it lists anew.
                response.close()
                raise aiohttp.ClientPayloadError
            if response.status != 401:
                self._note_right(path, "watch" if watching else "list", response.status)
                return response
            # Handed on, it would make the shell log in again and, after three times the same
            # credential, give up. The server may be starting, or the token be about to change.
            response.close()
            log.warning("cluster.login_refused", why="the API server answers 401", path=path)
            await asyncio.sleep(next(pauses))

    def path_of(self, url: URL) -> str:
        """Return *url*'s path below the API server's own."""
        return url.path.removeprefix(self._base.path.rstrip("/"))

    def _note_right(self, path: str, verb: str, status: int) -> None:
        if status != 403:
            self._forbidden.discard((verb, path))
            return
        self._initial_lists.forbidden(path)
        if (verb, path) not in self._forbidden:
            self._forbidden.add((verb, path))
            log.warning("watch.forbidden", verb=verb, path=path)

    def _authorize(self, request: ClientRequest) -> None:
        header = self._credential.header()
        request.headers.pop("Authorization", None)
        if header and request.url.origin() == self._base.origin():
            request.headers["Authorization"] = header

    async def _pause(self, path: str) -> None:
        # kopf has no pause between two watches: something that accepts and closes them at
        # once would be asked thousands of times a second.
        now = asyncio.get_running_loop().time()
        start = max(now, self._watch_began.get(path, now - WATCH_PAUSE_S) + WATCH_PAUSE_S)
        self._watch_began[path] = start
        await asyncio.sleep(start - now)


def open_session(
    access: ClusterAccess, initial_lists: InitialLists, *, watches: int
) -> aiohttp.ClientSession:
    """Return a session whose *watches* endless requests leave room for the others."""
    travel = _Travel(access, initial_lists)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS + watches, ssl=access.ssl_context(), keepalive_timeout=60
        ),
        headers={"User-Agent": OPERATOR},
        middlewares=(travel,),
        response_class=_noting(travel.path_of, initial_lists),
        trust_env=False,
    )


def _noting(path_of: Callable[[URL], str], initial_lists: InitialLists) -> type[ClientResponse]:
    class NotingResponse(ClientResponse):
        """Takes note of the lists that it decodes."""

        async def json(self, **options: Any) -> Any:
            value = await super().json(**({"loads": orjson.loads} | options))
            if isinstance(value, dict) and "items" in value:
                # The shell iterates over it, and an empty list may come as null.
                value["items"] = value["items"] or []
                initial_lists.listed(path_of(self.url), value)
            return value

    return NotingResponse
