"""Is what an answer leaves out ever taken for what is not there?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.errors import Ambiguous, QuayRobotError, Reason, TryLater
from quayrobot.quay.grants_wire import parse_prototype, parse_prototypes, parse_teams
from quayrobot.quay.wire import parse_robot, parse_user

from .test_client import ACME, CI
from .test_wire import reply, robot, without

METADATA = "unstructured_metadata"
BOT = {"name": CI.full, "kind": "user", "is_robot": True}


@pytest.mark.parametrize(
    ("status", "write", "kind"), [(200, False, TryLater), (201, True, Ambiguous)]
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(without(METADATA), id="left out"),
        pytest.param(robot(**{METADATA: []}), id="a list"),
        pytest.param(robot(**{METADATA: "{}"}), id="a text"),
    ],
)
def test_a_robot_shown_without_metadata_is_not_one_without_marker(
    body: dict[str, Any], status: int, write: bool, kind: type[QuayRobotError]
):
    with pytest.raises(kind) as raised:
        parse_robot(reply(status, body), CI, write=write)

    assert raised.value.reason == Reason.QUAY_ANSWER_NOT_UNDERSTOOD


@pytest.mark.parametrize(("status", "write"), [(200, False), (201, True)])
def test_null_is_shown_of_a_robot_without_metadata(status: int, write: bool):
    seen = parse_robot(reply(status, robot(**{METADATA: None})), CI, write=write)

    assert (seen.marker, seen.metadata) == (None, {})


def test_a_new_token_comes_without_metadata():
    assert parse_robot(reply(200, without(METADATA)), CI, write=True).full_name == CI.full


def prototype(**changes: object) -> dict[str, object]:
    return {"id": "3f0c", "role": "read", "delegate": BOT, "activating_user": None, **changes}


def test_a_default_for_everybody_says_so():
    found = parse_prototypes(reply(200, {"prototypes": [prototype()]}), ACME)

    [seen] = found[CI.full]
    assert (seen.role, seen.creator) == ("read", None)


@pytest.mark.parametrize(
    "creator", [{}, {"name": None}, {"username": "bob"}, "bob", ["bob"], False], ids=repr
)
def test_a_default_whose_creator_is_not_shown_is_not_one_for_everybody(creator: object):
    odd = prototype(activating_user=creator)

    with pytest.raises(TryLater):
        parse_prototypes(reply(200, {"prototypes": [prototype(), odd]}), ACME)
    assert parse_prototype(reply(200, odd)) is None


def test_a_default_that_leaves_out_its_creator_is_not_one_for_everybody():
    odd = {key: value for key, value in prototype().items() if key != "activating_user"}

    with pytest.raises(TryLater):
        parse_prototypes(reply(200, {"prototypes": [odd]}), ACME)


@pytest.mark.parametrize("kind", [None, [], {}, ["user"], 7], ids=repr)
def test_a_default_for_whom_it_is_not_shown_is_not_understood(kind: object):
    odd = prototype(delegate={**BOT, "kind": kind})

    with pytest.raises(TryLater):
        parse_prototypes(reply(200, {"prototypes": [odd]}), ACME)
    assert parse_prototype(reply(200, odd)) is None


@pytest.mark.parametrize("team", [{}, {"role": None}, {"role": 1}, None, "creator"], ids=repr)
def test_a_team_whose_role_is_not_shown_is_not_one_that_creates_nothing(team: object):
    body = {"name": ACME.name, "teams": {"devs": {"role": "creator"}, "ops": team}}

    with pytest.raises(TryLater):
        parse_teams(reply(200, body), ACME, scope="org:admin")


@pytest.mark.parametrize("name", [{}, {"name": None}, {"name": 7}], ids=repr)
def test_an_organization_without_a_name_is_none_that_somebody_administers(name: dict[str, Any]):
    listed = [{**name, "is_org_admin": True}, {"name": "acme", "is_org_admin": True}]

    seen = parse_user(reply(200, {"username": "bob", "organizations": listed}))

    assert seen is not None
    assert seen.administers == ("acme",)
