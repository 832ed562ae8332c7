"""Is nobody but Quay believed, whatever a load balancer, a gateway or a portal answers instead?"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from quayrobot.model.errors import Ambiguous, QuayRobotError, Reason, TryLater
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.secrecy import Token
from quayrobot.model.world import DefaultSeen
from quayrobot.quay.bootstrap import Bootstrap
from quayrobot.quay.client import QuayClient
from quayrobot.quay.limits import Limits
from quayrobot.quay.rights import Rights
from quayrobot.quay.transport import Endpoint
from tests.kit.canary import robot_token
from tests.kit.fakequay import FakeQuay

from .conftest import Clock, Meter
from .test_client import ACME, CI, error_of

JOB = IdentityState(issuer="https://ci.example.com", subject="repo:shop/app")
DEFAULT = DefaultSeen("read", None, "3f0c")
PAGE = "<html><head><title>Not here</title></head><body><h1>Not here</h1></body></html>"


class Call(NamedTuple):
    """One call of the client; *operation* is the double's name for it."""

    operation: str
    make: Callable[[QuayClient], Awaitable[object]]
    write: bool = False


CALLS = {
    "get_robot": Call("robot.get", lambda c: c.get_robot(CI)),
    "create_robot": Call("robot.create", lambda c: c.create_robot(CI, "", {}), write=True),
    "regenerate": Call("robot.regenerate", lambda c: c.regenerate(CI), write=True),
    "delete_robot": Call("robot.delete", lambda c: c.delete_robot(CI), write=True),
    "list_robots": Call("robot.list", lambda c: c.list_robots(ACME)),
    "federation": Call("federation.get", lambda c: c.federation(CI)),
    "set_federation": Call("federation.set", lambda c: c.set_federation(CI, [JOB]), write=True),
    "exchange": Call(
        "federation.exchange", lambda c: c.exchange(CI, Token("x.y.z"), lambda: datetime.now(UTC))
    ),
    "organization_exists": Call("organization.get", lambda c: c.organization_exists(ACME)),
    "user": Call("user.get", lambda c: c.user()),
    "list_grants": Call("robot.list", lambda c: c.rights.list_grants(ACME)),
    "check_repository": Call("repository.get", lambda c: c.rights.check_repository(ACME, "api")),
    "check_team": Call("member.list", lambda c: c.rights.check_team(ACME, "devs")),
    "roles_of": Call("robot.permissions", lambda c: c.rights.roles_of(CI)),
    "teams": Call("organization.get", lambda c: c.rights.teams(ACME)),
    "members": Call("member.list", lambda c: c.rights.members(ACME, "devs")),
    "creators": Call("organization.get", lambda c: c.rights.creators(ACME)),
    "roles": Call("permission.list", lambda c: c.rights.roles(ACME, "api")),
    "defaults": Call("prototype.list", lambda c: c.rights.defaults(ACME)),
    "give_role": Call(
        "permission.put", lambda c: c.rights.give_role(CI, "api", "write"), write=True
    ),
    "take_role": Call("permission.delete", lambda c: c.rights.take_role(CI, "api"), write=True),
    "join_team": Call("member.put", lambda c: c.rights.join_team(CI, "devs"), write=True),
    "leave_team": Call("member.delete", lambda c: c.rights.leave_team(CI, "devs"), write=True),
    "give_default": Call(
        "prototype.create", lambda c: c.rights.give_default(CI, "read", None), write=True
    ),
    "change_default": Call(
        "prototype.update", lambda c: c.rights.change_default(CI, DEFAULT, "write"), write=True
    ),
    "take_default": Call(
        "prototype.delete", lambda c: c.rights.take_default(CI, DEFAULT), write=True
    ),
    "renew": Call("bootstrap.renew", lambda c: c.bootstrap.renew(), write=True),
    "works": Call("user.get", lambda c: c.bootstrap.works()),
}
# They make no call of their own.
NO_CALLS = {"aclose", "check_addresses"}


