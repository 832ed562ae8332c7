"""Is a password taken for what it is, and every refusal of one for what it says?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quayrobot.model.errors import Ambiguous, Reason, Refused, TryLater
from quayrobot.model.secrecy import Token
from quayrobot.quay.exchange import exchange_refusal, parse_password
from quayrobot.quay.transport import Reply
from tests.contract.issuer import Issuer
from tests.kit.canary import robot_token
from tests.kit.fakequay import FakeQuay

from .test_client import CI, error_of

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOMEONE = "someone"


def utc() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def issuer(tmp_path: Path, quay: FakeQuay) -> Iterator[Issuer]:
    """Yield an issuer that Quay trusts, whose subject may be the robot."""
    with Issuer(tmp_path) as issuer:
        quay.admin("robot", name="acme+ci", token=robot_token())
        quay.admin("settings", oidc_ca=str(issuer.ca))
        entries = [{"issuer": issuer.url, "subject": SOMEONE}]
        quay.admin("federation/set", name="acme+ci", entries=entries)
        yield issuer
        quay.admin("settings", oidc_ca=None, version="3.19", federated_life_s=3600)


async def test_a_password_lets_in_and_tells_its_end(quay, issuer, client, meter):
    before = utc()

    got = await client.exchange(CI, Token(issuer.token()), utc)

    assert quay.login("acme+ci", got.token.reveal())
    assert before <= got.issued_at <= utc()
    assert abs(got.expires_at - before - HOUR) < timedelta(seconds=5)
    assert meter.calls == [("federation.exchange", 200)]


async def test_its_end_is_the_one_that_quay_set(quay, issuer, client):
    quay.admin("settings", federated_life_s=30)

    got = await client.exchange(CI, Token(issuer.token()), utc)

    assert timedelta(seconds=25) < got.expires_at - utc() <= timedelta(seconds=30)


# What is refused ----------------------------------------------------------------------


REFUSALS = {
    "another subject": ({"sub": "other"}, Refused, Reason.EXCHANGE_REFUSED),
    "another issuer": ({"iss": "https://other.example"}, Refused, Reason.EXCHANGE_REFUSED),
    "no issuer": ({"iss": None}, Refused, Reason.EXCHANGE_REFUSED),
    "expired": ({"iat": 1, "exp": 2}, Refused, Reason.EXCHANGE_REFUSED),
    "an unknown key": ({"header": {"kid": "two"}}, TryLater, Reason.EXCHANGE_REFUSED),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_token_that_does_not_hold_is_refused(issuer, client, name):
    token, kind, reason = REFUSALS[name]

    error = await error_of(client.exchange(CI, Token(issuer.token(**token)), utc))

    assert (type(error), error.reason) == (kind, reason)
    assert "other" not in error.message.replace("otherwise", "")


async def test_a_token_for_another_audience_is_told_as_that(quay, issuer, client):
    """Newer versions give each identity an audience; the words lead to the field for it."""
    entry = {"issuer": issuer.url, "subject": SOMEONE, "audiences": ["quay"]}
    quay.admin("federation/set", name="acme+ci", entries=[entry])

    error = await error_of(client.exchange(CI, Token(issuer.token(aud="https://q")), utc))

    assert (type(error), error.reason) == (Refused, Reason.EXCHANGE_REFUSED)
    assert "credentials.audiences" in error.message
    await client.exchange(CI, Token(issuer.token(aud=["https://q", "quay"])), utc)


async def test_what_is_no_token_is_a_failure_of_quay(issuer, client):
    error = await error_of(client.exchange(CI, Token(robot_token()), utc))

    assert (type(error), error.reason) == (TryLater, Reason.EXCHANGE_REFUSED)


async def test_a_robot_without_identities_is_refused(quay, issuer, client):
    quay.admin("federation/set", name="acme+ci", entries=[])

    error = await error_of(client.exchange(CI, Token(issuer.token()), utc))

    assert (type(error), error.reason) == (Refused, Reason.EXCHANGE_REFUSED)


async def test_a_robot_that_is_gone_is_to_be_looked_for(quay, issuer, client):
    quay.admin("robot/delete", name="acme+ci")

    error = await error_of(client.exchange(CI, Token(issuer.token()), utc))

    assert (type(error), error.reason) == (Ambiguous, Reason.ROBOT_NOT_FOUND)


async def test_an_old_quay_has_no_exchange(quay, issuer, client):
    quay.admin("settings", version="3.12")

    error = await error_of(client.exchange(CI, Token(issuer.token()), utc))

    assert (type(error), error.reason) == (Refused, Reason.NOT_SUPPORTED)


async def test_an_issuer_that_quay_cannot_reach_closes_the_connection_for_nobody(
    quay, issuer, client, limits
):
    quay.admin("settings", oidc_ca=None)

    for _ in range(5):
        error = await error_of(client.exchange(CI, Token(issuer.token()), utc))
        assert (type(error), error.reason) == (TryLater, Reason.ISSUER_UNREACHABLE)

    assert not limits.open
    assert (await client.get_robot(CI)).value.full_name == "acme+ci"


async def test_while_quay_is_away_no_exchange_is_tried(quay, issuer, client, limits):
    quay.admin("fault", operation="robot.get", kind="answer", status=502, count=3)
    for _ in range(3):
        await error_of(client.get_robot(CI))
    called = len(quay.double.ledger.entries)

    error = await error_of(client.exchange(CI, Token(issuer.token()), utc))

    assert (error.reason, limits.open) == (Reason.QUAY_UNREACHABLE, True)
    assert len(quay.double.ledger.entries) == called


def reply(status: int, body: bytes = b"", kind: str = "application/json") -> Reply:
    return Reply(status=status, content_type=kind, body=body)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_form_is_never_one_of_the_connections_token(status):
    error = exchange_refusal(reply(status, b'{"error": "No auth header"}'), CI)

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)


@pytest.mark.parametrize("text", ["something new", "", "Invalid robot"])
def test_words_that_nobody_knows_are_not_understood(text):
    error = exchange_refusal(reply(400, json.dumps({"message": text}).encode()), CI)

    assert error.reason is Reason.QUAY_ANSWER_NOT_UNDERSTOOD


# Its end ------------------------------------------------------------------------------


def jwt(**claims: object) -> bytes:
    """Return an answer with a token that says *claims*; nobody signed it."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return json.dumps({"token": f"e30.{part}.x"}).encode()


