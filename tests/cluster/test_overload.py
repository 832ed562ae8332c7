"""Is an API server left alone for as long as it asks, wherever it says so?"""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from kubernetes.aio import client

from quayrobot.cluster.api import ClusterApi
from quayrobot.model.errors import TryLater

PATH = "/api/v1/namespaces/shop/secrets"


async def failure_after(answer: web.Response) -> TryLater:
    """Return what a write means that a server on loopback answers by *answer*."""

    async def handle(_request: web.BaseRequest) -> web.Response:
        return answer

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    api = ClusterApi(client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{port}")))
    try:
        with pytest.raises(TryLater) as failed:
            await api.write("POST", PATH, {})
    finally:
        await api.aclose()
        await runner.cleanup()
    return failed.value


def pause_s(status: int, *, said: str = "", asked: str | None = None) -> float | None:
    headers = {} if asked is None else {"Retry-After": asked}
    # What limits requests answers before the API does: in a plain line, the rest in the header.
    answer = web.Response(status=status, text=said, headers=headers)
    return asyncio.run(failure_after(answer)).retry_after


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_pause_in_the_header_alone_is_kept(status: int):
    said = "Too many requests, please try again later."

    assert pause_s(status, said=said, asked="7") == 7.0


@pytest.mark.parametrize(
    "asked", [None, "", "soon", "-1", "9" * 5000, "Mon, 30 Nov 2026 09:00:00"]
)
def test_what_is_no_number_of_seconds_asks_for_nothing(asked: str | None):
    assert pause_s(429, asked=asked) is None


def test_the_body_comes_before_the_header_and_nobody_is_obeyed_for_hours():
    assert pause_s(429, said='{"details": {"retryAfterSeconds": 3}}', asked="9") == 3.0
    assert pause_s(503, said='{"details": null}', asked="86400") == 60.0
