"""Is nobody let go, where many go at once, before it is proven that the robot is gone?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from quayrobot.model.actions import ListRobots, LookAtRobot
from quayrobot.model.world import Unlooked
from quayrobot.plan.decide import decide
from tests.kit.examples import examples

from .answering import World
from .oracle import has_our_mark
from .scenes import got
from .worlds import same_quay, scenes

many = examples(100)


@many
@given(
    scenes(ending=True),
    st.sampled_from([None, got(), got(), got(None)]),
    st.booleans(),
    st.booleans(),
)
def test_nobody_in_a_crowd_goes_before_a_list_or_a_look_proved_it(scene, robot, keeps, vouched):
    world = World(robot, crowd=True, keeps=keeps)
    first = replace(
        scene, robot=Unlooked(), deleted=False, awaited=False, in_crowd=True,
        spec=scene.spec.model_copy(update={"deletion_policy": "Delete"}),
    )  # fmt: skip
    last, plan = world.follow(first)

    sent = "DeleteRobot" in world.writes
    assert last.awaited == sent
    if sent:
        # Until the list is there it is silent, whatever else wakes it.
        assert plan.quiet
        assert "RemoveFinalizer" not in world.writes
        last, plan = world.follow(world.after_the_list(last, vouched=vouched))
        assert "DeleteRobot" not in world.writes
        # Elsewhere than where it was made even absence proves nothing.
        gone = not keeps and same_quay(scene)
        assert ("RemoveFinalizer" in world.writes) == gone
        assert bool(plan.findings) == (not gone)
    let_go = scene.me.guarded and not last.me.guarded
    assert not (let_go and world.robot is not None and has_our_mark(world.robot))


@many
@given(scenes(ending=True), st.booleans())
def test_who_dies_while_a_list_is_awaited_looks_for_itself(scene, keeps):
    world = World(got(), crowd=True, keeps=keeps)
    kept = scene.spec.model_copy(update={"deletion_policy": "Delete"})
    first = replace(scene, robot=Unlooked(), deleted=False, awaited=False, spec=kept)
    last, _ = world.follow(first)
    assume(last.awaited)

    # Memory is lost, and with it what was answered.
    again = replace(last, robot=Unlooked(), deleted=False, awaited=False)
    (action, *_) = decide(again).actions

    assert isinstance(action, LookAtRobot | ListRobots)
    after, _ = World(world.robot, keeps=keeps).follow(again)
    assert after.me.guarded == (keeps or not same_quay(scene))
