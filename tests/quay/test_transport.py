"""Does a request go to the one place it is for, as the one path it means, and nowhere else?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import Ambiguous, InvalidSpec, Reason, TryLater
from quayrobot.model.secrecy import Token
from quayrobot.quay import transport as room
from quayrobot.quay.transport import Endpoint, Transport
from tests.kit.canary import oauth_token, scan
from tests.kit.controlplane.certificates import Authority


class Listener:
    """A bare server that keeps what it was sent and answers with fixed bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard = answer, b""
        self.origin = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard += await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    @property
    def request_line(self) -> str:
        return self.heard.split(b"\r\n")[0].decode()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    made = Listener(OK)
    await made.start()
    yield made
    await made.stop()


async def send(origin: str, path: tuple[str, ...] = ("api",), method: str = "GET", **options):
    transport = Transport(Endpoint(origin, None, options.pop("timeout_s", 5.0)))
    try:
        return await transport.send(method, path, token=Token(oauth_token()), **options)
    finally:
        await transport.aclose()


HOSTILE = ["a/b", "../x", "a%2fb", "%2e%2e", "a?b", "a#b", "a;b", "a\\b", "a@b", "a b",
           "a\r\nX: y", "é", "a+b", "//evil.example", "?x=1", "...", " ", "\x00"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_stays_one_segment_whatever_it_holds(name, listener):
    await send(listener.origin, ("api", name, "end"))

    method, target, version = listener.request_line.split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    assert target.startswith("/api/")
    assert target.endswith("/end")
    assert target.count("/") == 3
    assert not {"?", "#", ";", "\\", "@"} & set(target)
    assert b"\r\nX: y" not in listener.heard


@pytest.mark.parametrize("dots", [".", ".."])
async def test_dots_alone_would_climb_and_are_refused(dots, listener):
    with pytest.raises(InvalidSpec):
        await send(listener.origin, ("api", dots))

    assert listener.heard == b""


@given(st.text(min_size=1, max_size=10))
def test_any_name_is_quoted_to_one_segment_or_refused(name):
    try:
        segment = room._segment(name)
    except (InvalidSpec, UnicodeEncodeError):
        return

    assert set(segment).isdisjoint("/?#;\\@ \r\n+&=:")
    assert segment not in {".", ".."}


async def test_the_credential_goes_in_a_header_and_not_in_the_target(listener):
    await send(listener.origin)

    assert scan(listener.request_line) == []
    assert b"authorization: bearer qcanary" in listener.heard.lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status, listener):
    elsewhere = Listener(OK)
    await elsewhere.start()
    listener.answer = (
        f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.origin}/x\r\nContent-Length: 0\r\n\r\n"
    ).encode()

    reply = await send(listener.origin)

    assert (reply.status, elsewhere.heard) == (status, b"")
    await elsewhere.stop()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_a_proxy_of_the_environment_is_not_used(name, listener, monkeypatch):
    proxy = Listener(OK)
    await proxy.start()
    monkeypatch.setenv(name, proxy.origin)

    assert (await send(listener.origin)).status == 200
    assert proxy.heard == b""
    await proxy.stop()


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", TryLater), ("PUT", Ambiguous), ("DELETE", Ambiguous)]
)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", id="half a body"),
        pytest.param(b"\x16\x03\x01 nonsense\r\n\r\n", id="nonsense"),
    ],
)
async def test_a_broken_answer_is_no_answer(method, kind, answer, listener):
    listener.answer = answer

    with pytest.raises(TryLater) as raised:
        await send(listener.origin, method=method)

    assert (type(raised.value), raised.value.reason) == (kind, Reason.QUAY_UNREACHABLE)


async def test_a_body_larger_than_the_cap_is_not_read(listener, monkeypatch):
    monkeypatch.setattr(room, "BODY_CAP", 1000)
    listener.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000

    with pytest.raises(TryLater):
        await send(listener.origin)


async def test_slow_bytes_do_not_outlast_the_deadline():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(50):
            writer.write(b"x")
            await asyncio.sleep(0.05)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async with asyncio.timeout(2):
        with pytest.raises(TryLater, match="no answer in time"):
            await send(origin, timeout_s=0.3)
    server.close()


async def test_the_header_that_asks_to_wait_is_kept_and_the_type_is_bare(listener):
    listener.answer = (
        b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Type: Text/HTML; charset=x\r\n"
        b"Content-Length: 0\r\n\r\n"
    )

    reply = await send(listener.origin)

    assert (reply.status, reply.retry_after, reply.content_type) == (429, "7", "text/html")


# Trust -------------------------------------------------------------------------------


@pytest.mark.parametrize("bundle", ["x", "-----BEGIN CERTIFICATE-----\nAA==\n", "é"])
def test_a_ca_bundle_that_holds_no_certificate_is_refused(bundle):
    with pytest.raises(InvalidSpec, match="caBundle holds no PEM certificate"):
        Transport(Endpoint("https://quay.example", bundle, 5.0))


def test_a_ca_bundle_may_say_whose_it_is_in_any_language(tmp_path):
    bundle = "# Zertifizierungsstelle für Tests\n" + Authority(tmp_path).file.read_text()

    assert Transport(Endpoint("https://quay.example", bundle, 5.0))


async def test_a_certificate_is_trusted_by_its_own_authority_only(tmp_path):
    authority = Authority(tmp_path)
    pair = authority.server("quay")
    from tests.kit.fakequay import FakeQuay  # noqa: PLC0415 - it is slow to import

    with FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay:
        trusted = Endpoint(quay.url, authority.file.read_text(), 5.0)
        for endpoint, expected in ((trusted, 401), (Endpoint(quay.url, None, 5.0), None)):
            transport = Transport(endpoint)
            call = transport.send("GET", ("api", "v1", "user", ""), token=Token(oauth_token()))
            if expected:
                assert (await call).status == expected
            else:
                with pytest.raises(TryLater, match="certificate was refused"):
                    await call
            await transport.aclose()
