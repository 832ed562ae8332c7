"""Does every plan come to an end, whatever is seen at its start?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.resources.robot import secrets_of
from quayrobot.model.world import Present, Unlooked
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.words.status import status_after, worth_writing
from tests.kit.examples import examples

from .answering import Rights, World
from .oracle import has_our_mark
from .scenes import MARKER, TOKEN, got
from .worlds import (
    rights_of,
    scenes,
)

many = examples(50)


@many
@given(
    scenes(ending=False),
    st.sampled_from([None, got(), got(None), got(MARKER, token=TOKEN)]),
    st.booleans(),
    rights_of,
)
def test_every_plan_comes_to_an_end_and_then_to_rest(scene, robot, lives, seen):
    world = World(robot, owner_lives=lives, rights=Rights.of(seen))
    first_look = replace(scene, robot=Unlooked(), grants=Unlooked())
    last, plan = world.follow(first_look)

    assert world.writes.count("CreateRobot") <= 1
    assert "DeleteRobot" not in world.writes
    if plan.findings or plan.quiet or last.spec.suspend:
        return
    assert isinstance(last.robot, Present)
    assert set(secrets_of("ci", last.spec)) <= set(last.secrets)
    for name in secrets_of("ci", last.spec):
        assert isinstance(last.secrets[name], Present), name
        noted = last.secrets[name].value.annotations
        assert noted["quayrobot.io/credential-digest"] == last.robot.value.token.digest
    # Then the process starts again: a list, and not one write.
    told = status_after(last, (), adopted=ownership(last))
    awake = replace(
        last, status=told, robot=Unlooked(), list_due=True, owner_lives=None, create_refusal=None,
        grants=Unlooked(),
    )  # fmt: skip
    rested, _ = world.follow(awake)
    assert world.writes == []
    assert not worth_writing(told, status_after(rested, (), adopted=ownership(rested)))


@many
@given(scenes(ending=True), st.sampled_from([None, got(), got(None)]))
def test_every_deletion_ends_with_the_robot_gone_or_not_ours_or_blocked(scene, robot):
    world = World(robot)
    _, plan = world.follow(replace(scene, robot=Unlooked(), deleted=False, awaited=False))

    if "RemoveFinalizer" in world.writes and scene.spec.deletion_policy == "Delete":
        mine = world.robot is not None and has_our_mark(world.robot)
        assert not mine
    else:
        assert plan.findings or not scene.me.guarded or "RemoveFinalizer" in world.writes
