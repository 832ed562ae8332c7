"""
How do two robots take turns, so that no login ever fails?

The intent is stored; the other robot is made with our marker, gets the same
rights and identities, then the Secrets carry its credential. The previous robot
stays until everybody had time to read them; a new request waits until it is
gone. Nothing is regenerated. What a crash leaves is told by the intent, by
what the Secrets name and by Quay, so that the next look goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...model.actions import (
    Action,
    AddFinalizer,
    Component,
    GiveRole,
    LookAtOwner,
    LookAtRobot,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordProgress,
)
from ...model.conditions import rfc3339
from ...model.durations import parse_duration
from ...model.errors import QuayRobotError, Reason, Refused
from ...model.names import other_slot
from ...model.resources.robot import RobotState
from ...model.resources.rotation import Intent, Retiring, Rotation, RotationState
from ...model.resources.slots import overlaps
from ...model.world import Absent, GrantsSeen, Missing, Present, RobotSeen, Unknown
from ..credentials.secrets import plan_secrets
from ..rights.by_quay import given_by_quay, looks_by_quay
from ..rights.federation import plan_federation
from ..rights.grants import known_grants, plan_grants, target_of
from ..robot.creation import connection_of, has_moved, plan_robot
from ..robot.deletion import robot_gone
from ..robot.proof import Foreign, NeedsLook, NeedsOwnerLook, Ours, Proof, prove
from ..robot.slots import (
    retiring_of,
    retiring_state,
    rotation_of,
    scene_of_next,
    scene_of_retiring,
)
from ..scene import Finding, Plan, Scene
from .rotation import active_token, check_place, due, request_of, rotated, round_up

__all__ = ["scenes_with_rights", "plan_retirement", "plan_overlap", "settled", "is_overlapping"]

# Nobody has rights on what is not there: the previous robot has them no more than the next.
_AS_BEFORE = {Reason.REPOSITORY_NOT_FOUND, Reason.TEAM_NOT_FOUND}
# About the active robot; it has all of these already.
_NOT_ITS = (AddFinalizer, RecordProgress, RecordGrants, RecordFederation)


def is_overlapping(scene: Scene) -> bool:
    """Return whether rotations of *scene* are turns, so that nothing is replaced in place."""
    intent = rotation_of(scene).intent
    return scene.other is not None and (
        overlaps(scene.spec) or (intent is not None and intent.slot is not None)
    )


def plan_overlap(scene: Scene) -> Plan:
    """Return the next step about the other robot; what it cannot do holds up nothing else."""
    if scene.other is None:
        return Plan()
    try:
        return _plan(scene)
    except QuayRobotError as error:
        return Plan(findings=(Finding(Component.ROTATION, error),))


def plan_retirement(scene: Scene) -> tuple[Action, ...]:
    """
    Return the end of a robot that was replaced, where the resource itself is held up.

    Its credential was to be dead by now, and what is proven ours needs no rule to go.
    """
    retiring = retiring_of(scene)
    if retiring is None or scene.other is None or not _is_over(scene, retiring):
        return ()
    it = scene_of_retiring(scene, retiring)
    try:
        actions = robot_gone(it)
    except QuayRobotError:
        # What holds the resource up is told already.
        return ()
    if actions or _there(scene) is not None:
        return actions
    return (RecordIntent(rotation_of(scene).model_copy(update={"retiring": None})),)


def scenes_with_rights(scene: Scene) -> tuple[Scene, ...]:
    """Return a scene for each robot whose rights have to be as declared."""
    retiring = retiring_of(scene)
    if retiring is None or scene.other is None or _is_over(scene, retiring):
        return (scene,)
    it = scene_of_retiring(scene, retiring)
    return (scene, it) if isinstance(_proof(it), Ours) else (scene,)


def settled(scene: Scene, *, finished: bool) -> RotationState:
    """Return what the status says of rotations; *finished*: the Secrets carry the credential."""
    before = rotation_of(scene)
    state = rotated(scene, finished=finished)
    if scene.other is None:
        return state
    retiring = _retiring(scene)
    if before.intent is not None and state.intent is None and before.intent.slot is not None:
        retiring = retiring_state(scene, before.intent, _until(scene))
    return state.model_copy(
        update={"retiring": retiring, "next_at": _next_at(scene, state, retiring)}
    )


# The next step --------------------------------------------------------------------------


def _plan(scene: Scene) -> Plan:
    if has_moved(scene, connection_of(scene)):
        # It was found again by its marker: the other one is there too.
        return Plan((RecordProgress(_active_state(scene)),))
    retiring, intent = retiring_of(scene), rotation_of(scene).intent
    if retiring is not None:
        return _retire(scene, retiring)
    if intent is not None:
        return _go_on(scene, intent)
    return _begin(scene)


def _begin(scene: Scene) -> Plan:
    it = scene_of_next(scene)
    proof = _proof(it)
    if looks := _looks(it, proof):
        return Plan(looks)
    if isinstance(proof, Ours) or not overlaps(scene.spec):
        # One of ours that nobody knows of: the status is about to say so.
        return Plan()
    if isinstance(proof, Foreign):
        raise proof.error
    token = active_token(scene)
    intent = due(scene, token) if token is not None else None
    if intent is None:
        return Plan()
    if isinstance(it.robot, Unknown):
        raise it.robot.error
    check_place(scene)
    return Plan((_turn(scene, intent),))


def _go_on(scene: Scene, intent: Intent) -> Plan:
    if intent.slot == scene.slot:
        # The Secrets carry it; what is left is to say so.
        return Plan()
    token = active_token(scene)
    if token is None:
        return Plan()
    if not overlaps(scene.spec):
        return _in_place_after_all(scene, intent)
    if intent.slot is None:
        return Plan((_turn(scene, intent),)) if intent.digest == token.digest else Plan()
    return _succeed(scene)


def _turn(scene: Scene, intent: Intent) -> RecordIntent:
    robot = _active_state(scene)
    turn = {
        "slot": other_slot(scene.slot),
        "created_at": robot.created_at,
        "adopted": robot.adopted,
    }
    begun = intent.model_copy(update=turn)
    return RecordIntent(rotation_of(scene).model_copy(update={"intent": begun}))


def _in_place_after_all(scene: Scene, intent: Intent) -> Plan:
    """The strategy was changed before the Secrets were: what was begun goes."""
    if intent.slot is None:
        return Plan()
    half = scene.turned().robot_name
    retiring = Retiring(full_name=half.full, slot=intent.slot, until=rfc3339(scene.now))
    plain = Intent(cause=intent.cause, request=intent.request, digest=intent.digest)
    state = rotation_of(scene).model_copy(update={"intent": plain, "retiring": retiring})
    return Plan((RecordIntent(state),))


def _succeed(scene: Scene) -> Plan:
    """Make the next robot, give it what is declared, hand it over."""
    check_place(scene)
    next_one = scene_of_next(scene)
    actions = _about_it(next_one, plan_robot(next_one))
    if actions:
        return Plan(actions)
    if looks := looks_by_quay(scene):
        return Plan(looks)
    next_one = replace(next_one, inherited=given_by_quay(scene))
    plans = (plan_grants(next_one), plan_federation(next_one))
    actions = _about_it(next_one, tuple(each for plan in plans for each in plan.actions))
    if actions:
        return Plan(actions)
    for finding in (each for plan in plans for each in plan.findings):
        if finding.error.reason not in _AS_BEFORE:
            raise finding.error
    return _hand_over(next_one)


def _hand_over(next_one: Scene) -> Plan:
    assert isinstance(next_one.robot, Present)
    seen = next_one.robot.value
    if seen.token is None:
        msg = (
            f"Quay does not show the token of {seen.full_name} to this connection: that needs "
            "an administrator, and with an OAuth token the scope org:admin (user:admin for user "
            "robots)"
        )
        raise Refused(Reason.INSUFFICIENT_SCOPE, msg)
    if seen.token.dropped:
        return Plan((LookAtRobot(next_one.robot_name),))
    secrets = plan_secrets(next_one, seen.token, connection_of(next_one).registry_hosts)
    if secrets.actions or secrets.findings:
        return secrets
    # There is no Secret that could name it.
    return Plan((RecordProgress(_state(next_one, seen, adopted=False)),))


def _retire(scene: Scene, retiring: Retiring) -> Plan:
    it = scene_of_retiring(scene, retiring)
    if _is_over(scene, retiring):
        return Plan(_inherit(scene, it) or robot_gone(it))
    if isinstance(it.robot, Missing):
        return Plan((LookAtRobot(it.robot_name),))
    match _proof(it):
        case NeedsLook():
            return Plan((LookAtRobot(it.robot_name),))
        case Ours():
            plans = (plan_grants(it), plan_federation(it))
            actions = tuple(each for plan in plans for each in plan.actions)
            return Plan(actions, tuple(each for plan in plans for each in plan.findings))
        case _:
            return Plan()


def _inherit(scene: Scene, it: Scene) -> tuple[Action, ...]:
    """
    What has to be done before the robot that was replaced goes: it may have made repositories.

    Defaults are both robots' alike; only the creator's role is the one's alone.
    """
    declares = scene.spec.permissions is not None and scene.spec.permissions.teams
    if not (declares and isinstance(_proof(it), Ours)) or isinstance(it.roles, Unknown):
        return ()
    if looks := looks_by_quay(it):
        return looks
    known = known_grants(scene) or GrantsSeen()
    lacking = {name for name, role in given_by_quay(it).items() if role == "admin"}
    lacking -= {name for name, role in known.repositories.items() if role == "admin"}
    given = (GiveRole(scene.robot_name, name, "admin", inherited=True) for name in sorted(lacking))
    return tuple(each for each in given if not _went_meanwhile(scene, each))


def _went_meanwhile(scene: Scene, given: GiveRole) -> bool:
    """
    Tell whether there is nothing left to inherit.

    Raises:
        QuayRobotError: Quay refuses it for another reason: the previous robot has to stay.
    """
    refusal = scene.grant_refusals.get(target_of(given))
    if refusal is not None and refusal.reason not in _AS_BEFORE:
        raise refusal
    return refusal is not None


def _about_it(it: Scene, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """*actions* without what the active robot has seen to; an owner is asked for by robot."""
    kept = (each for each in actions if not isinstance(each, _NOT_ITS))
    return tuple(
        replace(each, robot=it.robot_name) if isinstance(each, LookAtOwner) else each
        for each in kept
    )


# Whose the other one is -----------------------------------------------------------------


def _proof(it: Scene) -> Proof | None:
    return prove(it, it.robot.value, None) if isinstance(it.robot, Present) else None


def _looks(it: Scene, proof: Proof | None) -> tuple[Action, ...]:
    """Return the look that tells whose *it* is; none when that is known."""
    if isinstance(proof, NeedsLook):
        return (LookAtRobot(it.robot_name),)
    if isinstance(proof, NeedsOwnerLook):
        assert isinstance(it.robot, Present)
        assert it.robot.value.marker is not None
        marker = it.robot.value.marker
        owner = (marker.kind, marker.namespace, marker.name)
        return (LookAtOwner(*owner, robot=it.robot_name),)
    return ()


# What is said afterwards ----------------------------------------------------------------


def _retiring(scene: Scene) -> Retiring | None:
    """The robot that was replaced, or one of ours that nobody knew of; None when it is gone."""
    known = retiring_of(scene)
    if known is not None:
        return _there(scene)
    it, intent = scene_of_next(scene), rotation_of(scene).intent
    if intent is not None or not isinstance(_proof(it), Ours):
        return None
    assert isinstance(it.robot, Present)
    seen = it.robot.value
    return Retiring(
        full_name=seen.full_name,
        slot=other_slot(scene.slot),
        until=_until(scene),
        created_at=seen.created,
        digest=seen.token.digest if seen.token else None,
    )


def _there(scene: Scene) -> Retiring | None:
    """The robot that was replaced, for as long as it may be there and be ours."""
    known = retiring_of(scene)
    if known is None:
        return None
    it = scene_of_retiring(scene, known)
    proof = _proof(it)
    if isinstance(it.robot, Absent) or isinstance(proof, Foreign | NeedsOwnerLook):
        return None
    if not (isinstance(it.robot, Present) and isinstance(proof, Ours)):
        return known
    # It may have been created again, or got another token, since that was noted.
    seen = it.robot.value
    token = {"digest": seen.token.digest} if seen.token else {}
    return known.model_copy(update={"created_at": seen.created, "adopted": proof.adopted, **token})


def _until(scene: Scene) -> str:
    overlap = parse_duration((scene.spec.rotation or Rotation()).overlap)
    return rfc3339(round_up(scene.now + overlap))


def _next_at(scene: Scene, state: RotationState, retiring: Retiring | None) -> str | None:
    """What is due, by age or by request, waits until the previous robot is gone."""
    waits_for = retiring or retiring_of(scene)
    if waits_for is None or not overlaps(scene.spec):
        return state.next_at
    if state.intent is None and state.last_trigger != request_of(scene):
        return waits_for.until
    return max(state.next_at, waits_for.until) if state.next_at else None


def _is_over(scene: Scene, retiring: Retiring) -> bool:
    try:
        return datetime.fromisoformat(retiring.until) <= scene.now
    except (ValueError, TypeError):
        return True


def _active_state(scene: Scene) -> RobotState:
    assert isinstance(scene.robot, Present)
    known = scene.status.robot
    adopted = known is not None and known.adopted and known.slot == scene.slot
    return _state(scene, scene.robot.value, adopted=adopted)


def _state(scene: Scene, seen: RobotSeen, *, adopted: bool) -> RobotState:
    known = scene.status.robot
    same = known is not None and known.slot == scene.slot
    return RobotState(
        full_name=seen.full_name,
        created_at=seen.created,
        adopted=adopted,
        last_used_on=seen.last_used_on,
        slot=scene.slot,
        metadata_digest=known.metadata_digest if known is not None and same else None,
    )
