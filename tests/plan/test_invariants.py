"""Do the safety rules hold in every scene that can be thought of?"""

from __future__ import annotations

from collections import Counter
from copy import copy
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from hypothesis import assume, given

from quayrobot.model.actions import (
    AddFinalizer,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    GuardConnection,
    LinkAccount,
    ListRobots,
    LookAtGrants,
    LookAtOrganization,
    LookAtOwner,
    LookAtRobot,
    LookAtUser,
    RecordGrants,
    RecordLinks,
    RecordProgress,
    RemoveFinalizer,
    ReplaceSecret,
)
from quayrobot.model.errors import QuayRobotError
from quayrobot.model.names import FINALIZER
from quayrobot.model.resources.robot import secrets_of
from quayrobot.model.world import Absent, Missing, Present, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after
from tests.kit.canary import scan
from tests.kit.examples import examples
from tests.kit.statuslint import lint, lint_transition

from .answering import QUAY_WRITES, RIGHTS_WRITES, SECRET_WRITES, World
from .oracle import carries_out, proven_ours, secret_is_ours
from .scenes import fresh, rival, status, words
from .worlds import (
    ANYTHING,
    RAW,
    errors_of,
    failed_looks,
    robots,
    same_quay,
    scene_of,
    scenes,
)

many = examples(50)


# Unknown is not Absent (S8) ----------------------------------------------------


@many
@given(scenes(), failed_looks)
def test_unknown_is_never_followed_by_a_write(scene, look):
    scene = replace(scene, robot=look)

    assert not carries_out(scene, (*QUAY_WRITES, *SECRET_WRITES))


@many
@given(scenes(ending=False))
def test_a_robot_is_made_only_where_it_is_absent_or_never_was(scene):
    if not carries_out(scene, CreateRobot):
        return

    never_was = not (scene.status.holds or scene.me.guarded or scene.create_refusal)
    assert isinstance(scene.robot, Absent) or (
        isinstance(scene.robot, Unlooked | Missing) and never_was
    )
    assert scene.spec.creation_policy != "Adopt"
    assert scene.create_refusal is None
    assert same_quay(scene)


@many
@given(scenes(ending=False))
def test_a_robot_is_made_only_where_every_secret_has_a_place(scene):
    if not carries_out(scene, CreateRobot):
        return

    for name in secrets_of("ci", scene.spec):
        seen = scene.secrets[name]
        assert isinstance(seen, Absent | Present)
        assert isinstance(seen, Absent) or secret_is_ours(scene, seen.value)


# The finalizer (S6, S7) ----------------------------------------------------------


@many
@given(scenes())
def test_nothing_is_made_before_the_finalizer_holds_resource_and_connection(scene):
    actions = decide(scene).actions
    for place, action in enumerate(actions):
        if isinstance(action, CreateRobot | CreateSecret | ReplaceSecret):
            before = actions[:place]
            assert scene.me.guarded or any(isinstance(each, AddFinalizer) for each in before)
            if isinstance(action, CreateRobot):
                assert scene.status.connection is not None or any(map(_notes_place, before))
                assert scene.connection.guarded or GuardConnection() in before


def _notes_place(action):
    noted = isinstance(action, AddFinalizer) and action.noting is not None
    return noted or isinstance(action, RecordProgress)


@many
@given(scenes())
def test_the_finalizer_goes_only_on_proof(scene):
    if not carries_out(scene, RemoveFinalizer):
        return

    assert scene.me.terminating
    assert scene.me.guarded
    if scene.spec.deletion_policy == "Orphan":
        return
    assert same_quay(scene)
    assert not scene.awaited
    gone = isinstance(scene.robot, Absent)
    theirs = isinstance(scene.robot, Present) and not proven_ours(scene)
    no_organization = isinstance(scene.robot, Unknown) and scene.organization_exists is False
    assert gone or theirs or no_organization


@many
@given(scenes(ending=True), robots)
def test_a_robot_without_metadata_is_never_called_foreign(scene, robot):
    scene = replace(scene, robot=Present(replace(robot, metadata=None)))
    kept = scene.spec.model_copy(update={"deletion_policy": "Delete"})

    assert not carries_out(replace(scene, spec=kept), RemoveFinalizer)


