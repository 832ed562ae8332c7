"""Is what answers in the API server's place believed?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import QUAY_ROBOT
from quayrobot.cluster.resources import Resources
from quayrobot.cluster.secrets import Secrets
from quayrobot.model.errors import TryLater

PAGE = "<html><body>Please log in</body></html>"
ANSWERS = {
    "a page": (PAGE, "text/html"),
    "a page that is called JSON": (PAGE, "application/json"),
    "nothing": ("", "application/json"),
    "no object": ("[]", "application/json"),
    "somebody else's object": ('{"status":"ok","items":[]}', "application/json"),
}


@pytest.fixture(params=ANSWERS.values(), ids=ANSWERS)
async def api(request: pytest.FixtureRequest) -> AsyncIterator[ClusterApi]:
    text, kind = request.param

    async def handle(_request: web.BaseRequest) -> web.Response:
        return web.Response(text=text, content_type=kind)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    api = ClusterApi(client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{port}")))
    yield api
    await api.aclose()
    await runner.cleanup()


async def all_of(resources: Resources, **options: Any) -> list[dict[str, Any]]:
    return [each async for each in resources.list_all(QUAY_ROBOT, **options)]


@pytest.mark.parametrize("metadata_only", [False, True])
async def test_it_is_no_empty_list(api: ClusterApi, metadata_only: bool):
    with pytest.raises(TryLater):
        await all_of(Resources(api), metadata_only=metadata_only)


async def test_it_is_no_object(api: ClusterApi):
    with pytest.raises(TryLater):
        await Resources(api).get(QUAY_ROBOT, "shop", "ci")


async def test_it_is_no_deletion_that_was_done(api: ClusterApi):
    with pytest.raises(TryLater):
        await Secrets(api).delete("shop", "ci", "uid", "7")
