"""Are rights read by as few calls as can be, and by the other way where one is closed?"""

from __future__ import annotations

import asyncio
import itertools

import pytest

from quayrobot.model.errors import Refused
from quayrobot.model.names import RobotName
from quayrobot.model.world import GrantsSeen, Present, Unlooked
from quayrobot.quay.client import QuayClient
from quayrobot.quay.grants import Asked, GrantsCache
from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay

from .test_client import ACME, CI, calling

CD = RobotName(ACME, "cd")
LIST = ["robot.list", "prototype.list"]
NAMES = ("app", "lib", "tool")


@pytest.fixture
def shop(quay: FakeQuay) -> FakeQuay:
    """Return a Quay with two robots in a team and three repositories."""
    quay.double.state.repositories.clear()
    quay.admin("team", org="acme", name="devs", role="creator", members=[CI.full])
    for robot in (CI, CD):
        quay.admin("robot", name=robot.full, token=robot_token())
    for name in NAMES:
        quay.admin("repository", namespace="acme", name=name)
        quay.admin("grant", repository=f"acme/{name}", user=CI.full, role="read")
    quay.admin("grant", repository="acme/app", user=CD.full, role="write")
    return quay


def cache_of(client: QuayClient) -> GrantsCache:
    clock = itertools.count()
    return GrantsCache(lambda: client.rights, clock=lambda: float(next(clock)))


def seen(cache: GrantsCache, name: RobotName) -> GrantsSeen:
    view = cache.view(name)
    assert isinstance(view, Present)
    return view.value


