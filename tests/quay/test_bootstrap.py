"""Is Quay's own token renewed by one call, and every answer to it understood?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from quayrobot.model.errors import Ambiguous, Denied, Reason, Refused, TryLater
from quayrobot.model.secrecy import Token
from quayrobot.quay.client import QuayClient
from quayrobot.quay.transport import Endpoint
from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay

from .test_client import error_of


@pytest.fixture
def own_token(quay: FakeQuay, tmp_path: Path) -> Callable[[], str]:
    """Have Quay make a bootstrap token; return what tells the one in its file."""
    state, path = quay.double.state, tmp_path / "token.json"
    before, state.make_oauth_token = state.make_oauth_token, oauth_token
    quay.admin("settings", programmatic_bootstrap=True, bootstrap_owner="root",
               bootstrap_path=str(path))  # fmt: skip
    quay.admin("bootstrap")
    state.make_oauth_token = before
    return lambda: str(json.loads(path.read_text())["access_token"])


@pytest.fixture
async def machine(quay, own_token, meter, limits) -> AsyncIterator[QuayClient]:
    made = QuayClient(
        Endpoint(quay.url, None, 5.0), Token(own_token()), limits=limits, observer=meter
    )
    yield made
    await made.aclose()
    quay.admin("clock", shift_s=0)
    quay.admin("settings", programmatic_bootstrap=False, bootstrap_loopback=True)


async def test_the_token_is_replaced_and_dies(quay, machine, own_token, meter):
    before = own_token()

    assert await machine.bootstrap.works()
    await machine.bootstrap.renew()

    assert own_token() != before
    assert not await machine.bootstrap.works()
    assert meter.calls == [("user.get", 200), ("bootstrap.renew", 200), ("user.get", 401)]


async def test_a_dead_token_renews_nothing(machine, own_token):
    await machine.bootstrap.renew()
    after = own_token()

    assert isinstance(await error_of(machine.bootstrap.renew()), Denied)
    assert own_token() == after


async def test_an_expired_token_is_renewed_from_inside_only(quay, machine, own_token):
    before = own_token()
    quay.admin("clock", shift_s=3700)
    quay.admin("settings", bootstrap_loopback=False)

    assert isinstance(await error_of(machine.bootstrap.renew()), Denied)
    assert own_token() == before


async def test_a_token_of_another_kind_is_refused_and_goes_on_to_work(own_token, client):
    error = await error_of(client.bootstrap.renew())

    assert (type(error), error.reason) == (Refused, Reason.RENEWAL_REFUSED)
    assert await client.bootstrap.works()


async def test_a_quay_without_the_feature_says_so(quay, machine):
    quay.admin("settings", programmatic_bootstrap=False)

    error = await error_of(machine.bootstrap.renew())

    assert (type(error), error.reason) == (Refused, Reason.NOT_SUPPORTED)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"status": 500}, Reason.RENEWAL_FAILED, id="it cannot write its Secret"),
        pytest.param({"status": 503}, Reason.QUAY_UNREACHABLE, id="away"),
        pytest.param({"kind": "cut"}, Reason.QUAY_UNREACHABLE, id="cut off"),
        pytest.param(
            {"status": 200, "body": "{}"}, Reason.QUAY_ANSWER_NOT_UNDERSTOOD, id="nothing said"
        ),
        pytest.param(
            {"kind": "page", "status": 200}, Reason.QUAY_ANSWER_NOT_UNDERSTOOD, id="a page"
        ),
    ],
)
async def test_what_does_not_tell_is_looked_into(quay, machine, fault, reason):
    quay.admin("fault", operation="bootstrap.renew", **fault)

    error = await error_of(machine.bootstrap.renew())

    assert (type(error), error.reason) == (Ambiguous, reason)


@pytest.mark.parametrize("fault", [{"status": 502}, {"kind": "page", "status": 200}])
async def test_a_look_that_does_not_tell_is_no_look(quay, machine, fault):
    quay.admin("fault", operation="user.get", **fault)

    assert isinstance(await error_of(machine.bootstrap.works()), TryLater)