# Foreign robots (S1, S3) ----------------------------------------------------------


@many
@given(scenes())
def test_only_a_robot_proven_ours_is_deleted(scene):
    if not carries_out(scene, DeleteRobot):
        return

    assert scene.me.terminating
    assert scene.me.guarded
    assert not scene.deleted
    assert isinstance(scene.robot, Present)
    assert proven_ours(scene)


@many
@given(scenes(ending=True))
def test_orphan_never_deletes(scene):
    orphan = replace(scene, spec=scene.spec.model_copy(update={"deletion_policy": "Orphan"}))

    done = [each for each in words(decide(orphan)) if each != "LinkAccount"]
    assert done in ([], ["RemoveFinalizer"])


@many
@given(scenes(ending=True))
def test_a_terminating_resource_writes_nothing_else(scene):
    assert set(words(decide(scene))) <= {
        "ListRobots",
        "LookAtRobot",
        "LookAtOrganization",
        "LookAtUser",
        "DeleteRobot",
        "LinkAccount",
        "RemoveFinalizer",
    }


@many
@given(scenes(ending=False), robots)
def test_a_foreign_robot_is_never_written_and_its_token_never_stored(scene, robot):
    scene = replace(scene, robot=Present(robot), rules=(ANYTHING,))
    assume(not proven_ours(scene))

    assert not carries_out(scene, (*QUAY_WRITES, *SECRET_WRITES, AddFinalizer))


@many
@given(scenes(ending=False))
def test_a_live_resource_is_never_deleted_in_quay_nor_let_go(scene):
    assert not carries_out(scene, (DeleteRobot, RemoveFinalizer))


@many
@given(scenes(ending=False))
def test_who_lost_the_claim_writes_nothing(scene):
    late = replace(scene.me, guarded=False)
    lost = replace(scene, me=late, rivals=(rival(holds=True),), status=status(robot=None))

    assert words(decide(lost)) == []


@many
@given(scenes(ending=False))
def test_whom_the_rules_do_not_let_in_writes_nothing(scene):
    assert words(decide(replace(scene, rules=()))) == []


# Secrets (S2) ---------------------------------------------------------------------


@many
@given(scenes())
def test_a_secret_that_is_not_ours_is_in_no_write(scene):
    spare = {each.name: each for each in scene.spare_secrets}
    dropped = set()
    for action in decide(scene).actions:
        if isinstance(action, CreateSecret):
            seen = scene.secrets[action.wanted.name]
            assert isinstance(seen, Absent) or action.wanted.name in dropped
        elif isinstance(action, ReplaceSecret):
            seen = scene.secrets[action.wanted.name].value
            assert secret_is_ours(scene, seen)
            assert (action.uid, action.version) == (seen.uid, seen.version)
            assert (seen.type, seen.name) == (action.wanted.type, action.wanted.name)
        elif isinstance(action, DeleteSecret):
            wanted = scene.secrets.get(action.name)
            seen = wanted.value if isinstance(wanted, Present) else spare[action.name]
            assert secret_is_ours(scene, seen)
            assert (action.uid, action.version) == (seen.uid, seen.version)
            dropped.add(action.name)


@many
@given(scenes(ending=False))
def test_a_secret_carries_only_the_token_of_the_robot_that_was_seen(scene):
    for action in decide(scene).actions:
        if isinstance(action, CreateSecret | ReplaceSecret):
            noted = action.wanted.annotations["quayrobot.io/credential-digest"]

            assert noted == scene.robot.value.token.digest


# Order, silence, secrecy ------------------------------------------------------------


@many
@given(scenes())
def test_deciding_twice_gives_one_answer(scene):
    first, second = decide(scene), decide(copy(scene))

    assert first.actions == second.actions
    assert errors_of(first.findings) == errors_of(second.findings)
    assert first.quiet == second.quiet


@many
@given(scenes(ending=False))
def test_suspended_means_no_action(scene):
    paused = replace(scene, spec=scene.spec.model_copy(update={"suspend": True}))

    assert (decide(paused).actions, decide(paused).findings) == ((), ())


