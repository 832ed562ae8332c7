"""What does it mean that the API server issues no token for a ServiceAccount?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.tokens import Tokens
from quayrobot.model.errors import Conflict, Reason, Refused, TryLater
from tests.kit.answering import answering

ACCOUNT = "/api/v1/namespaces/shop/serviceaccounts/builder"
THERE = (200, {"kind": "ServiceAccount"})
GONE = (404, {"kind": "Status", "details": {"name": "builder"}})


class Answers:
    """What is answered to the request for a token, and to the look at its ServiceAccount."""

    def __init__(self) -> None:
        self.token: tuple[int, dict[str, Any]] = THERE
        self.account: tuple[int, dict[str, Any]] = THERE

    async def handle(self, request: web.BaseRequest) -> web.Response:
        status, body = self.token if request.path == f"{ACCOUNT}/token" else self.account
        return web.json_response(body, status=status)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
async def tokens(answers: Answers) -> AsyncIterator[Tokens]:
    async with answering(answers.handle) as url:
        api = ClusterApi(client.ApiClient(client.Configuration(host=url)))
        yield Tokens(api)
        await api.aclose()


@pytest.mark.parametrize("status", [404, 409])
async def test_one_that_is_not_issued_for_an_account_that_is_there_is_waited_for(
    tokens: Tokens, answers: Answers, status: int
):
    # As where tokens are not served: once a second it was looked for what had changed.
    answers.token = (status, {"kind": "Status", "message": "words of the API server"})

    with pytest.raises(TryLater, match="issued no token") as told:
        await tokens.request("shop", "builder", ["quay"])

    assert not isinstance(told.value, Conflict)
    assert told.value.reason is Reason.CLUSTER_UNAVAILABLE


async def test_an_account_that_is_not_there_is_told_by_name(tokens: Tokens, answers: Answers):
    answers.token, answers.account = GONE, GONE

    with pytest.raises(Refused, match="no ServiceAccount builder") as told:
        await tokens.request("shop", "builder", ["quay"])

    assert told.value.reason is Reason.SERVICE_ACCOUNT_NOT_FOUND


@pytest.mark.parametrize("status", [{}, {"token": ""}, {"token": 7}])
async def test_an_answer_without_a_token_is_none(tokens: Tokens, answers: Answers, status: Any):
    answers.token = (201, {"kind": "TokenRequest", "status": status})

    with pytest.raises(TryLater, match="issued no token"):
        await tokens.request("shop", "builder", ["quay"])