async def test_the_roles_of_one_robot_are_one_call(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await cache.look(CI, NAMES)

    assert shop.operations(mark) == [*LIST, "robot.permissions"]
    assert seen(cache, CI).repositories == dict.fromkeys(NAMES, "read")


async def test_one_repository_is_asked_itself(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await cache.look(CD, ["app"])

    assert shop.operations(mark) == [*LIST, "permission.list"]
    assert seen(cache, CD).repositories == {"app": "write"}


async def test_without_user_admin_the_repositories_tell_the_same_and_it_is_tried_once(shop):
    token = str(shop.admin("token", value=oauth_token(), scopes=["org:admin", "repo:admin"]))
    async with calling(shop, token) as client:
        cache, mark = cache_of(client), shop.mark()

        await cache.look(CI, NAMES)
        lists = ["permission.list"] * 3
        assert shop.operations(mark) == [*LIST, "robot.permissions", *lists]
        assert seen(cache, CI).repositories == dict.fromkeys(NAMES, "read")

        mark = shop.mark()
        await cache.look(CI, NAMES)
        assert shop.operations(mark) == [*LIST, *lists]
        cache.forget_refusals()
        mark = shop.mark()
        await cache.look(CI, NAMES)
        assert "robot.permissions" in shop.operations(mark)


async def test_after_a_refusal_the_roles_of_one_robot_are_asked_for_again(shop, client):
    """It was not the scope that lacked, but for a while the right."""
    admin, cache = {"org": "acme", "team": "owners", "member": "admin"}, cache_of(client)
    asked = {CI: Asked(frozenset(NAMES))}
    shop.admin("team/member", absent=True, **admin)
    with pytest.raises(Refused):
        await cache.refresh_all(ACME, asked, defaults=True)
    assert cache.by_robot is False
    shop.admin("team/member", **admin)
    mark = shop.mark()

    await cache.refresh_all(ACME, asked, defaults=True)

    assert shop.operations(mark) == [*LIST, "robot.permissions"]
    assert seen(cache, CI).repositories == dict.fromkeys(NAMES, "read")


async def test_a_beat_reads_robots_or_repositories_whichever_are_fewer(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await cache.refresh_all(
        ACME, {CI: Asked(frozenset(NAMES)), CD: Asked(frozenset())}, defaults=True
    )
    assert shop.operations(mark) == [*LIST, "robot.permissions"]
    assert seen(cache, CI).repositories == dict.fromkeys(NAMES, "read")
    assert seen(cache, CD).repositories == {"app": None}

    both, mark = Asked(frozenset({"app"})), shop.mark()
    await cache.refresh_all(ACME, {CI: both, CD: both}, defaults=True)
    assert shop.operations(mark) == [*LIST, "permission.list"]
    assert seen(cache, CD).repositories == {"app": "write"}


async def test_what_is_beyond_the_declared_is_read_with_the_teams_that_may_create(shop, client):
    other = next(each for each in NAMES if each != "app")
    shop.admin("grant", repository=f"acme/{other}", user="acme+ci", role="admin")
    cache, mark = cache_of(client), shop.mark()

    await cache.look(CI, ["app"], beyond=True, creators=True)

    assert shop.operations(mark) == [*LIST, "robot.permissions", "organization.get"]
    known = seen(cache, CI)
    assert known.repositories == {**dict.fromkeys(NAMES, "read"), other: "admin"}
    assert known.creators == {"devs", "owners"}


async def test_teams_are_not_read_where_nothing_beyond_may_be_its_creators(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await cache.look(CI, ["app"], beyond=True, creators=True)

    assert shop.operations(mark) == [*LIST, "robot.permissions"]


async def test_nothing_beyond_the_declared_costs_nothing_more(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await cache.look(CD, ["app"], beyond=True, creators=True)

    assert shop.operations(mark) == [*LIST, "permission.list"]


async def test_the_roles_alone_are_one_call_and_the_teams_only_where_there_are_others(
    shop, client
):
    cache, mark = cache_of(client), shop.mark()

    assert await cache.roles_of(CI, NAMES, creators=True) == GrantsSeen(
        dict.fromkeys(NAMES, "read")
    )
    assert shop.operations(mark) == ["robot.permissions"]

    other = next(each for each in NAMES if each != "app")
    shop.admin("grant", repository=f"acme/{other}", user="acme+ci", role="admin")
    mark = shop.mark()
    found = await cache.roles_of(CI, ["app"], creators=True)
    assert shop.operations(mark) == ["robot.permissions", "organization.get"]
    assert found.creators == {"devs", "owners"}
    assert cache.view(CI) == Unlooked()


async def test_the_roles_alone_are_read_from_the_lists_where_the_token_may_not_ask(shop):
    token = str(shop.admin("token", value=oauth_token(), scopes=["org:admin", "repo:admin"]))
    shop.admin("grant", repository="acme/app", user="acme+cd", role="admin")
    async with calling(shop, token) as client:
        found = await cache_of(client).roles_of(CD, [], creators=True)

        assert found.repositories == {"app": "admin"}
        assert found.creators == {"devs", "owners"}


async def test_a_right_that_went_between_two_reads_is_gone(shop, client):
    cache = cache_of(client)
    shop.admin("fault", operation="permission.list", status=200, body='{"permissions": {}}')

    await cache.look(CD, ["app"])

    assert seen(cache, CD).repositories == {}


async def test_robots_of_which_nothing_is_known_share_one_list(shop, client):
    cache, mark = cache_of(client), shop.mark()

    await asyncio.gather(cache.look(CI, ["app"]), cache.look(CD, ["app"]))

    assert shop.operations(mark) == [*LIST, "permission.list"]
    assert seen(cache, CI).repositories["app"] == "read"
    assert seen(cache, CD).repositories["app"] == "write"


async def test_what_is_known_is_looked_at_anew(shop, client):
    cache = cache_of(client)
    await cache.look(CI, ["app"])
    mark = shop.mark()

    await asyncio.gather(cache.look(CI, ["app"]), cache.look(CD, ["app"]))

    assert shop.operations(mark).count("robot.list") == 2


async def test_a_list_that_began_before_is_not_believed_of_a_robot_that_was_forgotten(
    shop, client
):
    cache, mark = cache_of(client), shop.mark()
    looking = asyncio.create_task(cache.look(CD, ["app"]))
    while "robot.list" not in shop.operations(mark):  # noqa: ASYNC110 - the double tells nobody
        await asyncio.sleep(0)
    cache.forget(CI)
    await looking

    assert isinstance(cache.view(CI), Unlooked)
    await cache.look(CI, ["app"])
    assert seen(cache, CI).repositories["app"] == "read"


async def test_a_read_of_one_robot_that_began_before_is_not_believed_either(shop, client):
    cache, mark = cache_of(client), shop.mark()
    shop.admin("fault", operation="robot.list", status=504, kind="answer", count=-1)
    robots = {CI: Asked(frozenset({"app"})), CD: Asked(frozenset({"app"}))}
    reading = asyncio.create_task(cache.refresh_all(ACME, robots, defaults=False))
    while "robot.permissions" not in shop.operations(mark):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    cache.forget(CI)
    await reading

    assert isinstance(cache.view(CI), Unlooked)
    assert seen(cache, CD).repositories == {"app": "write"}
