"""What if Quay's database compares names without case, as MySQL does?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quayrobot.model.errors import InvalidSpec, QuayRobotError, Reason, Refused
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.quay.client import QuayClient
from tests.kit.canary import robot_token
from tests.kit.fakequay import FakeQuay

LOUD = OwnerName("organization", "ACME")
CI = RobotName(LOUD, "ci")
QUIET = RobotName(OwnerName("organization", "acme"), "ci")


@pytest.fixture(autouse=True)
def mysql(quay: FakeQuay) -> Iterator[None]:
    quay.admin("settings", names_without_case=True)
    yield
    quay.admin("settings", names_without_case=False)


async def test_a_robot_made_under_another_spelling_goes_at_once(
    quay: FakeQuay, client: QuayClient
):
    with pytest.raises(InvalidSpec, match="called acme in Quay, not ACME"):
        await client.create_robot(CI, "", {})

    assert quay.admin("robots") == []


async def test_one_that_is_there_under_another_spelling_stays(quay: FakeQuay, client: QuayClient):
    quay.admin("robot", name="acme+ci", token=robot_token())

    with pytest.raises(QuayRobotError):
        await client.create_robot(CI, "", {})
    with pytest.raises(InvalidSpec, match="called acme in Quay, not ACME"):
        await client.get_robot(CI)

    assert quay.admin("robots") == ["acme+ci"]
    assert await client.list_robots(LOUD) == {}


async def test_the_organization_itself_tells_its_spelling(client: QuayClient):
    with pytest.raises(InvalidSpec, match="called acme in Quay, not ACME"):
        await client.organization_exists(LOUD)

    assert await client.organization_exists(QUIET.owner)


async def test_a_default_for_another_spelling_of_its_creator_goes_at_once(
    quay: FakeQuay, client: QuayClient
):
    quay.admin("robot", name="acme+ci", token=robot_token())
    quay.admin("user", name="bob")

    with pytest.raises(Refused, match="another name in Quay") as raised:
        await client.rights.give_default(QUIET, "read", "Bob")

    assert raised.value.reason is Reason.INVALID_SPEC
    assert quay.admin("grants", name="acme+ci")["prototypes"] == []
    assert (await client.rights.give_default(QUIET, "read", "bob")).creator == "bob"
