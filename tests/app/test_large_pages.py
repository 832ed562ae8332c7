"""What if a page of a list is larger than there is room for?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import yaml
from aiohttp import web

from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.kubeconfig import find_access
from quayrobot.app.session import open_session
from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import SECRET
from quayrobot.cluster.pages import PAGE_BYTES
from quayrobot.cluster.resources import Resources
from tests.kit.answering import answering

PATH = "/api/v1/secrets"
LARGE = "x" * 1_400_000
# Small ones before and behind: what fits once says nothing of the next page.
SIZES = ["-"] * 600 + [LARGE] * 70 + ["-"] * 700


class Server:
    """Lists Secrets by pages, as the API server does, and notes how many were asked for."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    async def answer(self, request: web.Request) -> web.Response:
        limit, begin = int(request.query["limit"]), int(request.query.get("continue") or 0)
        self.limits.append(limit)
        items = [
            {"metadata": {"name": f"s-{number}", "uid": str(number)}, "data": {"x": size}}
            for number, size in enumerate(SIZES[begin : begin + limit], begin)
        ]
        end = begin + len(items)
        meta = {"resourceVersion": "7", "continue": str(end) if end < len(SIZES) else ""}
        body = {"kind": "SecretList", "metadata": meta, "items": items}
        return web.Response(body=orjson.dumps(body), content_type="application/json")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with answering(made.answer) as made.url:
        yield made


@pytest.fixture
def kubeconfig(server: Server, tmp_path: Path) -> Path:
    body = {
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": server.url}}],
        "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(body))
    return path


async def by_the_shell(server: Server, kubeconfig: Path) -> list[str]:
    """List all as the shell does: page by page, always with the same limit."""
    found, more = [], ""
    initial_lists = InitialLists((), lambda: None)
    async with open_session(find_access(kubeconfig), initial_lists, watches=0) as session:
        while True:
            url = f"{server.url}{PATH}?limit=500&labelSelector=a%2Fb%3Dc&continue={more}"
            async with session.get(url) as answer:
                page = await answer.json()
                assert len(await answer.read()) <= PAGE_BYTES
            found += [each["metadata"]["name"] for each in page["items"]]
            more = page["metadata"]["continue"]
            if not more:
                return found


async def by_a_relist(_server: Server, kubeconfig: Path) -> list[str]:
    """List all as a relist and the commands do."""
    api = await ClusterApi.connect(kubeconfig, None)
    try:
        listed = Resources(api).list_all(SECRET, selector="a/b=c")
        return [each["metadata"]["name"] async for each in listed]
    finally:
        await api.aclose()


@pytest.mark.parametrize("by", [by_the_shell, by_a_relist])
async def test_it_is_asked_for_again_with_fewer_objects_until_they_are_small(
    server: Server, kubeconfig: Path, by
):
    assert await by(server, kubeconfig) == [f"s-{number}" for number in range(len(SIZES))]
    # Nothing is asked for in pages that may be too large without end, and small ones not singly.
    assert len(server.limits) < 60
    assert server.limits[0] == 500
    assert server.limits[-1] > 100


async def test_a_page_of_one_object_is_taken_as_it_is(
    server: Server, kubeconfig: Path, monkeypatch
):
    monkeypatch.setattr("quayrobot.cluster.pages.PAGE_BYTES", 1000)
    monkeypatch.setattr("quayrobot.cluster.api.PAGE_BYTES", 1000)
    monkeypatch.setattr(f"{__name__}.SIZES", ["-", LARGE, "-"])
    assert await by_a_relist(server, kubeconfig) == ["s-0", "s-1", "s-2"]
