"""What does a preview say, and what does it ask of Quay for that?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.connection.pool import LiveConnection
from quayrobot.engine.preview.robot import Preview, _unfold
from quayrobot.model.actions import CreateRobot, DeleteRobot
from quayrobot.model.errors import Reason
from quayrobot.plan.scene import Scene
from tests.engine.conftest import Clock
from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay

from ...plan.scenes import fresh, spec
from ..connection.test_pool import make

READS = {"repositories": [{"name": "app", "role": "read"}]}


@pytest.fixture(scope="module")
def one_quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = robot_token
        quay.admin("organization", name="acme")
        yield quay


@pytest.fixture
def quay(one_quay: FakeQuay) -> FakeQuay:
    one_quay.double.state.robots.clear()
    one_quay.double.state.repositories.clear()
    return one_quay


@pytest.fixture
async def live(quay: FakeQuay) -> AsyncIterator[LiveConnection]:
    made = make(quay, Clock(), str(quay.admin("token", value=oauth_token())))
    yield made
    await made.client.aclose()


async def unfold(live: LiveConnection, scene: Scene) -> Preview:
    # A look at Quay needs no API server.
    return await _unfold(cast("Any", SimpleNamespace(resources=None, hosts=None)), live, scene)


def steps(preview: Preview) -> list[type]:
    return [type(each.action) for each in preview.steps]


async def test_a_robot_that_is_not_there_is_created_and_nothing_is_written(quay, live):
    mark = quay.mark()

    preview = await unfold(live, fresh())

    assert CreateRobot in steps(preview)
    assert preview.findings == ()
    assert not [each for each in quay.calls(mark) if each.write]
    assert quay.operations(mark).count("robot.list") == 1


async def test_a_name_that_is_taken_is_told_before_anything_is_created(quay, live):
    quay.admin("robot", name="acme+ci", token=robot_token())

    preview = await unfold(live, fresh())

    assert steps(preview) == []
    assert [each.error.reason for each in preview.findings] == [Reason.ROBOT_EXISTS]


async def test_a_robot_that_may_be_adopted_is_no_new_one(quay, live):
    quay.admin("robot", name="acme+ci", token=robot_token())

    preview = await unfold(live, fresh(spec=spec(creationPolicy="CreateOrAdopt")))

    assert CreateRobot not in steps(preview)
    assert DeleteRobot not in steps(preview)


async def test_a_repository_that_is_not_there_is_told_beside_the_creation(quay, live):
    preview = await unfold(live, fresh(spec=spec(permissions=READS)))

    assert CreateRobot in steps(preview)
    assert Reason.REPOSITORY_NOT_FOUND in {each.error.reason for each in preview.findings}
