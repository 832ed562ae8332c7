"""How do the shell's requests travel to the API server?"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.kubeconfig import ClusterAccess
from quayrobot.app.session import WATCH_PAUSE_S, EndlessBackoff, open_session
from quayrobot.model.secrecy import Token
from tests.kit.answering import answering

PATH = "/api/v1/secrets"


class Server:
    """Lets one token in and notes who asked for what, and when."""

    def __init__(self) -> None:
        self.accepts, self.watches_forbidden = "good", False
        self.asked: list[tuple[str, str, str | None]] = []
        self.times: list[float] = []
        self.refused = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        if request.query.get("continue") == "expired":
            return web.json_response({"code": 410}, status=410)
        header = request.headers.get("Authorization")
        self.asked.append((request.method, request.path, header))
        self.times.append(asyncio.get_running_loop().time())
        if request.path == "/elsewhere":
            return web.json_response({})
        if header != f"Bearer {self.accepts}":
            self.refused.set()
            return web.json_response({}, status=401)
        if self.watches_forbidden and "watch" in request.query:
            return web.json_response({}, status=403)
        listed = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"uid": "1"}}]}
        return web.json_response(listed)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    noting = Server()
    async with answering(noting.answer) as noting.url:
        yield noting


def access(server: Server, token_file: Path | None = None) -> ClusterAccess:
    token = None if token_file else Token("good")
    return ClusterAccess(server=server.url, token=token, token_file=token_file)


def nothing() -> InitialLists:
    return InitialLists((), lambda: None)


async def get(session, url: str) -> dict:
    async with session.get(url) as answer:
        return await answer.json()


async def test_a_changed_token_file_is_read_again(server, tmp_path):
    file = tmp_path / "token"
    file.write_text("good\n")
    async with open_session(access(server, file), nothing(), watches=0) as session:
        await get(session, server.url + PATH)
        server.accepts = "better"
        (tmp_path / "new").write_text("better")
        (tmp_path / "new").rename(file)
        await get(session, server.url + PATH)

    assert [header for *_, header in server.asked] == ["Bearer good", "Bearer better"]


async def test_a_refused_token_is_tried_again_until_it_is_changed(server, tmp_path):
    file = tmp_path / "token"
    file.write_text("bad")
    async with open_session(access(server, file), nothing(), watches=0) as session:
        waiting = asyncio.create_task(get(session, server.url + PATH))
        async with asyncio.timeout(5):
            await server.refused.wait()
        file.write_text("good")
        os.utime(file, (1, 1))
        async with asyncio.timeout(10):
            await waiting

    assert (server.asked[0][2], server.asked[-1][2]) == ("Bearer bad", "Bearer good")


async def test_the_token_goes_to_the_api_server_only(server):
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/elsewhere"
    async with open_session(access(server), nothing(), watches=0) as session:
        await get(session, elsewhere)

    assert server.asked == [("GET", "/elsewhere", None)]


async def test_a_watch_without_a_right_is_told_once_though_its_list_is_allowed(server, caplog):
    server.watches_forbidden = True
    async with open_session(access(server), nothing(), watches=1) as session:
        for _ in range(2):
            await get(session, server.url + PATH)
            await get(session, f"{server.url}{PATH}?watch=true")

    (told,) = (each.msg for each in caplog.records if each.levelname == "WARNING")
    assert (told["event"], told["verb"], told["path"]) == ("watch.forbidden", "watch", PATH)


async def test_watches_that_are_cut_at_once_are_not_a_storm(server):
    async with open_session(access(server), nothing(), watches=1) as session:
        for _ in range(3):
            await get(session, f"{server.url}{PATH}?watch=true")
    gaps = [later - earlier for earlier, later in itertools.pairwise(server.times)]

    assert len(gaps) == 2
    assert min(gaps) > WATCH_PAUSE_S * 0.9


async def test_a_list_whose_rest_is_gone_breaks_off_so_that_it_begins_anew(server):
    async with open_session(access(server), nothing(), watches=1) as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            await get(session, f"{server.url}{PATH}?continue=expired")


async def test_the_begin_of_a_watch_is_noted(server):
    done = asyncio.Event()
    async with open_session(access(server), InitialLists([PATH], done.set), watches=1) as session:
        await get(session, f"{server.url}{PATH}?limit=500")

        assert not done.is_set()

        await get(session, f"{server.url}{PATH}?watch=true")

    assert done.is_set()


def test_a_backoff_grows_to_its_cap_and_can_be_begun_anew():
    backoff = EndlessBackoff(1, 8)
    for _ in range(2):
        delays = list(itertools.islice(backoff, 20))

        assert 0.5 <= delays[0] <= 1
        assert all(4 <= delay <= 8 for delay in delays[3:])
