"""Who gets the objects that lists and watches bring, and what is left for the shell?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.intake import AT_ONCE, Intake
from quayrobot.app.kubeconfig import ClusterAccess
from quayrobot.app.session import open_session
from tests.kit.answering import answering

PATH, ELSEWHERE = "/api/v1/secrets", "/api/v1/pods"
GONE = {"type": "ERROR", "object": {"code": 410}}
# A page of so many cannot be compared with what is known.
MANY = 3
Seen = tuple[str, str | None, str]


class Sink:
    """Notes what it is told; fails at an object of the name "bad"."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.pages: list[tuple[str, str, int]] = []

    def listed(self, kind: str, namespace: str, page: dict[str, Any]) -> None:
        assert self.seen == []
        self.pages.append((kind, namespace, len(page["items"])))
        if self.pages[-1][2] == MANY:
            raise ValueError("s3cret")

    def observe(self, kind: str, event_type: str | None, body: dict[str, Any]) -> None:
        self.seen.append((kind, event_type, body["metadata"]["name"]))
        if body["metadata"]["name"] == "bad":
            raise ValueError("s3cret")


class Server:
    """Answers everything with *body*."""

    body = b""

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.body, content_type="application/json")


def body(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"uid": name, "name": name, "resourceVersion": str(version)}}


def line(kind: str, name: str, version: int) -> bytes:
    return json.dumps({"type": kind, "object": body(name, version)}).encode() + b"\n"


def bookmark(version: int) -> dict[str, Any]:
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with answering(made.answer) as made.url:
        yield made


@pytest.fixture
async def session(server, sink) -> AsyncIterator[aiohttp.ClientSession]:
    access, nothing = ClusterAccess(server=server.url), InitialLists((), lambda: None)
    async with open_session(
        access, nothing, Intake(sink, {PATH: ("Secret", "")}), watches=1
    ) as made:
        yield made


async def watched(server: Server, session: aiohttp.ClientSession, path: str = PATH) -> list[Any]:
    """Return what the shell is told of a watch."""
    text = b""
    async with session.get(f"{server.url}{path}?watch=true") as response:
        async for chunk in response.content.iter_chunked(1 << 20):
            text += chunk
    return [json.loads(each) for each in text.split(b"\n") if each]


async def listed(server: Server, session: aiohttp.ClientSession, path: str = PATH) -> Any:
    async with session.get(f"{server.url}{path}?limit=500") as response:
        return await response.json()


async def test_the_shell_is_told_only_how_far_a_watch_has_come(server, session, sink):
    server.body = line("ADDED", "a", 1) + line("MODIFIED", "a", 2) + line("DELETED", "a", 3)

    assert await watched(server, session) == [bookmark(3)]
    assert sink.seen == [("Secret", kind, "a") for kind in ("ADDED", "MODIFIED", "DELETED")]


async def test_a_bookmark_tells_how_far_a_watch_has_come_too(server, session, sink):
    mark = json.dumps(bookmark(9)).encode() + b"\n"
    server.body = line("ADDED", "a", 1) + mark

    assert await watched(server, session) == [bookmark(9)]
    assert sink.seen == [("Secret", "ADDED", "a")]


async def test_what_came_before_the_end_of_a_watch_is_taken(server, session, sink):
    error = b'{"type":"ERROR","object":{"code":410}}\n'
    server.body = line("ADDED", "a", 1) + error + line("ADDED", "b", 2)

    assert await watched(server, session) == [bookmark(1), GONE]
    assert sink.seen == [("Secret", "ADDED", "a")]


async def test_an_event_that_is_cut_in_two_is_taken_by_the_next_watch_alone(server, session, sink):
    server.body = line("ADDED", "a", 1) + line("ADDED", "b", 2)[:20]

    assert await watched(server, session) == [bookmark(1)]
    assert sink.seen == [("Secret", "ADDED", "a")]


async def test_of_a_list_only_the_version_is_left(server, session, sink):
    server.body = json.dumps(
        {"metadata": {"resourceVersion": "7", "continue": "x"}, "items": [body("a", 1)]}
    ).encode()

    page = await listed(server, session)

    assert page == {"metadata": {"resourceVersion": "7", "continue": "x"}, "items": []}
    # What is gone is found by the whole page, before what is on it is taken.
    assert sink.pages == [("Secret", "", 1)]
    assert sink.seen == [("Secret", None, "a")]


async def test_what_nobody_wants_is_left_to_the_shell(server, session, sink):
    server.body = line("ADDED", "a", 1)
    seen = await watched(server, session, ELSEWHERE)
    server.body = json.dumps(
        {"metadata": {"resourceVersion": "7"}, "items": [body("a", 1)]}
    ).encode()
    page = await listed(server, session, ELSEWHERE)

    assert (seen, page["items"]) == ([json.loads(line("ADDED", "a", 1))], [body("a", 1)])
    assert (sink.seen, sink.pages) == ([], [])


async def test_an_object_that_cannot_be_taken_in_holds_up_no_other(server, session, sink, caplog):
    server.body = line("ADDED", "bad", 1) + line("ADDED", "good", 2)

    assert await watched(server, session) == [bookmark(2)]
    assert [name for *_, name in sink.seen] == ["bad", "good"]
    (told,) = (each.msg for each in caplog.records if each.levelname == "ERROR")
    assert (told["event"], told["kind"]) == ("watch.failed", "Secret")


async def test_a_list_that_cannot_be_compared_is_taken_in_all_the_same(
    server, session, sink, caplog
):
    items = [body(str(number), number) for number in range(MANY)]
    server.body = json.dumps({"metadata": {"resourceVersion": "7"}, "items": items}).encode()

    assert (await listed(server, session))["items"] == []
    assert len(sink.seen) == MANY
    (told,) = (each.msg for each in caplog.records if each.levelname == "ERROR")
    assert (told["event"], told["kind"]) == ("watch.failed", "Secret")


async def test_a_long_list_gives_the_others_their_turn(sink):
    intake, turns = Intake(sink, {PATH: ("Secret", "")}), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for number in range(3 * AT_ONCE):
        await intake.take(PATH, None, body(str(number), number))
    task.cancel()

    assert turns == 3