def at(**shift: float) -> int:
    return int((NOW + timedelta(**shift)).timestamp())


def test_the_end_is_what_the_token_says():
    got = parse_password(reply(200, jwt(iat=at(), exp=at(hours=1))), NOW)

    assert (got.issued_at, got.expires_at) == (NOW, NOW + HOUR)


@pytest.mark.parametrize("hours", [-5, 5])
def test_with_clocks_that_differ_it_is_the_length_that_counts(hours):
    got = parse_password(reply(200, jwt(iat=at(hours=hours), exp=at(hours=hours + 1))), NOW)

    assert (got.issued_at, got.expires_at) == (NOW, NOW + HOUR)


def test_without_a_beginning_it_begins_now():
    assert parse_password(reply(200, jwt(exp=at(hours=1))), NOW).expires_at == NOW + HOUR


def test_no_end_is_believed_that_is_further_than_a_day():
    got = parse_password(reply(200, jwt(iat=at(), exp=at(days=3650))), NOW)

    assert got.expires_at == NOW + timedelta(days=1)


NONSENSE = {
    "no JSON": b"<html>",
    "no token": b"{}",
    "a number": b'{"token": 1}',
    "a static token": json.dumps({"token": robot_token()}).encode(),
    "no claims": b'{"token": "a.b.c"}',
    "claims that are a list": json.dumps({"token": "e30.W10.x"}).encode(),
    "no end": jwt(iat=at()),
    "an end that is a text": jwt(iat=at(), exp="soon"),
    "an end that is true": jwt(iat=at(), exp=True),
    "an end before its beginning": jwt(iat=at(hours=1), exp=at()),
    "an end beyond time": jwt(iat=at(), exp=1e300),
    "no number": json.dumps({"token": "e30.eyJleHAiOk5hTn0.x"}).encode(),
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_what_tells_no_end_is_no_password(body):
    with pytest.raises(TryLater) as raised:
        parse_password(reply(200, body), NOW)

    assert raised.value.reason is Reason.QUAY_ANSWER_NOT_UNDERSTOOD
