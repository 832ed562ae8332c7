"""Does anything that is meant for the API server go where an answer leads?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from quayrobot.cluster.api import ClusterApi
from quayrobot.model.errors import TryLater
from tests.kit.canary import oauth_token

SECRET = "/api/v1/namespaces/shop/secrets/ci"
STATUSES = (301, 302, 303, 307, 308)


class Elsewhere:
    """An API server's double that sends all to *target*, and what came to the target."""

    def __init__(self, status: int) -> None:
        self.status, self.target = status, ""
        self.asked: list[str] = []

    async def lead(self, request: web.Request) -> web.Response:
        headers = {"Location": f"{self.target}{request.path}"}
        return web.Response(status=self.status, headers=headers)

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.headers} {await request.text()}")
        return web.json_response({"kind": "Secret", "metadata": {"name": "ci"}})


def serving(handler: object) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    return TestServer(app)


@pytest.fixture(params=STATUSES)
async def led(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Elsewhere, str]]:
    elsewhere = Elsewhere(request.param)
    async with serving(elsewhere.take) as target, serving(elsewhere.lead) as server:
        elsewhere.target = str(target.make_url("")).rstrip("/")
        yield elsewhere, str(server.make_url("")).rstrip("/")


def kubeconfig(tmp_path: Path, server: str) -> Path:
    path = tmp_path / "config"
    content = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": server}}],
        "users": [{"name": "x", "user": {"token": oauth_token()}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


async def test_no_redirect_is_followed(led: tuple[Elsewhere, str], tmp_path: Path):
    elsewhere, server = led
    api = await ClusterApi.connect(kubeconfig(tmp_path, server), None)

    with pytest.raises(TryLater, match="redirects"):
        await api.get(SECRET)
    with pytest.raises(TryLater, match="redirects"):
        await api.write("POST", SECRET, {"data": {"token": oauth_token()}})
    await api.aclose()

    assert elsewhere.asked == []
