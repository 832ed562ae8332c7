"""Does a connection get JWTs of an OIDC service, keep them, and call Quay with them?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.address_policy import AddressPolicy
from quayrobot.model.errors import Denied, QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.secrecy import Token
from quayrobot.quay.client import QuayClient
from quayrobot.quay.limits import Limits
from quayrobot.quay.oidc import OidcBearer, OidcService
from quayrobot.quay.proxy import ProxyServer
from quayrobot.quay.transport import Endpoint
from tests.kit.connect_proxy import ConnectProxy
from tests.kit.fakequay import FakeQuay
from tests.kit.oidc_service import OidcService as Kit

from .conftest import Clock, Meter

ACME = OwnerName("organization", "acme")
CI = RobotName(ACME, "ci")
SECRET = "pa ss:wörd+/="


@pytest.fixture(scope="module")
def one_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    with Kit(tmp_path_factory.mktemp("oidc")) as service:
        yield service


@pytest.fixture
def service(one_service: Kit, quay: FakeQuay) -> Iterator[Kit]:
    """Yield an OIDC service that the double trusts; its client administers the organization."""
    one_service.clients = {"operator": SECRET}
    one_service.audience, one_service.life_s = "quay", 300
    one_service.header, one_service.claims, one_service.discovery = {"typ": "JWT"}, {}, {}
    one_service.answer = {}
    one_service.asked.clear()
    one_service.forms.clear()
    config = {"prefix": "KIT", "server": one_service.url, "client_id": "quay"}
    quay.admin("settings", sign_on=(config,), oidc_ca=str(one_service.ca))
    quay.double.state.sign_on_users.clear()
    quay.double.state.users.discard("operator")
    quay.admin("sign-on/forget")
    quay.double.state.sign_on_keys.discovered.clear()
    quay.admin("team/member", org="acme", team="owners", member="operator")
    yield one_service
    one_service.hang(on=False)
    quay.admin("settings", sign_on=())


@pytest.fixture
def endpoint(quay: FakeQuay, service: Kit) -> Endpoint:
    return Endpoint(quay.url, service.ca.read_text(), 3.0)


async def test_the_service_is_asked_through_the_proxy_of_the_connection(endpoint, service, clock):
    with ConnectProxy() as proxy:
        through = replace(endpoint, proxy=ProxyServer(proxy.url))
        assert await bearer_of(through, clock, service).token()
        # Its documents first, the token then.
        assert proxy.asked == [("CONNECT", f"127.0.0.1:{service.port}")] * 2
        proxy.status = 403
        with pytest.raises(TryLater, match="does not allow connections to") as raised:
            await bearer_of(through, clock, service).token()
    assert raised.value.reason is Reason.ISSUER_UNREACHABLE
    assert raised.value.message.startswith("the OIDC service cannot be reached: the proxy")
    assert not raised.value.may_have_left


def bearer_of(endpoint: Endpoint, clock: Clock, kit: Kit, **changes: Any) -> OidcBearer:
    said = {"issuer": kit.url, "token_url": None, "client_id": "operator",
            "secret": Token(SECRET), "assertion": None} | changes  # fmt: skip
    return OidcBearer(OidcService(**said), endpoint, clock=clock)


@pytest.fixture
def bearer(endpoint: Endpoint, service: Kit, clock: Clock) -> OidcBearer:
    return bearer_of(endpoint, clock, service)


@pytest.fixture
async def signed_on(
    endpoint: Endpoint, bearer: OidcBearer, limits: Limits, meter: Meter
) -> AsyncIterator[QuayClient]:
    made = QuayClient(endpoint, bearer, limits=limits, observer=meter)
    yield made
    await made.aclose()


async def error_of(work: Any) -> QuayRobotError:
    with pytest.raises(QuayRobotError) as caught:
        await work
    assert SECRET not in str(caught.value)
    return caught.value


async def test_robots_are_made_with_one_token_of_the_service(
    signed_on: QuayClient, service: Kit, quay: FakeQuay
):
    await signed_on.create_robot(CI, "", {})
    await signed_on.regenerate(CI)
    assert CI.full in await signed_on.list_robots(ACME)
    await signed_on.delete_robot(CI)

    assert service.asked.count("/token") == 1
    assert service.forms[0] == {"grant_type": "client_credentials"}
    seen = await signed_on.user()
    assert (seen.name, seen.administers) == ("operator", ("acme",))


async def test_audience_scopes_and_token_url_are_sent_as_they_are(
    endpoint: Endpoint, service: Kit, clock: Clock
):
    bearer = bearer_of(endpoint, clock, service, issuer=None, token_url=f"{service.url}/token",
                       audience="https://quay?x=1", scopes=("a", "b"))  # fmt: skip
    await bearer.token()

    assert service.asked == ["/token"]
    assert service.forms[0]["audience"] == "https://quay?x=1"
    assert service.forms[0]["scope"] == "a b"


async def test_one_call_serves_all_who_ask_and_two_thirds_of_the_life_are_used(
    bearer: OidcBearer, service: Kit, clock: Clock
):
    first = await asyncio.gather(*(bearer.token() for _ in range(8)))
    clock.now += 199
    again = await bearer.token()
    clock.now += 2
    later = await bearer.token()

    assert len(set(first)) == 1
    assert again == first[0]
    assert service.asked.count("/token") == 2
    assert later.reveal()
    assert bearer.life_s == 300


@pytest.mark.parametrize(
    ("said", "life_s"),
    [("120", 120), ("59.5", 59.5), (300.7, 300)]
    + [(each, 300) for each in ("", "soon", "1e999", None, 0, -1, True, [])],
)
async def test_a_life_that_is_told_as_text_or_nonsense_keeps_no_token_away(
    bearer: OidcBearer, service: Kit, said: object, life_s: float
):
    service.answer = {"expires_in": said}
    assert await bearer.token()
    # What the token itself says stands where the answer says nothing.
    assert bearer.life_s == life_s


async def test_a_service_that_is_away_changes_nothing_until_the_token_ends(
    bearer: OidcBearer, service: Kit, clock: Clock
):
    held = await bearer.token()
    service.down()
    try:
        clock.now += 250
        assert await bearer.token() == held
        clock.now += 46
        error = await error_of(bearer.token())
        assert isinstance(error, TryLater)
        assert error.reason is Reason.ISSUER_UNREACHABLE
    finally:
        service.up()
    # It is not asked again at once, and found again soon after.
    asked = len(service.asked)
    await error_of(bearer.token())
    assert len(service.asked) == asked
    clock.now += 6
    assert await bearer.token()


async def test_a_service_that_hangs_is_given_up_in_time(
    endpoint: Endpoint, service: Kit, clock: Clock
):
    bearer = bearer_of(replace(endpoint, timeout_s=0.5), clock, service)
    service.hang()
    error = await error_of(bearer.token())
    assert isinstance(error, TryLater)
    assert "no answer in time" in error.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"header": {"typ": None}}, "not of typ JWT"),
        ({"header": {"typ": "JWT", "alg": "RS512"}}, "another algorithm"),
        ({"claims": {"exp": None}}, "lacks iat, exp or sub"),
        ({"claims": {"sub": None}}, "lacks iat, exp or sub"),
        ({"clients": {}}, "does not know the client"),
        ({"discovery": {"issuer": "https://other.test"}}, "another issuer's"),
        ({"discovery": {"token_endpoint": None}}, "names no token endpoint"),
        ({"discovery": {"token_endpoint": "ftp://x"}}, "not https"),
        ({"discovery": {"token_endpoint": "https://:x"}}, ""),
    ],
)
async def test_what_quay_would_not_take_is_refused_with_what_is_wrong(
    bearer: OidcBearer, service: Kit, change: dict[str, Any], words: str
):
    for name, value in change.items():
        setattr(service, name, value)
    error = await error_of(bearer.token())
    assert isinstance(error, Denied)
    assert error.reason is Reason.TOKEN_NOT_ISSUED
    assert words in error.message


async def test_a_token_endpoint_leads_nowhere_that_the_connection_may_not_name(
    endpoint: Endpoint, service: Kit, clock: Clock, quay: FakeQuay
):
    reach = AddressPolicy(hosts=(f"127.0.0.1:{service.port}", f"127.0.0.1:{quay.port}"))
    service.discovery = {"token_endpoint": "https://elsewhere.test/token"}
    error = await error_of(bearer_of(replace(endpoint, reach=reach), clock, service).token())
    assert isinstance(error, Refused)
    assert error.reason is Reason.HOST_REFUSED
    assert service.forms == []


async def test_the_assertion_of_an_account_is_sent_in_place_of_a_secret(
    endpoint: Endpoint, service: Kit, clock: Clock
):
    asked: list[str] = []

    async def assertion(audience: str) -> Token:
        asked.append(audience)
        return Token(service.token("system:serviceaccount:op:quay", aud=audience))

    service.cluster_keys = lambda: {"keys": [service.key.as_dict(private=False)]}
    service.subjects = {"system:serviceaccount:op:quay": "operator"}
    bearer = bearer_of(endpoint, clock, service, secret=None, assertion=assertion)
    await bearer.token()

    assert asked == [service.url]
    form = service.forms[0]
    assert form["client_id"] == "operator"
    assert form["client_assertion_type"].endswith("client-assertion-type:jwt-bearer")


# What Quay says to a JWT ------------------------------------------------------


async def test_a_token_that_ended_is_replaced_once_and_the_call_made_again(
    signed_on: QuayClient, service: Kit, quay: FakeQuay
):
    await signed_on.user()
    quay.admin("clock", shift_s=400)
    try:
        service.claims = {"exp": int(time.time()) + 900, "iat": int(time.time())}
        await signed_on.create_robot(CI, "", {})
        assert service.asked.count("/token") == 2
        # Also a new one has ended: the clocks differ, which no third one mends.
        quay.admin("clock", shift_s=4000)
        asked = service.asked.count("/token")
        error = await error_of(signed_on.list_robots(ACME))
        assert isinstance(error, Denied)
        assert "clocks" in error.message
        assert service.asked.count("/token") == asked + 1
    finally:
        quay.admin("clock", shift_s=0)


async def test_a_key_that_quay_cannot_get_is_no_proof_that_the_token_is_bad(
    signed_on: QuayClient, service: Kit, quay: FakeQuay
):
    await signed_on.user()
    service.down()
    try:
        await signed_on.user()
        quay.admin("sign-on/forget")
        error = await error_of(signed_on.list_robots(ACME))
    finally:
        service.up()
    assert isinstance(error, TryLater)
    assert error.reason is Reason.ISSUER_UNREACHABLE
    await signed_on.list_robots(ACME)


async def test_rotated_keys_are_found_by_quay_and_by_us(
    signed_on: QuayClient, service: Kit, clock: Clock
):
    await signed_on.user()
    service.rotate()
    assert await signed_on.list_robots(ACME) == {}
    clock.now += 250
    assert await signed_on.list_robots(ACME) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audience": "somebody-else"}, "OIDC_AUDIENCES"),
        ({"claims": {"iss": "https://other.test"}}, "issuer"),
        ({"claims": {"aud": None}}, "lacks a claim"),
    ],
)
async def test_what_is_configured_otherwise_in_quay_is_said(
    signed_on: QuayClient, service: Kit, change: dict[str, Any], words: str
):
    for name, value in change.items():
        setattr(service, name, value)
    error = await error_of(signed_on.create_robot(CI, "", {}))
    assert isinstance(error, Denied)
    assert error.reason is Reason.CREDENTIAL_REFUSED
    assert words in error.message
    assert service.asked.count("/token") == 1


async def test_a_user_that_is_disabled_or_no_administrator_is_told_apart(
    signed_on: QuayClient, quay: FakeQuay
):
    await signed_on.user()
    quay.admin("user/disable", name="operator")
    try:
        assert isinstance(await error_of(signed_on.list_robots(ACME)), Denied)
        assert isinstance(await error_of(signed_on.user()), Denied)
    finally:
        quay.admin("user/disable", name="operator", enabled=True)
    quay.admin("team/member", org="acme", team="owners", member="operator", absent=True)
    error = await error_of(signed_on.list_robots(ACME))
    assert error.reason is Reason.INSUFFICIENT_SCOPE
    # A JWT has no scopes that could be lacking.
    assert error.message == (
        "the user of the connection's JWT lacks a right in Quay; this needs an administrator of "
        "the organization acme"
    )
    error = await error_of(signed_on.rights.give_role(CI, "app", "read"))
    assert "scope" not in error.message