def page(status: int, **headers: str) -> dict[str, Any]:
    return {"status": status, "body": PAGE, "headers": headers}


def foreign(status: int, body: object) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {"status": status, "body": json.dumps(body), "headers": headers}


ELSEWHERE = "https://login.example.com/?next=quay"
ANSWERS = {
    "a page: 200": page(200),
    "a page: 401": page(401, **{"WWW-Authenticate": 'Basic realm="portal"'}),
    "a page: 403": page(403),
    "a page: 404": page(404),
    "a page: 405": page(405),
    "a page: 410": page(410),
    "a redirect to a portal: 302": page(302, Location=ELSEWHERE),
    "a redirect to a portal: 308": page(308, Location=ELSEWHERE),
    "a redirect that leads nowhere: 308": page(308, Location="http://[x"),
    "nothing: 200": {"status": 200, "body": ""},
    "nothing: 202": {"status": 202, "body": ""},
    "somebody's JSON: 200": foreign(200, {"status": "ok"}),
    "somebody's list: 200": foreign(200, [{"service": "quay", "healthy": False}]),
    "somebody's lists: 200": foreign(
        200,
        {"robots": [{"service": "quay"}], "prototypes": [{"a": 1}], "permissions": {"x": "y"}},
    ),
    "somebody's null: 200": foreign(200, None),
    "a gateway's JSON: 400": foreign(400, {"message": "Bad request"}),
    "a gateway's JSON: 401": foreign(401, {"message": "No API key found in request"}),
    "a gateway's JSON, OAuth: 401": foreign(401, {"error": "invalid_token"}),
    "a gateway's JSON: 403": foreign(403, {"message": "Forbidden"}),
    "a gateway's JSON: 404": foreign(404, {"message": "no Route matched with those values"}),
    "a problem's JSON: 404": foreign(
        404, {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no route"}
    ),
    "a cluster's JSON: 403": foreign(
        403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
    ),
    "a cluster's JSON: 404": foreign(
        404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
    ),
}


@pytest.fixture
def there(quay: FakeQuay) -> Iterator[FakeQuay]:
    """Yield a Quay with a robot that has rights of each kind."""
    quay.admin("robot", name="acme+ci", token=robot_token())
    quay.admin("repository", namespace="acme", name="api")
    quay.admin("team", org="acme", name="devs", members=["acme+ci"])
    quay.admin("settings", programmatic_bootstrap=True, bootstrap_owner="root")
    yield quay
    quay.admin("settings", programmatic_bootstrap=False)
    for name in list(quay.double.state.repositories):
        del quay.double.state.repositories[name]


def test_the_table_has_every_call_of_the_client() -> None:
    made = {
        name
        for room in (QuayClient, Rights, Bootstrap)
        for name, each in inspect.getmembers(room, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }

    assert made - NO_CALLS == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
async def test_nobody_else_is_believed(name: str, there: FakeQuay, client: QuayClient) -> None:
    call, believed = CALLS[name], {}
    kind = Ambiguous if call.write else TryLater

    for answer, fault in ANSWERS.items():
        there.admin("fault", operation=call.operation, **fault)
        try:
            believed[answer] = await call.make(client)
        except QuayRobotError as error:
            if (type(error), error.reason) != (kind, Reason.QUAY_ANSWER_NOT_UNDERSTOOD):
                believed[answer] = error

    assert believed == {}


async def test_a_page_is_no_proof_that_the_token_is_good(there: FakeQuay, secret: str) -> None:
    accepted: list[str] = []
    client = QuayClient(
        Endpoint(there.url, None, 5.0),
        Token(secret),
        limits=Limits(clock=Clock(), jitter=lambda: 0.0),
        observer=Meter(),
        accepted=lambda: accepted.append("yes"),
    )
    there.admin("fault", operation="robot.list", **ANSWERS["a page: 200"])

    await error_of(client.list_robots(ACME))
    assert accepted == []
    await client.list_robots(ACME)
    assert accepted == ["yes"]
    await client.aclose()
