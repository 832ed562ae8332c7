"""Are outside identities read and replaced whole, and is every answer taken for what it says?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quayrobot.model.errors import Ambiguous, Denied, Failed, Reason, Refused, TryLater
from quayrobot.model.names import RobotName
from quayrobot.model.resources.federation import IdentityState
from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay

from .test_client import ACME, CI, calling, error_of

CI_JOB = IdentityState(issuer="https://ci.example.com", subject="repo:shop/app")
CD_JOB = IdentityState(issuer="https://cd.example.com/", subject="deploy")
GET, SET = "federation.get", "federation.set"
# The last version without federation, and the newest that the double knows.
OLD, NEW = "3.12", "3.19"


@pytest.fixture
def robot(quay: FakeQuay) -> FakeQuay:
    """Return a Quay with one robot."""
    quay.admin("robot", name="acme+ci", token=robot_token())
    return quay


@pytest.fixture
def old(robot: FakeQuay) -> Iterator[FakeQuay]:
    """Yield the same, in a version that knows no federation."""
    robot.admin("settings", version=OLD)
    yield robot
    robot.admin("settings", version=NEW)


def put_there(quay: FakeQuay, *identities: IdentityState) -> None:
    entries = [each.model_dump() for each in identities]
    quay.admin("federation/set", name="acme+ci", entries=entries)


def there(quay: FakeQuay) -> tuple[IdentityState, ...]:
    found = quay.admin("federation", name="acme+ci")
    return tuple(IdentityState.model_validate(each) for each in found)


async def test_a_robot_without_identities_has_an_empty_list(robot, client):
    assert await client.federation(CI) == ()


async def test_what_is_there_is_read_in_its_order_and_to_the_byte(robot, client, meter):
    put_there(robot, CD_JOB, CI_JOB)

    assert await client.federation(CI) == (CD_JOB, CI_JOB)
    assert meter.calls == [(GET, 200)]


async def test_setting_replaces_the_whole_list_by_one_call(robot, client, meter):
    put_there(robot, CD_JOB)
    mark = robot.mark()

    stored = await client.set_federation(CI, [CI_JOB])

    assert stored == there(robot) == (CI_JOB,)
    assert robot.operations(mark) == [SET]
    assert meter.calls == [(SET, 200)]


async def test_an_empty_list_clears(robot, client):
    put_there(robot, CI_JOB)

    assert await client.set_federation(CI, []) == there(robot) == ()


BOUND = {"id": "b-1", "audiences": ["https://quay.example"], "api_scopes": "repo:read"}


@pytest.fixture
def newer(robot: FakeQuay) -> Iterator[FakeQuay]:
    """Yield a Quay that keeps more of an identity, where somebody made one by hand."""
    robot.admin("settings", audiences_kept=True)
    robot.admin("federation/set", name="acme+ci", entries=[CD_JOB.model_dump() | BOUND])
    yield robot
    robot.admin("settings", audiences_kept=False)


async def test_what_quay_keeps_of_an_identity_that_stays_goes_back_whole(newer, client):
    """Without its audiences Quay would take tokens that are meant for others."""
    assert await client.federation(CI) == (CD_JOB,)

    stored = await client.set_federation(CI, [CI_JOB, CD_JOB])

    assert stored == (CI_JOB, CD_JOB)
    mine, theirs = newer.admin("federation", name="acme+ci")
    assert theirs == CD_JOB.model_dump() | BOUND
    assert mine == CI_JOB.model_dump() | {"audiences": ["quay"]}
    # Quay's answer tells of it too.
    await client.set_federation(CI, [CD_JOB])
    assert newer.admin("federation", name="acme+ci") == [theirs]


async def test_what_quay_kept_of_an_identity_that_went_does_not_come_back_with_it(newer, client):
    await client.federation(CI)
    await client.set_federation(CI, [])

    await client.set_federation(CI, [CD_JOB])

    assert newer.admin("federation", name="acme+ci") == [
        CD_JOB.model_dump() | {"audiences": ["quay"]}
    ]


async def test_one_issuer_may_have_several_subjects(robot, client):
    other = CI_JOB.model_copy(update={"subject": "repo:shop/other"})

    assert await client.set_federation(CI, [CI_JOB, other]) == (CI_JOB, other)


async def test_a_robot_of_another_name_is_left_alone(robot, client):
    robot.admin("robot", name="acme+cd", token=robot_token())
    put_there(robot, CI_JOB)

    await client.set_federation(RobotName(ACME, "cd"), [CD_JOB])

    assert there(robot) == (CI_JOB,)


# A Quay that has none ---------------------------------------------------------------


async def test_an_old_quay_says_that_it_has_none_whether_read_or_written(old, client):
    for call in (client.federation(CI), client.set_federation(CI, [CI_JOB])):
        error = await error_of(call)

        assert (type(error), error.reason) == (Refused, Reason.NOT_SUPPORTED)
        assert "version of Quay" in error.message


async def test_an_old_quay_is_no_outage_and_goes_on_being_asked(old, client):
    for _ in range(4):
        await error_of(client.federation(CI))

    assert (await client.get_robot(CI)).value.full_name == "acme+ci"


async def test_after_its_upgrade_the_same_connection_can_do_it(old, client):
    await error_of(client.federation(CI))
    old.admin("settings", version=NEW)

    assert await client.set_federation(CI, [CI_JOB]) == (CI_JOB,)


# What goes wrong --------------------------------------------------------------------


async def test_a_robot_that_is_gone_is_looked_for_before_anything_else(quay, client):
    for call in (client.federation(CI), client.set_federation(CI, [CI_JOB])):
        error = await error_of(call)

        assert (type(error), error.reason) == (Ambiguous, Reason.ROBOT_NOT_FOUND)


async def test_an_issuer_that_quay_does_not_take_changes_nothing(robot, client):
    put_there(robot, CD_JOB)
    legacy = IdentityState(issuer="kubernetes/serviceaccount", subject="s")

    error = await error_of(client.set_federation(CI, [legacy]))

    assert (type(error), error.reason) == (Refused, Reason.ISSUER_REFUSED)
    assert there(robot) == (CD_JOB,)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_server_that_is_ill_tells_nothing_and_may_have_written(status, robot, client):
    robot.admin("fault", operation=GET, status=status, body="<html>")
    robot.admin("fault", operation=SET, status=status, body="<html>")

    read = await error_of(client.federation(CI))
    write = await error_of(client.set_federation(CI, [CI_JOB]))

    kind = Failed if status == 500 else TryLater
    assert (type(read), read.reason) == (kind, Reason.QUAY_UNREACHABLE)
    assert (type(write), write.reason) == (Ambiguous, Reason.QUAY_UNREACHABLE)


async def test_an_answer_that_was_cut_off_after_the_write_is_ambiguous(robot, client):
    robot.admin("fault", operation=SET, kind="cut", when="after")

    error = await error_of(client.set_federation(CI, [CI_JOB]))

    assert type(error) is Ambiguous
    assert there(robot) == (CI_JOB,)


@pytest.mark.parametrize("body", ["{}", "<html>", "null", '[{"issuer": "https://x"'])
async def test_an_answer_that_is_no_list_is_not_an_empty_one(body, robot, client):
    robot.admin("fault", operation=GET, status=200, body=body)
    robot.admin("fault", operation=SET, status=200, body=body)

    read = await error_of(client.federation(CI))
    write = await error_of(client.set_federation(CI, [CI_JOB]))

    assert read.reason == write.reason == Reason.QUAY_ANSWER_NOT_UNDERSTOOD
    assert (type(read), type(write)) == (TryLater, Ambiguous)


@pytest.mark.parametrize("call", [GET, SET])
async def test_a_token_without_the_right_is_told_which_one(call, robot):
    lesser = str(robot.admin("token", value=oauth_token(), scopes=["repo:read"]))
    async with calling(robot, lesser) as client:
        asked = client.federation(CI) if call == GET else client.set_federation(CI, [CI_JOB])
        error = await error_of(asked)

    assert (type(error), error.reason) == (Refused, Reason.INSUFFICIENT_SCOPE)
    assert "org:admin" in error.message
    assert there(robot) == ()


async def test_a_token_that_quay_does_not_know_is_denied(robot):
    async with calling(robot, oauth_token()) as client:
        error = await error_of(client.set_federation(CI, [CI_JOB]))

    assert (type(error), error.reason) == (Denied, Reason.CREDENTIAL_REFUSED)


async def test_a_throttled_or_read_only_quay_is_asked_again_and_did_nothing(robot, client):
    robot.admin("fault", operation=SET, status=429, headers={"Retry-After": "7"})
    throttled = await error_of(client.set_federation(CI, [CI_JOB]))
    assert (throttled.reason, throttled.retry_after) == (Reason.QUAY_THROTTLED, 7.0)

    robot.admin("faults/clear")
    robot.admin("settings", readonly=True)
    async with calling(robot, str(robot.admin("token", value=oauth_token()))) as other:
        resting = await error_of(other.set_federation(CI, [CI_JOB]))

    assert (type(resting), resting.reason) == (TryLater, Reason.QUAY_READ_ONLY)
    assert there(robot) == ()