@many
@given(scenes())
def test_quiet_means_ready_before_and_nothing_done(scene):
    plan = decide(scene)
    if plan.quiet and scene.awaited:
        assert (plan.actions, plan.findings) == ((), ())
        assert scene.me.terminating
        assert scene.spec.deletion_policy == "Delete"
    elif plan.quiet:
        assert (plan.actions, plan.findings) == ((), ())
        assert scene.status.holds
        assert scene.status.observed_generation == scene.me.generation
        assert any(c.type == "Ready" and c.status == "True" for c in scene.status.conditions)


@many
@given(scenes())
def test_no_plan_shows_a_token_or_a_rivals_name(scene):
    plan = decide(scene)

    assert scan(repr(plan)) == []
    for finding in plan.findings:
        assert isinstance(finding.error, QuayRobotError)
        assert "bakery" not in finding.error.message
        assert "cluster-2" not in finding.error.message


@many
@given(scenes())
def test_every_status_keeps_the_rules_of_the_field(scene):
    plan = decide(scene)
    if plan.quiet:
        return  # the stored status stands
    adopted = None if plan.actions else ownership(scene)
    after = status_after(scene, plan.findings, adopted=adopted)
    before, later = body_of(scene, scene.status), body_of(scene, after)

    assert lint(later) == []
    assert lint_transition(before, later) == []


def body_of(scene, said) -> dict:
    return {
        "kind": "QuayRobot",
        "metadata": {"name": "ci", "generation": scene.me.generation, "finalizers": [FINALIZER]}
        | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if scene.me.terminating else {}),
        "spec": {"suspend": scene.spec.suspend},
        "status": said.model_dump(by_alias=True, exclude_none=True, mode="json"),
    }


# In breadth -------------------------------------------------------------------------------


@cache
def crowd(*, ending: bool | None = None) -> list[Scene]:
    """Return many scenes, the same ones each time."""
    dice = Random(0)
    return [scene_of(dice.randbytes(RAW), ending=ending) for _ in range(1500)]


@pytest.mark.parametrize(
    ("rule", "ending"),
    [
        (test_a_robot_is_made_only_where_it_is_absent_or_never_was, False),
        (test_nothing_is_made_before_the_finalizer_holds_resource_and_connection, False),
        (test_the_finalizer_goes_only_on_proof, True),
        (test_only_a_robot_proven_ours_is_deleted, True),
        (test_a_terminating_resource_writes_nothing_else, True),
        (test_a_live_resource_is_never_deleted_in_quay_nor_let_go, False),
        (test_a_robot_is_made_only_where_every_secret_has_a_place, False),
        (test_a_secret_that_is_not_ours_is_in_no_write, False),
        (test_a_secret_carries_only_the_token_of_the_robot_that_was_seen, False),
        (test_quiet_means_ready_before_and_nothing_done, False),
        (test_quiet_means_ready_before_and_nothing_done, True),
        (test_every_status_keeps_the_rules_of_the_field, None),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)).removeprefix("test_"),
)
def test_it_also_holds_in_a_crowd(rule, ending):
    for scene in crowd(ending=ending):
        rule.hypothesis.inner_test(scene)


# What the crowd is made for; a new action comes with scenes of its own.
MET = (
    ListRobots,
    LookAtRobot,
    LookAtOrganization,
    LookAtUser,
    LookAtOwner,
    RecordProgress,
    GuardConnection,
    AddFinalizer,
    RemoveFinalizer,
    CreateRobot,
    DeleteRobot,
    CreateSecret,
    ReplaceSecret,
    DeleteSecret,
    LookAtGrants,
    RecordGrants,
    *RIGHTS_WRITES,
    RecordLinks,
    LinkAccount,
)


def test_the_crowd_meets_every_action_and_most_reasons():
    plans = [decide(scene) for ending in (False, True) for scene in crowd(ending=ending)]
    done = Counter(type(action) for plan in plans for action in plan.actions)
    said = Counter(finding.error.reason for plan in plans for finding in plan.findings)

    assert {kind: done[kind] for kind in MET if done[kind] < 4} == {}
    assert len(said) >= 12
    assert sum(plan.quiet for plan in plans) >= 5


def test_a_fresh_resource_comes_to_rest_in_two_steps():
    world = World(None)
    world.follow(fresh())

    assert world.writes == [
        "RehearseSecrets", "AddFinalizer", "CreateRobot", "CreateSecret",
    ]  # fmt: skip
