"""
How does kopf send its requests to the API server?

kopf takes a ready HTTP session. Ours bounds the connections, reads a token file
again when it changes, outlives refusals of the credential and answers that are no
API server's (kopf would give up for good), pauses before what just failed, and hands
on what was listed or has changed. The token goes to the API server's own origin only.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import aiohttp
import orjson
import structlog
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from ..cluster.pages import PageLimit, TooLargeError, read_capped
from ..cluster.token_file import TokenFile
from ..model.names import OPERATOR
from .initial_lists import InitialLists
from .intake import Intake
from .kubeconfig import ClusterAccess
from .watch_answers import WatchEvents, as_gone, is_list

__all__ = ["EndlessBackoff", "open_session"]

CONNECTIONS = 32
WATCH_PAUSE_S = 0.5
PAUSE_CAP_S = 15.0
# So long a kind may be gone until the process is to begin again, and to say that it is missing.
MISSING_S = 30.0
ASKED_CAP_S = 30
# The shell asks again after a 403 and whatever is above 500, and ends the process at a 404.
_HANDED_ON = {403, 404}
# What was listed too long ago is listed again: no trouble.
_EXPIRED = {"status 410", "an error 410"}
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


class _Pace:
    """When may each path be listed and watched again?"""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._delays: dict[str, Iterator[float]] = {}

    def failed(self, path: str) -> None:
        """Put off the next list of *path*; the longer, the more often it failed in a row."""
        now = asyncio.get_running_loop().time()
        stood = now - self._began.get(path, now) > PAUSE_CAP_S
        if stood or path not in self._delays:
            self._delays[path] = iter(EndlessBackoff(WATCH_PAUSE_S, PAUSE_CAP_S))
        self._due[path] = now + next(self._delays[path])

    async def before_list(self, path: str) -> None:
        """Wait for what `failed` put off."""
        due = self._due.pop(path, 0.0)
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def before_watch(self, path: str) -> None:
        """Wait a little since the last watch of *path* began."""
        # kopf has no pause between two watches: something that accepts and closes them at
        # once would be asked thousands of times a second.
        now = asyncio.get_running_loop().time()
        start = max(now, self._began.get(path, now - WATCH_PAUSE_S) + WATCH_PAUSE_S)
        self._began[path] = start
        await asyncio.sleep(start - now)


class _Travel:
    """The middleware that every request of the shell goes through."""

    def __init__(self, access: ClusterAccess, initial_lists: InitialLists, intake: Intake) -> None:
        self._base = URL(access.server)
        self._credential = _Credential(access)
        self._initial_lists, self._intake = initial_lists, intake
        self._pace = _Pace()
        self._forbidden: set[tuple[str, str]] = set()
        self._missing_since: dict[str, float] = {}
        self._limits: dict[str, PageLimit] = {}

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        path = self.path_of(request.url)
        watching = request.url.query.get("watch") == "true"
        if watching:
            self._initial_lists.watched(path)
            await self._pace.before_watch(path)
        else:
            await self._pace.before_list(path)
        paged = not watching and "limit" in request.url.query
        answer = self._page if paged else self._answer
        response = await answer(request, handler, path)
        self._note_right(path, "watch" if watching else "list", response.status)
        if response.status >= 400 and request.method == "GET":
            return self._failure(response, path, watching=watching)
        if watching:
            events = WatchEvents(response.content, self._ended(path), path, self._intake)
            response.content = events  # type: ignore[assignment]
        return response

    async def _page(
        self, request: ClientRequest, handler: ClientHandlerType, path: str
    ) -> ClientResponse:
        """Return a page of a list, of fewer objects than asked for while they are large."""
        limit = self._limits.setdefault(path, PageLimit(int(request.url.query["limit"])))
        while True:
            request.url = request.url.update_query(limit=limit.now)
            response = await self._answer(request, handler, path)
            if response.status >= 300:
                return response
            assert isinstance(response, _Response)
            try:
                limit.fitted(await response.take_in(limit.cap))
            except TooLargeError:
                limit.too_large()
            except (aiohttp.ClientError, TimeoutError):
                self.misread(request.url)
                raise aiohttp.ClientPayloadError from None
            else:
                return response

    async def _answer(
        self, request: ClientRequest, handler: ClientHandlerType, path: str
    ) -> ClientResponse:
        """Return the first answer that does not ask for patience alone."""
        for pause_s in EndlessBackoff(WATCH_PAUSE_S, PAUSE_CAP_S):
            self._authorize(request)
            response = await _sent(request, handler)
            asked_s = self._patience_s(path, response)
            if asked_s is None:
                return response
            response.close()
            await asyncio.sleep(max(pause_s, asked_s))
        raise AssertionError

    def _patience_s(self, path: str, response: ClientResponse) -> float | None:
        """Return how long to wait at least before it is asked again, None where it is not."""
        if response.status != 404:
            self._missing_since.pop(path, None)
        if response.status == 401:
            # Handed on, it would make the shell log in again and, after three times the same
            # credential, give up. The server may be starting, or the token be about to change.
            log.warning("cluster.login_refused", why="the API server answers 401", path=path)
            return 0.0
        if response.status == 429:
            # The shell would end at a date, and sleep for a year if that is what is said.
            asked = response.headers.get("Retry-After", "")
            return min(int(asked), ASKED_CAP_S) if re.fullmatch("[0-9]{1,9}", asked) else 0.0
        if response.status == 404:
            # One API server of several may not know the kind yet.
            now = asyncio.get_running_loop().time()
            if path not in self._missing_since:
                self._missing_since[path] = now
                log.warning("watch.broken", path=path, why="status 404")
            return 0.0 if now - self._missing_since[path] < MISSING_S else None
        return None

    def _failure(self, response: ClientResponse, path: str, *, watching: bool) -> ClientResponse:
        """Return what the shell knows how to take; the rest makes it list again."""
        if response.status in _HANDED_ON or response.status >= 500:
            return response
        ended = self._ended(path)
        ended(f"status {response.status}")
        if watching:
            return as_gone(response)
        # Also 410, for the rest of a list that took too long.
        response.close()
        raise aiohttp.ClientPayloadError

    def _ended(self, path: str) -> Callable[[str], None]:
        def ended(why: str) -> None:
            self._pace.failed(path)
            if why not in _EXPIRED:
                log.warning("watch.broken", path=path, why=why)

        return ended

    def misread(self, url: URL) -> None:
        """Take note of a list at *url* that could not be read."""
        self._ended(self.path_of(url))("no list")

    def path_of(self, url: URL) -> str:
        """Return *url*'s path below the API server's own."""
        return url.path.removeprefix(self._base.path.rstrip("/"))

    async def listed(self, url: URL, page: dict[str, Any]) -> None:
        """Hand on a *page* of the list at *url*, and leave nothing of it to the shell."""
        path = self.path_of(url)
        if self._intake.takes(path):
            await self._intake.take_list(path, page)
            page["items"] = []

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


async def _sent(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """
    Return the answer, if an API server can have given it.

    Raises:
        aiohttp.ClientConnectionError: There is none. The shell asks again, with a backoff.
    """
    try:
        response = await handler(request)
    except aiohttp.ClientConnectionError:
        raise
    except aiohttp.ClientError:
        raise aiohttp.ClientConnectionError("no HTTP") from None
    foreign = response.status < 300 and "json" not in response.content_type
    if foreign or 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientConnectionError("no API server")
    return response


def open_session(
    access: ClusterAccess,
    initial_lists: InitialLists,
    intake: Intake | None = None,
    *,
    watches: int,
) -> aiohttp.ClientSession:
    """
    Return a session whose *watches* endless requests leave room for the others.

    What *intake* takes is taken out of the answers.
    """
    travel = _Travel(access, initial_lists, intake or Intake())
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS + watches, ssl=access.ssl_context(), keepalive_timeout=60
        ),
        headers={"User-Agent": OPERATOR},
        middlewares=(travel,),
        response_class=_handing_on(travel),
        trust_env=False,
    )


class _Response(ClientResponse):
    """Can be read before the shell reads it."""

    async def take_in(self, cap: int | None) -> int:
        """
        Read the body and return its size.

        Raises:
            TooLargeError: It has more than *cap* bytes.
        """
        self._body = await read_capped(self, cap)
        return len(self._body)


def _handing_on(travel: _Travel) -> type[ClientResponse]:
    class Response(_Response):
        """Hands on the lists that it decodes."""

        async def json(self, **options: Any) -> Any:
            if self.status >= 400:
                return await super().json(**options)
            listing = "limit" in self.url.query
            try:
                # As it came: a text of it, as by default, is a copy more.
                value = orjson.loads(await self.read())
            except (aiohttp.ClientError, ValueError, TimeoutError):
                value = None
            if listing and not is_list(value):
                travel.misread(self.url)
                raise aiohttp.ClientPayloadError
            if listing:
                # The shell iterates over it, and an empty list may come as null.
                value["items"] = value["items"] or []
                await travel.listed(self.url, value)
            return value

    return Response
