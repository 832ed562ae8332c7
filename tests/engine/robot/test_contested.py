"""Whose losses are counted together?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.cache.contests import Contests
from quayrobot.engine.robot.contested import note_losses, note_write
from quayrobot.model.actions import CreateSecret, LinkAccount, SecretWanted
from quayrobot.model.world import Absent, AccountSeen, NamespaceSeen, Present, SecretSeen
from quayrobot.plan.scene import Scene
from tests.plan.scenes import fresh, me

LINK = LinkAccount("shop", "builder", frozenset({("imagePullSecrets", "ci")}), frozenset())
WANTED = SecretWanted(
    namespace="shop",
    name="ci",
    type="Opaque",
    data={},
    labels={},
    annotations={},
    owner_kind="ClusterQuayRobot",
    owner_name="ci",
    owner_uid="u1",
    controlled=True,
)
MADE = SecretSeen("shop", "ci", "s", "1", "Opaque", "u1", {}, {}, {})


class NoReader:
    """Nobody is named."""

    async def managers(self, *_: object) -> dict[str, str]:
        return {}


def times_until_it_waits(scenes: list[Scene], after: Any, action: Any) -> int:
    """Lose what *action* makes right in each of *scenes*; return how many are made right."""
    contests = Contests(clock=lambda: 0.0)
    context = cast("Any", SimpleNamespace(contests=contests, resources=NoReader()))
    for number, scene in enumerate(scenes):
        if asyncio.run(note_losses(context, [action], scene)).contested:
            return number
        note_write(context, action, scene, after(scene))
    return len(scenes)


def account(uid: str) -> AccountSeen:
    return AccountSeen(namespace="shop", name="builder", uid=uid, version="1", links={})


@pytest.mark.parametrize(("uids", "times"), [(["a"] * 9, 3), (list("abcdefghi"), 9)])
def test_a_service_account_that_is_created_again_has_lost_nothing(uids: list[str], times: int):
    scenes = [fresh(accounts={"builder": Present(account(uid))}) for uid in uids]

    def linked(scene: Scene) -> Scene:
        seen = scene.accounts["builder"]
        assert isinstance(seen, Present)
        there = replace(seen.value, links={"imagePullSecrets": ("ci",)})
        return replace(scene, accounts={"builder": Present(there)})

    assert times_until_it_waits(scenes, linked, LINK) == times


@pytest.mark.parametrize(("uids", "times"), [(["a"] * 9, 3), (list("abcdefghi"), 9)])
def test_nor_has_a_copy_whose_namespace_is_created_again(uids: list[str], times: int):
    shared = me(kind="ClusterQuayRobot", namespace="")
    places = [NamespaceSeen("shop", uid=uid) for uid in uids]
    scenes = [fresh(me=shared, namespace=each, secrets={"ci": Absent()}) for each in places]

    def made(scene: Scene) -> Scene:
        return scene.with_secret("ci", Present(MADE))

    assert times_until_it_waits(scenes, made, CreateSecret(WANTED)) == times
