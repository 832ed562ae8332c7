"""What is said of a connection's token that is not there?"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.secrets import Secrets
from quayrobot.model.errors import Reason, Refused
from tests.kit.answering import answering

GONE = (404, {"kind": "Status", "details": {"name": "quay"}})


def holding(text: str) -> tuple[int, dict[str, Any]]:
    data = {"token": base64.b64encode(text.encode()).decode()}
    return 200, {"kind": "Secret", "metadata": {"resourceVersion": "1"}, "data": data}


@pytest.fixture
async def secrets(answer: tuple[int, dict[str, Any]]) -> AsyncIterator[Secrets]:
    async def handle(_request: web.BaseRequest) -> web.Response:
        return web.json_response(answer[1], status=answer[0])

    async with answering(handle) as url:
        api = ClusterApi(client.ApiClient(client.Configuration(host=url)))
        yield Secrets(api)
        await api.aclose()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(GONE, "Secret quay does not exist in the namespace shop", id="no Secret"),
        pytest.param(holding(""), "key token of Secret quay is empty", id="nothing"),
        pytest.param(holding("\n"), "key token of Secret quay is empty", id="a line's end"),
        pytest.param(holding("{}"), "holds no token", id="JSON of something else"),
        pytest.param(holding("Bearer x"), "without spaces or the word Bearer", id="a header"),
    ],
)
async def test_a_token_that_is_missing_is_told_with_its_place(secrets: Secrets, words: str):
    with pytest.raises(Refused) as refused:
        await secrets.credential("shop", "quay", "token")

    assert refused.value.reason is Reason.CONNECTION_NOT_READY
    assert words in refused.value.message
