"""Which repair of a QuayRobot waits for its turn?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.cache.contests import Contests, Spot
from quayrobot.engine.cluster_robot.contested import has_to_wait, note_left, note_written
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.model.errors import Contested
from quayrobot.model.members import CreateMember, MemberSeen, MemberWanted, ReplaceMember

SPEC = {"organization": "acme", "description": "ours"}
WANTED = MemberWanted("shop", "pull", SPEC, {}, {}, "pull", "u1")
SEEN = MemberSeen("shop", "pull", "m1", "7", "u1", {**SPEC, "description": "theirs"}, {}, {})
RECORD = cast("Any", SimpleNamespace(
    uid="u1", generation=1, key=ResourceKey("ClusterQuayRobot", "", "pull")
))  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "waits"),
    [
        pytest.param(SEEN, True, id="what others set back"),
        pytest.param(replace(SEEN, labels={"x": "y"}, our_labels=frozenset("x")), False,
                     id="that and something else"),
        pytest.param(replace(SEEN, spec=SPEC, controller_uid=None), False, id="its controller"),
    ],
)  # fmt: skip
def test_only_what_others_set_back_waits(seen, waits):
    contests = Contests(clock=lambda: 0.0)
    spot, field = Spot("u1", 1, "shop", "QuayRobot/pull"), {"spec.description": '"ours"'}
    for _ in range(3):
        contests.wrote(spot, field, {})
        contests.met(spot, field, sure=False)
    context = cast("Any", SimpleNamespace(contests=contests))

    action = ReplaceMember(WANTED, seen)

    found = asyncio.run(has_to_wait(context, RECORD, action, was_as_wanted=False))
    assert found is waits


class NoReader:
    """Nobody is named where the QuayRobot is not there."""

    async def managers(self, *_: object) -> dict[str, str]:
        return {}


def create(context: Any) -> None:
    """Create the QuayRobot, if it is its turn."""
    action = CreateMember(WANTED)
    assert not asyncio.run(has_to_wait(context, RECORD, action, was_as_wanted=False))
    meta = {"namespace": "shop", "name": "pull", "uid": "m1", "resourceVersion": "7"}
    owner = {"controller": True, "kind": "ClusterQuayRobot", "uid": "u1"}
    body = {"metadata": {**meta, "ownerReferences": [owner]}, "spec": SPEC}
    note_written(context, RECORD, action, body)


def test_what_somebody_deletes_each_time_is_made_again_three_times_and_then_waits():
    now = [0.0]
    contests = Contests(clock=lambda: now[0])
    context = cast("Any", SimpleNamespace(contests=contests, resources=NoReader()))
    for _ in range(3):
        create(context)

    for _ in range(2):
        # However often it is looked at.
        with pytest.raises(Contested, match="keeps changing the QuayRobot itself"):
            create(context)
    now[0] = 61.0
    create(context)


def test_a_namespace_that_leaves_and_comes_again_loses_nothing():
    contests = Contests(clock=lambda: 0.0)
    context = cast("Any", SimpleNamespace(contests=contests, resources=NoReader()))
    for _ in range(9):
        create(context)
        note_left(context, RECORD, "shop")
