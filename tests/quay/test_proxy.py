"""Does everything go through the connection's proxy, and is the proxy's word the proxy's?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from quayrobot.model.address_policy import AddressPolicy
from quayrobot.model.errors import (
    Ambiguous,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.secrecy import Token
from quayrobot.quay.client import QuayClient
from quayrobot.quay.exchange import EXCHANGE_PATH
from quayrobot.quay.proxy import ProxyServer
from quayrobot.quay.transport import Endpoint, Reply, Transport
from tests.kit.canary import oauth_token, scan
from tests.kit.connect_proxy import ConnectProxy
from tests.kit.controlplane.certificates import Authority
from tests.kit.fakequay import FakeQuay

# A name that the proxy knows and nobody else.
NAME = "localhost"
USER = "robots"
TOKEN = Token(oauth_token())
PATH = ("api", "v1", "user", "")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> tuple[Path, Path]:
    made = authority.server("server")
    return made.certificate, made.key


@pytest.fixture(scope="module")
def secure(pair: tuple[Path, Path]) -> Iterator[FakeQuay]:
    with FakeQuay(tls_cert=pair[0], tls_key=pair[1]) as quay:
        yield quay


@pytest.fixture(scope="module")
def plain() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        yield quay


@pytest.fixture
def password() -> str:
    return oauth_token()


@pytest.fixture(params=["http", "https"])
def proxy(request: Any, pair: tuple[Path, Path], password: str) -> Iterator[ConnectProxy]:
    tls = pair if request.param == "https" else None
    with ConnectProxy(
        pair=tls, login=(USER, password), names={"quay.inside": "127.0.0.1"}
    ) as made:
        yield made


def server(proxy: ConnectProxy, authority: Authority, password: str | None) -> ProxyServer:
    login = None if password is None else (Token(USER), Token(password))
    return ProxyServer(proxy.url, authority.file.read_text(), login)


async def ask(
    origin: str,
    through: ProxyServer,
    authority: Authority,
    *,
    method: str = "GET",
    path: tuple[str, ...] = PATH,
    timeout_s: float = 5.0,
    reach: AddressPolicy | None = None,
) -> Reply:
    bundle = authority.file.read_text()
    endpoint = Endpoint(origin, bundle, timeout_s, reach or AddressPolicy(), proxy=through)
    transport = Transport(endpoint)
    try:
        return await transport.send(method, path, token=TOKEN, body={"a": 1})
    finally:
        await transport.aclose()


async def failure(*args: Any, **named: Any) -> QuayRobotError:
    with pytest.raises(QuayRobotError) as raised:
        await ask(*args, **named)
    assert scan(str(raised.value)) == []
    return raised.value


def port_of(quay: FakeQuay) -> str:
    return quay.url.rpartition(":")[2]


# The way ---------------------------------------------------------------------------


async def test_an_https_quay_is_reached_by_a_tunnel(proxy, secure, authority, password):
    reply = await ask(secure.url, server(proxy, authority, password), authority)

    assert (reply.status, reply.content_type) == (401, "application/json")
    assert proxy.asked == [("CONNECT", f"127.0.0.1:{port_of(secure)}")]


async def test_an_http_quay_is_asked_in_absolute_form(proxy, plain, authority, password):
    reply = await ask(plain.url, server(proxy, authority, password), authority)

    assert reply.status == 401
    assert proxy.asked == [("GET", f"{plain.url}/api/v1/user/")]


async def test_the_proxy_alone_resolves_quays_name(proxy, plain, authority, password):
    origin = f"http://quay.inside:{port_of(plain)}"

    assert (await ask(origin, server(proxy, authority, password), authority)).status == 401

    # What has to be a name that the certificate is for is told by the proxy's word alone.
    error = await failure(
        f"https://quay.inside:{port_of(plain)}", server(proxy, authority, password), authority
    )
    assert "speaks no TLS" in error.message


async def test_the_certificate_of_quay_is_looked_at_through_the_tunnel(
    proxy, secure, authority, password, tmp_path
):
    through = server(proxy, authority, password)

    error = await failure(secure.url, through, Authority(tmp_path, "another"), method="PUT")
    unknown = "its certificate was refused (its authority is not known: see caBundleRef)"
    assert error.message == f"Quay cannot be reached: {unknown}"
    assert not error.may_have_left
    # It is for the name that was asked for, not for what the proxy made of it.
    error = await failure(f"https://quay.inside:{port_of(secure)}", through, authority)
    another = "its certificate was refused (it is for another name)"
    assert error.message == f"Quay cannot be reached: {another}"
    assert (await ask(f"https://{NAME}:{port_of(secure)}", through, authority)).status == 401


async def test_tokens_are_exchanged_through_it_as_well(quay, secret, limits, meter):
    with ConnectProxy() as proxy:
        endpoint = Endpoint(quay.url, None, 5.0, proxy=ProxyServer(proxy.url))
        client = QuayClient(endpoint, Token(secret), limits=limits, observer=meter)
        robot = RobotName(OwnerName("organization", "acme"), "ci")
        with pytest.raises(QuayRobotError):
            await client.exchange(robot, TOKEN, lambda: datetime.now(UTC))
        await client.aclose()

    assert proxy.asked[0] == ("GET", f"{quay.url}/{'/'.join(EXCHANGE_PATH)}")


# What the proxy says -----------------------------------------------------------------


async def test_a_wrong_password_is_told_and_nothing_was_sent(proxy, secure, plain, authority):
    for origin in (secure.url, plain.url):
        error = await failure(
            origin, server(proxy, authority, oauth_token()), authority, method="PUT"
        )

        assert error.reason is Reason.QUAY_UNREACHABLE
        assert type(error) is TryLater
        assert error.message == (
            f"Quay cannot be reached: the proxy 127.0.0.1:{proxy.port} refused the credentials "
            "of proxy.credentialsRef (407)"
        )
        assert not error.may_have_left


async def test_no_password_is_told_as_well(proxy, secure, authority):
    error = await failure(secure.url, server(proxy, authority, None), authority)

    assert error.message.endswith("needs credentials (407): give proxy.credentialsRef")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "does not allow connections to {} (it answered 403)"),
        (502, "cannot reach {} (it answered 502)"),
        (503, "cannot reach {} (it answered 503)"),
        (404, "opens no tunnel to {} (it answered 404)"),
        (302, "opens no tunnel to {} (it answered 302)"),
    ],
)
async def test_a_refused_tunnel_is_no_answer_of_quay(
    proxy, secure, authority, password, status, words
):
    proxy.status = status

    error = await failure(secure.url, server(proxy, authority, password), authority, method="PUT")

    place = f"127.0.0.1:{port_of(secure)}"
    assert error.message.endswith(f"the proxy 127.0.0.1:{proxy.port} {words.format(place)}")
    assert (type(error), error.may_have_left) == (TryLater, False)


async def test_a_proxy_that_cannot_reach_quay_says_so(proxy, authority, password):
    through = server(proxy, authority, password)

    error = await failure("https://127.0.0.1:1", through, authority, method="DELETE")

    assert error.message.endswith("cannot reach 127.0.0.1:1 (it answered 502)")
    assert not error.may_have_left


async def test_a_proxy_that_is_away_says_so_and_is_used_when_it_is_back(
    proxy, secure, authority, password
):
    through = server(proxy, authority, password)
    proxy.down()
    error = await failure(secure.url, through, authority, method="POST")
    assert error.message == (
        f"Quay cannot be reached: the proxy 127.0.0.1:{proxy.port} cannot be reached: "
        "no connection"
    )
    assert (type(error), error.may_have_left) == (TryLater, False)

    proxy.up()
    assert (await ask(secure.url, through, authority)).status == 401


async def test_a_proxy_that_does_not_answer_is_not_waited_for_for_ever(
    proxy, secure, authority, password
):
    proxy.mute = True

    # Long enough to reach the proxy itself on a busy machine.
    error = await failure(
        secure.url, server(proxy, authority, password), authority, method="PUT", timeout_s=3
    )

    assert "opens no tunnel to" in error.message
    assert error.message.endswith("no answer in time")
    assert not error.may_have_left


async def test_a_proxys_certificate_is_looked_at(pair, secure, authority, tmp_path):
    other = Authority(tmp_path, "another").file.read_text()
    with ConnectProxy(pair=pair) as proxy:
        error = await failure(secure.url, ProxyServer(proxy.url, other), authority)

        assert "cannot be reached: its certificate was refused (its authority" in error.message
        # Its own bundle is for it alone, and Quay's for Quay.
        error = await failure(secure.url, ProxyServer(proxy.url), authority)
        assert "cannot be reached: its certificate was refused (its authority" in error.message
        assert proxy.asked == []


def test_a_proxys_bundle_that_holds_no_certificate_is_refused(authority):
    with pytest.raises(InvalidSpec, match=r"proxy\.caBundleRef holds no PEM certificate"):
        Transport(Endpoint("https://q", None, 5.0, proxy=ProxyServer("https://p:1", "x")))


async def test_what_breaks_after_the_request_left_may_have_been_done(pair, authority):
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(cut, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    with ConnectProxy() as proxy:
        error = await failure(origin, ProxyServer(proxy.url), authority, method="PUT")

    assert (type(error), error.may_have_left) == (Ambiguous, True)
    listener.close()


# Where it may lead -------------------------------------------------------------------

LOCAL = ip_network("127.0.0.2/32")


def prepared(origin: str, proxy: str, reach: AddressPolicy) -> Transport:
    return Transport(Endpoint(origin, None, 5.0, reach, proxy=ProxyServer(proxy)))


@pytest.mark.parametrize(
    ("hosts", "allowed"),
    [
        ((), False),
        (("quay.example.com",), False),
        (("quay.example.com", "proxy.example.com:3129"), False),
        (("quay.example.com", "proxy.example.com"), True),
        (("quay.example.com", "proxy.example.com:3128"), True),
        (("*",), True),
    ],
)
def test_a_tenants_proxy_has_to_be_named(hosts, allowed):
    reach = AddressPolicy(hosts, any_proxy=False)
    if allowed:
        assert prepared("https://quay.example.com", "http://proxy.example.com:3128", reach)
        return
    with pytest.raises(Refused, match=r"use the proxy proxy\.example\.com") as refused:
        prepared("https://quay.example.com", "http://proxy.example.com:3128", reach)
    assert refused.value.reason is Reason.HOST_REFUSED


def test_an_administrators_proxy_needs_no_name():
    assert prepared("https://quay.example.com", "http://proxy.example.com:3128", AddressPolicy())


@pytest.mark.parametrize("host", ["127.0.0.2", "169.254.169.254", "[fe80::1]"])
def test_a_proxy_at_a_refused_address_is_not_dialled(host):
    with pytest.raises(Refused, match="does not connect to"):
        prepared("https://quay.example.com", f"http://{host}:1", AddressPolicy(refused=(LOCAL,)))


@pytest.mark.parametrize("host", ["127.2", "0x7f.2"])
async def test_a_proxys_name_is_judged_by_where_it_leads(host, authority):
    reach = AddressPolicy(refused=(LOCAL,))

    with pytest.raises(Refused, match="does not connect to"):
        await ask(
            "https://quay.example.com", ProxyServer(f"http://{host}:1"), authority, reach=reach
        )


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "169.254.169.254", "2852039166", "0xa9fea9fe", "127.2"]
)
def test_an_address_that_needs_no_resolver_is_judged_behind_a_proxy_too(host):
    with pytest.raises(Refused, match="does not connect to"):
        prepared(f"https://{host}", "http://proxy.example.com", AddressPolicy(refused=(LOCAL,)))


def test_an_ipv6_address_cannot_be_asked_of_a_proxy():
    with pytest.raises(InvalidSpec, match="a name or an IPv4 address"):
        prepared("https://[2001:db8::1]", "http://proxy.example.com", AddressPolicy())


# What nobody sees --------------------------------------------------------------------


def test_a_proxys_credentials_are_never_shown(authority, password):
    made = ProxyServer("http://p:1", None, (Token(USER), Token(password)))

    assert USER not in repr(made)
    assert scan(repr(Endpoint("https://q", None, 5.0, proxy=made))) == []


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://127.0.0.1:9"}, "HTTPS_PROXY"),
        ({"ALL_PROXY": "http://127.0.0.1:9"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "http://127.0.0.1:9"}, ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}, ""),
        ({}, ""),
    ],
)
async def test_a_proxy_of_the_environment_is_told_where_quay_is_not_reached(
    environment, told, monkeypatch
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        for each in (name, name.lower()):
            monkeypatch.delenv(each, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    transport = Transport(Endpoint("https://127.0.0.1:1", None, 5.0))

    with pytest.raises(TryLater) as raised:
        await transport.send("GET", PATH, token=TOKEN)

    hint = f" ({told} is set and not used: spec.proxy names a proxy)" if told else ""
    assert raised.value.message == f"Quay cannot be reached: no connection{hint}"
    await transport.aclose()
