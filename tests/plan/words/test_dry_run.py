"""Is what is foretold what then happens?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import Action, CreateRobot, Look, LookAtHosts
from quayrobot.model.resources.rotation import RotationState
from quayrobot.model.world import GrantsSeen, Missing, Present
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Look as Look_
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.dry_run import depends_on_quay, simulate
from quayrobot.plan.words.explain import Place, explain
from tests.kit.examples import examples

from ..answering import World
from ..rights.test_grants_followed import look, permissions, rights
from ..scenes import TOKEN, fresh, got, held, me, rule, spec, status
from ..worlds import scenes

many = examples(80)
robots = st.sampled_from([None, got(), got(None)])


def foretold(scene: Scene, world: World) -> tuple[list[Action], bool]:
    """Return the writes that are foretold, with real looks at *world*, and whether that is all."""
    writes: list[Action] = []
    for _ in range(20):
        plan = decide(scene)
        if not plan.actions:
            return writes, True
        for action in plan.actions:
            if isinstance(action, Look):
                early = not isinstance(action, LookAtHosts)
                if early and any(depends_on_quay(each) for each in writes):
                    return writes, False
                scene = world.carry_out(action, scene)
                continue
            writes.append(action)
            after = simulate(action, scene)
            if after is None:
                return writes, False
            scene = after
    raise AssertionError("no end")


def names(writes: list[Action]) -> list[str]:
    return [type(each).__name__ for each in writes]


@many
@given(scenes(), robots)
def test_what_is_foretold_is_what_happens_as_far_as_quay_lets_it(scene, robot):
    world = World(robot)
    told, _ = foretold(scene, world)
    # A robot that is there although nobody saw it stops the making of it.
    made = next((n for n, each in enumerate(told) if isinstance(each, CreateRobot)), None)
    sure = told if made is None or robot is None else told[: made + 1]

    world.follow(scene)

    assert world.writes[: len(sure)] == names(sure)


@many
@given(permissions(), rights())
def test_rights_are_foretold_to_the_end(wanted, there):
    scene = look(wanted)
    world = World(scene.robot.value, rights=there)
    told, all_of_it = foretold(scene, world)

    world.follow(scene)

    assert all_of_it
    assert names(told) == world.writes


def test_a_new_robot_is_foretold_down_to_its_last_right():
    wanted = spec(
        permissions={"repositories": [{"name": "app", "role": "read"}], "teams": ["devs"]},
        federation={"identities": [{"issuer": "https://ci.example", "subject": "job"}]},
    )
    scene = fresh(spec=wanted, rules=(rule(federation=True, teams=["*"]),))

    told, all_of_it = foretold(scene, World(None))

    assert names(told) == [
        "RehearseSecrets", "RecordProgress", "AddFinalizer", "CreateRobot", "CreateSecret",
        "GiveRole", "JoinTeam", "SetFederation",
    ]  # fmt: skip
    assert all_of_it


def test_an_adoption_is_foretold_after_a_real_look():
    scene = fresh(
        spec=spec(creationPolicy="Adopt"), rules=(rule(adoption=True, robotNames=["*"]),)
    )

    told, all_of_it = foretold(scene, World(got(None)))

    assert names(told) == ["RecordProgress", "AddFinalizer", "CreateSecret"]
    assert all_of_it


def test_a_rotation_is_foretold_with_its_secrets():
    wanted = spec(rotation={"trigger": "two"})
    before = status(rotation=RotationState(last_trigger="sha256:1 -"))
    scene = held(spec=wanted, status=before, me=me(guarded=True))

    told, all_of_it = foretold(scene, World(scene.robot.value))

    assert names(told) == ["RehearseSecrets", "RecordIntent", "Regenerate", "ReplaceSecret"]
    assert all_of_it


def test_a_deletion_is_foretold_to_its_release():
    scene = held(me=me(guarded=True, terminating=True))

    told, _ = foretold(scene, World(scene.robot.value))

    assert names(told)[0] == "DeleteRobot"
    assert names(told)[-1] == "RemoveFinalizer"


def test_what_is_as_asked_has_nothing_foretold():
    assert foretold(held(), World(None)) == ([], True)


@many
@given(scenes(), robots)
def test_every_write_has_words_and_none_shows_a_token(scene, robot):
    told, _ = foretold(scene, World(robot))
    words = [explain(each, scene) for each in told]

    assert all(each.what and each.place in Place for each in words)
    assert TOKEN.reveal() not in str(words)


def test_an_overlapping_rotation_is_foretold_up_to_the_switch():
    wanted = spec(
        permissions={}, rotation={"trigger": "two", "strategy": "Overlap", "overlap": "1h"}
    )
    state = RotationState(last_trigger="sha256:1 -")
    ready = held(
        spec=wanted,
        status=status(rotation=state),
        me=me(guarded=True),
        grants=Present(GrantsSeen()),
    )

    told, _ = foretold(replace(ready, other=Look_(robot=Missing())), World(None))

    assert "CreateRobot" in names(told)
    assert "ReplaceSecret" in names(told)[names(told).index("CreateRobot") :]
    assert "DeleteRobot" not in names(told)
