"""What does the shell get to see of what answers a watch or a list?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.kubeconfig import ClusterAccess
from quayrobot.app.session import open_session
from tests.kit.answering import answering

PATH = "/api/v1/secrets"
PAGE = b"<html>Please log in</html>"
ANEW = [{"type": "ERROR", "object": {"code": 410}}]


def event(kind: str, **object_: object) -> bytes:
    return json.dumps({"type": kind, "object": object_}).encode() + b"\n"


ADDED = event("ADDED", metadata={"uid": "1", "name": "n" * 200_000})
BOOKMARK = event("BOOKMARK", metadata={"resourceVersion": "7"})


class Server:
    """Answers whatever is asked with the next of *answers*."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked = 0

    async def answer(self, _request: web.BaseRequest) -> web.Response:
        self.asked += 1
        return self.answers.pop(0)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with answering(made.answer) as made.url:
        yield made


@pytest.fixture
async def session(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    access = ClusterAccess(server=server.url)
    async with open_session(access, InitialLists((), lambda: None), watches=1) as made:
        yield made


def answer(status: int = 200, body: bytes = b"", kind: str = "application/json") -> web.Response:
    return web.Response(status=status, body=body, content_type=kind)


async def watched(
    server: Server, session: aiohttp.ClientSession, *answers: web.Response
) -> list[dict[str, object]]:
    """Return the events of a watch, read as the shell reads them."""
    server.answers = list(answers)
    text = b""
    async with session.get(f"{server.url}{PATH}?watch=true") as response:
        assert response.status == 200
        async for chunk in response.content.iter_chunked(1024):
            text += chunk
    return [json.loads(line) for line in text.split(b"\n") if line]


async def test_events_go_through_as_they_are(server, session):
    seen = await watched(server, session, answer(body=ADDED + b"\n" + BOOKMARK))

    assert seen == [json.loads(ADDED), json.loads(BOOKMARK)]


@pytest.mark.parametrize(
    "line",
    [
        event("ERROR", code=410),
        event("ERROR", code=500, message="etcdserver: too many requests"),
        event("ERROR"),
        event("ADDED", metadata={}),
        event("BOOKMARK"),
        b"[]\n",
        b"7\n",
        b'{"type":"ADDED"}\n',
        b'{"type":7}\n',
        b"\xff\n",
        PAGE + b"\n",
    ],
)
async def test_what_is_no_event_means_to_list_anew(line: bytes, server, session):
    seen = await watched(server, session, answer(body=BOOKMARK + line + ADDED))

    assert seen == [json.loads(BOOKMARK), *ANEW]


async def test_what_is_cut_in_two_and_what_is_of_an_unknown_type_is_left_out(server, session):
    body = event("NEWS", secret="s") + BOOKMARK + ADDED[:9]

    assert await watched(server, session, answer(body=body)) == [json.loads(BOOKMARK)]


@pytest.mark.parametrize("status", [400, 405, 408, 409, 410, 422])
async def test_a_refusal_that_no_watch_gets_means_to_list_anew(status: int, server, session):
    assert await watched(server, session, answer(status, PAGE, "text/html")) == ANEW


@pytest.mark.parametrize("asked", ["0", "-1", "soon", "Sun, 29 Nov 2026 10:00:00 GMT"])
async def test_who_is_overloaded_is_asked_again_after_a_pause(asked: str, server, session):
    busy = answer(429)
    busy.headers["Retry-After"] = asked

    assert await watched(server, session, busy, answer(body=BOOKMARK)) == [json.loads(BOOKMARK)]


async def test_a_kind_that_is_missing_for_a_moment_is_asked_for_again(server, session):
    missing = answer(404, b"404 page not found", "text/plain")

    seen = await watched(server, session, missing, answer(body=BOOKMARK))

    assert (seen, server.asked) == ([json.loads(BOOKMARK)], 2)


@pytest.mark.parametrize("query", ["watch=true", "limit=500"])
@pytest.mark.parametrize(
    ("status", "location"), [(200, None), (204, None), (302, "/login"), (301, "http://[")]
)
async def test_a_page_and_a_redirection_are_no_answer(
    status: int, location: str | None, query: str, server, session
):
    page = answer(status, PAGE if status != 204 else b"", "text/html")
    if location:
        page.headers["Location"] = location
    server.answers = [page]

    # What the shell takes for an outage: it asks again, with a backoff.
    with pytest.raises(aiohttp.ClientConnectionError):
        await session.get(f"{server.url}{PATH}?{query}")

    assert server.asked == 1


@pytest.mark.parametrize("body", [PAGE, b"", b"[]", b'{"status":"ok"}', b'{"items":[]}'])
async def test_what_is_no_list_is_no_empty_list(body: bytes, server, session):
    server.answers = [answer(body=body)]

    async with session.get(f"{server.url}{PATH}?limit=500") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.json()


async def test_who_is_told_again_and_again_to_list_anew_waits_longer(
    server, session, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("quayrobot.app.session.asyncio.sleep", note)
    listed = answer(body=b'{"metadata":{"resourceVersion":"7"},"items":null}')
    for _ in range(9):
        await watched(server, session, answer(body=event("ERROR", code=500)))
        server.answers = [listed]
        async with session.get(f"{server.url}{PATH}?limit=500") as response:
            assert (await response.json())["items"] == []
        listed = answer(body=listed.body)

    # Half a second at most at first, and more than seven by then.
    assert max(waited[:2]) <= 0.5
    assert waited[-1] > 7
