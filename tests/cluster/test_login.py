"""Does a request go where, as whom and for as long as was typed?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.login import Login
from quayrobot.model.errors import Refused, TryLater
from tests.kit.answering import answering
from tests.kit.canary import oauth_token

PATH = "/api/v1/namespaces/shop/secrets/ci"
TOKENS = {"one": oauth_token(), "two": oauth_token()}
LONG_S = 10.0


class Server:
    """Notes the headers of what it is asked; answers once *free* is set."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.seen: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        await self.free.wait()
        return web.json_response({"kind": "Secret"})

    def sent(self, header: str) -> list[str]:
        return self.seen[-1].headers.getall(header, [])


def kubeconfig(folder: Path, server: str, away: str = "https://127.0.0.1:1") -> Path:
    """Return one with two clusters and users, whose context has the first of each."""
    path = folder / "config"
    content = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "away", "user": "one"}}],
        "clusters": [
            {"name": "away", "cluster": {"server": away}},
            {"name": "here", "cluster": {"server": server}},
        ],
        "users": [{"name": name, "user": {"token": token}} for name, token in TOKENS.items()],
    }
    path.write_text(yaml.safe_dump(content))
    return path


async def ask(path: Path, login: Login) -> None:
    api = await ClusterApi.connect(path, None, who="you", login=login)
    try:
        await api.get(PATH)
    finally:
        await api.aclose()


async def test_another_user_and_cluster_of_the_kubeconfig_are_used(tmp_path):
    server = Server()
    async with answering(server.answer) as url:
        path = kubeconfig(tmp_path, url)
        await ask(path, Login(cluster="here"))
        first = server.sent("Authorization")
        await ask(path, Login(cluster="here", user="two"))

    assert first == [f"Bearer {TOKENS['one']}"]
    assert server.sent("Authorization") == [f"Bearer {TOKENS['two']}"]
    assert [each.path for each in server.seen] == [PATH] * 2


async def test_another_address_is_called_as_the_user_of_the_context(tmp_path):
    server = Server()
    async with answering(server.answer) as url:
        await ask(kubeconfig(tmp_path, "https://127.0.0.1:1"), Login(server=f"{url}/"))

    assert server.sent("Authorization") == [f"Bearer {TOKENS['one']}"]
    assert server.seen[0].path == PATH


async def test_a_request_says_as_whom_it_acts(tmp_path):
    server = Server()
    acting = Login(cluster="here", as_user="alice", as_uid="7", as_groups=("devs", "ops"))
    async with answering(server.answer) as url:
        path = kubeconfig(tmp_path, url)
        await ask(path, acting)
        told = {each: server.sent(f"Impersonate-{each}") for each in ("User", "Uid", "Group")}
        await ask(path, Login(cluster="here"))

    assert told == {"User": ["alice"], "Uid": ["7"], "Group": ["devs", "ops"]}
    assert [each for each in server.seen[-1].headers if each.startswith("Impersonate")] == []


@pytest.mark.parametrize(
    ("login", "told"),
    [
        (Login(user="who"), "the kubeconfig has no user who"),
        (Login(cluster="where"), "the kubeconfig has no cluster where"),
    ],
)
async def test_what_the_kubeconfig_does_not_have_is_named(tmp_path, login, told):
    with pytest.raises(Refused, match=told):
        await ask(kubeconfig(tmp_path, "https://127.0.0.1:1"), login)


async def test_a_request_is_given_up_after_what_was_typed(tmp_path):
    server = Server()
    server.free.clear()
    async with answering(server.answer) as url:
        # A request has half a minute where nothing was typed.
        async with asyncio.timeout(LONG_S):
            with pytest.raises(TryLater, match="cannot be reached"):
                await ask(kubeconfig(tmp_path, url), Login(cluster="here", timeout_s=0.1))
        server.free.set()
