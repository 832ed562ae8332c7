"""Is each missing right told once, with the words that a role needs?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.leases import Leases
from quayrobot.cluster.missing_rights import MissingRights
from quayrobot.cluster.tokens import Tokens
from quayrobot.model.errors import QuayRobotError, Refused

Right = tuple[str, str, str]
TOKEN = ("create", "serviceaccounts/token", "shop")
LEASE = {"metadata": {"name": "quay-robot-operator", "resourceVersion": "1"}}


class Server:
    """An API server that refuses what it is asked, with *words*, while *strict*."""

    def __init__(self) -> None:
        self.strict = True
        self.words = 'forbidden: User "operator" cannot do that'
        self.told: list[Right] = []

    async def answer(self, _request: web.Request) -> web.Response:
        if not self.strict:
            body = {"kind": "TokenRequest", "status": {"token": "x"}, **LEASE}
            return web.json_response(body, status=201)
        return web.json_response({"kind": "Status", "message": self.words}, status=403)

    def tell(self, *right: str) -> None:
        verb, resource, namespace = right
        self.told.append((verb, resource, namespace))


@pytest.fixture
async def served() -> AsyncIterator[tuple[Server, ClusterApi]]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app) as running:
        settings = client.Configuration(host=str(running.make_url("")).rstrip("/"))
        api = ClusterApi(client.ApiClient(settings), rights=MissingRights(server.tell))
        yield server, api
        await api.aclose()


async def ask(api: ClusterApi) -> None:
    with suppress(QuayRobotError):
        await Tokens(api).request("shop", "builder", ["quay"])


async def test_a_right_is_told_once_until_it_was_there(served: tuple[Server, ClusterApi]):
    server, api = served
    await ask(api)
    await ask(api)
    assert server.told == [TOKEN]

    server.strict = False
    await ask(api)
    server.strict = True
    await ask(api)

    assert server.told == [TOKEN, TOKEN]


async def test_each_right_for_the_lease_is_told(served: tuple[Server, ClusterApi]):
    server, api = served
    leases = Leases(api, "quay-robot-operator", "quay-robot-operator")
    for call in (leases.read(), leases.create({}), leases.replace(LEASE, {})):
        with pytest.raises(Refused):
            await call

    named = [(verb, "leases", "quay-robot-operator") for verb in ("get", "create", "update")]
    assert server.told == named


async def test_what_a_policy_denies_is_no_missing_right(served: tuple[Server, ClusterApi]):
    server, api = served
    server.words = "exceeded quota: small, requested: secrets=1, used: secrets=1, limited: 1"

    await ask(api)

    assert server.told == []
