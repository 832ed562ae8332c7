"""Is it told apart that a name is none, that nobody can say so now, and that nobody answers?"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, NoReturn

import pytest

from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.secrecy import Token
from quayrobot.quay.proxy import ProxyServer
from quayrobot.quay.transport import Endpoint, Transport
from tests.kit.canary import oauth_token

QUAY, PROXY = "quay.test", "proxy.test"


def failing(code: int) -> Any:
    async def resolve(*_: Any, **__: Any) -> NoReturn:
        raise socket.gaierror(code, "as the test says")

    return resolve


async def silent(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


ANSWERS = {
    "none": (failing(socket.EAI_NONAME), "is not known"),
    "failure": (failing(socket.EAI_AGAIN), "cannot be looked up now"),
    "silence": (silent, "is not looked up in time"),
}


@pytest.mark.parametrize("proxied", [False, True], ids=["quay", "proxy"])
@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
async def test_what_the_name_service_says_is_told_as_it_is(
    answer: Any, words: str, monkeypatch: pytest.MonkeyPatch, *, proxied: bool
):
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    proxy = ProxyServer(f"http://{PROXY}:1") if proxied else None
    transport = Transport(Endpoint(f"http://{QUAY}:1", None, 0.2, proxy=proxy))

    with pytest.raises(TryLater) as raised:
        await transport.send("PUT", ("api",), token=Token(oauth_token()))

    await transport.aclose()
    assert raised.value.reason is Reason.QUAY_UNREACHABLE
    name = PROXY if proxied else QUAY
    assert raised.value.message == f"Quay cannot be reached: the name {name} {words}"
