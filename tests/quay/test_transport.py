"""Does a request go to the one place it is for, as the one path it means, and nowhere else?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.address_policy import AddressPolicy
from quayrobot.model.errors import Ambiguous, InvalidSpec, Reason, Refused, TryLater, Unfinished
from quayrobot.model.secrecy import Token
from quayrobot.quay import transport as room
from quayrobot.quay.transport import Endpoint, Transport
from tests.kit.canary import oauth_token, scan
from tests.kit.controlplane.certificates import Authority


class Listener:
    """A bare server that keeps what it was sent and answers with fixed bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard = answer, b""
        self.origin, self.port = "", 0
        self._server: asyncio.Server | None = None

    async def start(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, address, port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.origin = f"http://{address}:{self.port}"

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
    timeout_s, reach = options.pop("timeout_s", 5.0), options.pop("reach", AddressPolicy())
    transport = Transport(Endpoint(origin, None, timeout_s, reach))
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

    with pytest.raises(Unfinished, match="larger than"):
        await send(listener.origin)
    with pytest.raises(Ambiguous, match="larger than"):
        await send(listener.origin, method="POST")


async def test_slow_bytes_do_not_outlast_the_deadline():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(200):
            writer.write(b"x")
            await asyncio.sleep(0.05)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    # The bytes go on for ten seconds.
    async with asyncio.timeout(8):
        with pytest.raises(Unfinished, match="no answer in time"):
            await send(origin, timeout_s=1)
    server.close()


async def test_the_header_that_asks_to_wait_is_kept_and_the_type_is_bare(listener):
    listener.answer = (
        b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Type: Text/HTML; charset=x\r\n"
        b"Content-Length: 0\r\n\r\n"
    )

    reply = await send(listener.origin)

    assert (reply.status, reply.retry_after, reply.content_type) == (429, "7", "text/html")


# Where a name leads ------------------------------------------------------------------

NAME = "quay.example.com"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the answers to the next questions for NAME, the last one to all that follow."""
    answers: list[list[str]] = []
    real = asyncio.BaseEventLoop.getaddrinfo

    async def resolve(self: Any, host: str, port: int, **options: Any) -> Any:
        if host != NAME:
            return await real(self, host, port, **options)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for family, address in zip(families, found, strict=True)
        ]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    return answers


LOCAL = AddressPolicy(refused=(ip_network("127.0.0.2/32"), ip_network("::1/128")))


async def test_the_address_that_was_looked_at_is_the_one_that_is_dialled(resolver):
    good, bad = Listener(OK), Listener(OK)
    await good.start()
    await bad.start("127.0.0.2", good.port)
    resolver[:] = [["127.0.0.1"], ["127.0.0.2"]]
    origin = f"http://{NAME}:{good.port}"

    assert (await send(origin, reach=LOCAL)).status == 200
    with pytest.raises(Refused) as refused:
        await send(origin, reach=LOCAL)

    assert refused.value.reason is Reason.HOST_REFUSED
    assert "127.0.0" not in refused.value.message
    assert (good.heard.count(b"GET"), bad.heard) == (1, b"")
    assert f"host: {NAME}:{good.port}".encode() in good.heard.lower()
    await good.stop()
    await bad.stop()


async def test_of_several_addresses_only_those_are_dialled_that_may_be(resolver):
    good, bad = Listener(OK), Listener(OK)
    await good.start()
    await bad.start("127.0.0.2", good.port)
    resolver[:] = [["127.0.0.2", "::1", "127.0.0.3", "127.0.0.1"]]

    # Nobody listens on the third: the next one is tried.
    assert await send(f"http://{NAME}:{good.port}", method="PUT", body={"a": 1}, reach=LOCAL)

    assert (good.heard.count(b"PUT"), bad.heard) == (1, b"")
    await good.stop()
    await bad.stop()


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "[fe80::1]", "127.0.0.2"],
)
def test_a_refused_address_is_refused_before_there_is_a_request(host):
    with pytest.raises(Refused, match="does not connect to"):
        Transport(Endpoint(f"https://{host}:443", None, 5.0, LOCAL))


@pytest.mark.parametrize("host", ["0177.0.0.2", "127.0.0.256", "[::ffff:1:2:3:4:5:6:7]"])
def test_a_host_that_is_no_address_although_it_looks_like_one_is_refused(host):
    with pytest.raises(InvalidSpec, match="neither a name nor an address"):
        Transport(Endpoint(f"https://{host}:443", None, 5.0))


@pytest.mark.parametrize("host", ["127.2", "0x7f.0.0.2", "2130706434"])
async def test_an_address_that_only_a_resolver_understands_is_refused_as_well(host):
    with pytest.raises(Refused):
        await send(f"http://{host}:1", reach=LOCAL)


def test_a_host_that_is_not_named_is_refused_before_there_is_a_request():
    with pytest.raises(Refused, match="do not let a QuayConnection name the host"):
        Transport(
            Endpoint("https://other.example:443", None, 5.0, AddressPolicy(hosts=("*.test",)))
        )


async def test_a_name_that_is_not_known_says_so(resolver):
    resolver[:] = [[]]

    with pytest.raises(TryLater, match="is not known"):
        await send(f"http://{NAME}:1", method="PUT")


@pytest.mark.parametrize(
    ("answer", "refused"),
    [(["127.0.0.1"], False), (["127.0.0.2"], True), ([], False), (["127.0.0.2", "::2"], False)],
)
async def test_the_way_can_be_checked_without_a_request(resolver, answer, refused):
    resolver[:] = [answer]
    transport = Transport(Endpoint(f"http://{NAME}:1", None, 5.0, LOCAL))

    if refused:
        with pytest.raises(Refused):
            await transport.check_addresses()
    else:
        await transport.check_addresses()
    await transport.aclose()


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
                with pytest.raises(
                    TryLater, match=r"certificate was refused \(its authority is not known"
                ):
                    await call
            await transport.aclose()


async def test_https_to_a_port_that_speaks_http_is_told():
    from tests.kit.fakequay import FakeQuay  # noqa: PLC0415 - it is slow to import

    with FakeQuay() as quay:
        transport = Transport(Endpoint(quay.url.replace("http:", "https:"), None, 5.0))
        with pytest.raises(TryLater, match=r"speaks no TLS \(is https or the port wrong\?\)"):
            await transport.send("GET", ("api",), token=Token(oauth_token()))
        await transport.aclose()


@pytest.mark.parametrize(("answer", "expected"), [(["127.0.0.1"], True), (["::1"], False)])
async def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(
    tmp_path, resolver, answer, expected
):
    authority = Authority(tmp_path)
    pair = authority.server("quay")
    from tests.kit.fakequay import FakeQuay  # noqa: PLC0415 - it is slow to import

    resolver[:] = [answer]
    with FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay:
        port = quay.url.rpartition(":")[2]
        named = f"https://{NAME}:{port}"
        transport = Transport(Endpoint(named, authority.file.read_text(), 5.0))
        words = "for another name" if expected else "no connection"
        with pytest.raises(TryLater, match=words):
            await transport.send("GET", ("api",), token=Token(oauth_token()))
        await transport.aclose()
