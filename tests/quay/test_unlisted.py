"""Are rights read robot by robot where the list of all with their rights cannot be had?"""

from __future__ import annotations

import itertools

import pytest

from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.world import Present, Unlooked
from quayrobot.quay import transport
from quayrobot.quay.client import QuayClient
from quayrobot.quay.grants import Asked, GrantsCache
from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay

from .test_client import ACME, CI, calling

CD = RobotName(ACME, "cd")
TEAMS = ["organization.get", *["member.list"] * 3]
ALONE = ["robot.permissions", *TEAMS, "prototype.list"]
# Smaller than the list of robots with their rights below, larger than every other answer.
CAP = 4000
LIST = r"robot\.list"
# Enough for all else on a machine that pauses for a second.
PATIENCE_S = 2.0
TOO_LONG_S = 6.0


@pytest.fixture
def shop(quay: FakeQuay) -> FakeQuay:
    """Return a Quay with two robots, one of them in a team, with rights on many repositories."""
    state = quay.double.state
    state.repositories.clear()
    for robot in (CI, CD):
        quay.admin("robot", name=robot.full, token=robot_token())
    quay.admin("team", org="acme", name="devs", role="creator", members=[CI.full, "mary"])
    quay.admin("team", org="acme", name="ops", members=[CD.full])
    quay.admin("repository", namespace="acme", name="app")
    quay.admin("grant", repository="acme/app", user=CI.full, role="write")
    return quay


def cache_of(client: QuayClient) -> GrantsCache:
    clock = itertools.count()
    return GrantsCache(lambda: client.rights, clock=lambda: float(next(clock)))


def beside_list(shop: FakeQuay, since: int) -> list[str]:
    """Return what was asked; the list that is too slow is noted when it is done, if ever."""
    return [each for each in shop.operations(since) if each != "robot.list"]


def spoil(shop: FakeQuay, how: str, monkeypatch: pytest.MonkeyPatch, *, count: int = 1) -> None:
    """Have the list with rights fail *count* times."""
    match how:
        case "too slow":
            shop.admin("fault", operation=LIST, kind="delay", delay_s=TOO_LONG_S, count=count)
        case "too slow for a load balancer":
            shop.admin("fault", operation=LIST, kind="page", status=504, count=count)
        case "too large":
            monkeypatch.setattr(transport, "BODY_CAP", CAP)
            for number in range(40):
                name = f"{number:03}-{'x' * 100}"
                shop.admin("robot", name="acme+much", token=robot_token())
                shop.admin("repository", namespace="acme", name=name)
                shop.admin("grant", repository=f"acme/{name}", user="acme+much", role="read")
        case "refused":
            body = '{"robots": [{"name": "acme+ci", "created": "now", "description": ""}]}'
            shop.admin("fault", operation=LIST, status=200, body=body, count=count)


HOW = ["too slow", "too slow for a load balancer", "too large", "refused"]


@pytest.mark.parametrize("how", HOW)
async def test_one_robot_is_read_by_small_calls(
    shop: FakeQuay, secret: str, how: str, monkeypatch
):
    async with calling(shop, secret, timeout_s=PATIENCE_S) as client:
        cache = cache_of(client)
        spoil(shop, how, monkeypatch)
        mark = shop.mark()

        await cache.look(CI, ["app"], beyond=True, creators=True)

        assert beside_list(shop, mark) == ALONE
        view = cache.view(CI)
        assert isinstance(view, Present)
        assert view.value.repositories == {"app": "write"}
        assert view.value.teams == {"devs"}
        # Nothing is known of others: unknown is not absent.
        assert cache.view(CD) == Unlooked()

        # The list is not tried for each robot again, and what all share is read for all.
        mark = shop.mark()
        await cache.look(CD, [])
        assert beside_list(shop, mark) == ALONE
        view = cache.view(CD)
        assert isinstance(view, Present)
        assert view.value.teams == {"ops"}
        assert cache.view(CI) == Present(_of(cache, CI))


def _of(cache: GrantsCache, name: RobotName) -> object:
    view = cache.view(name)
    assert isinstance(view, Present)
    assert view.value.teams == {"devs"}
    return view.value


async def test_the_beat_tries_the_list_again_and_reads_each_where_it_fails(
    shop: FakeQuay, secret: str
):
    async with calling(shop, secret, timeout_s=PATIENCE_S) as client:
        cache, robots = cache_of(client), {each: Asked(frozenset({"app"})) for each in (CI, CD)}
        shop.admin("fault", operation=LIST, kind="delay", delay_s=TOO_LONG_S, count=1)
        mark = shop.mark()

        await cache.refresh_all(ACME, robots, defaults=True)
        alone = ["robot.permissions"] * 2
        assert beside_list(shop, mark) == [*alone, *TEAMS, "prototype.list"]

        mark = shop.mark()
        await cache.refresh_all(ACME, robots, defaults=True)
        assert shop.operations(mark) == ["robot.list", "prototype.list", "permission.list"]


@pytest.mark.parametrize(
    ("how", "kind"),
    [("too slow", TryLater), ("too slow for a load balancer", TryLater), ("refused", Refused)],
)
async def test_a_token_without_user_admin_is_told_what_it_lacks(
    shop: FakeQuay, how: str, kind: type[QuayRobotError], monkeypatch
):
    token = str(shop.admin("token", value=oauth_token(), scopes=["org:admin", "repo:admin"]))
    async with calling(shop, token, timeout_s=PATIENCE_S) as client:
        cache = cache_of(client)
        spoil(shop, how, monkeypatch)

        with pytest.raises(kind, match="user:admin beside org:admin") as raised:
            await cache.look(CI, ["app"])

        assert isinstance(raised.value, TryLater) == (kind is TryLater)
        # It is no state to stay in: the list may be had again, and then it is taken.
        await cache.look(CI, ["app"])
        assert isinstance(cache.view(CI), Present)


async def test_an_outage_is_told_as_one(shop: FakeQuay, secret: str):
    async with calling(shop, secret, timeout_s=PATIENCE_S) as client:
        cache = cache_of(client)
        shop.admin("fault", operation=".*", kind="page", status=504, count=-1)

        with pytest.raises(TryLater) as raised:
            await cache.look(CI, ["app"])

        assert raised.value.reason is Reason.QUAY_UNREACHABLE
        shop.admin("faults/clear")
        mark = shop.mark()
        await cache.look(CI, ["app"])
        assert shop.operations(mark)[0] == "robot.list"


async def test_a_users_robots_have_no_teams_to_read(shop: FakeQuay):
    bob = OwnerName("user", "bob")
    robot = RobotName(bob, "ci")
    token = str(shop.admin("token", value=oauth_token(), user="bob"))
    shop.admin("robot", name=robot.full, token=robot_token())
    async with calling(shop, token, timeout_s=PATIENCE_S) as client:
        cache = cache_of(client)
        shop.admin("fault", operation=LIST, kind="delay", delay_s=TOO_LONG_S, count=1)
        mark = shop.mark()

        await cache.look(robot, [])

        assert beside_list(shop, mark) == ["robot.permissions"]
