"""
Given one observation, which actions are safe next?

The entry point of this package. The engine observes, calls `decide`, carries out the
actions, and observes again. An empty plan without findings means that everything is up to date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..model.actions import (
    Action,
    Component,
    CreateSecret,
    DeleteSecret,
    LookAtRobot,
    ReplaceSecret,
)
from ..model.errors import Denied, Failed, QuayRobotError, Reason, Refused, TryLater
from ..model.resources.robot import is_keyless, secrets_of
from ..model.world import Absent, Present, Unknown
from .credentials.keyless import check_audiences, plan_password, still_works
from .credentials.links import plan_links
from .credentials.secrets import plan_secrets, secrets_intact
from .rights.federation import plan_federation
from .rights.grants import plan_grants
from .robot.creation import connection_of, plan_robot
from .robot.deletion import plan_deletion
from .robot.slots import active_first
from .rotation.overlap import is_overlapping, plan_overlap, plan_retirement
from .rotation.rotation import is_asked, plan_rotation
from .rotation.schedule import check_window
from .scene import Finding, Plan, Scene

__all__ = ["decide", "stands", "unlooked", "without"]

_RIGHTS = {Component.GRANTS, Component.FEDERATION}


def decide(scene: Scene) -> Plan:
    """Return the next actions for *scene*, or what stands in their way."""
    scene = active_first(scene)
    if scene.me.terminating:
        return plan_deletion(scene)

    if scene.spec.suspend:
        return Plan()

    try:
        return _plan(scene)
    except QuayRobotError as error:
        return _cannot(scene, error)


def stands(scene: Scene, error: QuayRobotError) -> bool:
    """Return whether the stored status stands although a look at Quay ended in *error*."""
    return isinstance(error, TryLater | Denied) and _nothing_due(scene)


def unlooked(scene: Scene, error: QuayRobotError) -> Finding | None:
    """
    Return what is said of a resource in sync that cannot be looked at for *error*.

    Nothing (None) where it has nothing to do; who asked for another credential is told
    that it has to wait. The one that is there goes on to work, so that it is still Ready.
    """
    if not is_asked(scene):
        return None
    late = error if isinstance(error, TryLater) else TryLater(error.reason, error.message)
    return Finding(Component.ROTATION, late)


def without(scene: Scene, action: Action, part: Component, error: QuayRobotError | None) -> Scene:
    """
    Return *scene* in which *action* of *part*, which failed with *error*, is not tried again.

    An *error* that is None is no news.
    """
    name = _written_name(action)
    # Those that carry a password get it together, or it would be asked for again and again.
    alone = name in secrets_of(scene.me.name, scene.spec) and not is_keyless(scene.spec)
    if alone and name is not None and error is not None:
        return replace(scene, unwritten={**scene.unwritten, name: error})
    return replace(scene, stopped={**scene.stopped, part: error})


def _written_name(action: Action) -> str | None:
    if isinstance(action, CreateSecret | ReplaceSecret):
        return action.wanted.name
    return action.name if isinstance(action, DeleteSecret) else None


def _plan(scene: Scene) -> Plan:
    check_window(scene.spec.rotation, scene.now)
    check_audiences(scene)
    actions = plan_robot(scene)
    if actions:
        return Plan(actions)
    return _plan_keyless(scene) if is_keyless(scene.spec) else _plan_static(scene)


def _plan_static(scene: Scene) -> Plan:
    # The token first: it must have a place before anything else is done with the robot.
    secrets = _unless_stopped(scene, Component.SECRETS, _plan_secrets)
    if secrets.actions:
        return secrets
    federation = _unless_stopped(scene, Component.FEDERATION, plan_federation)
    return _plan_rest(scene, secrets, federation)


def _plan_keyless(scene: Scene) -> Plan:
    # The identity first: without it Quay exchanges nothing.
    federation = _unless_stopped(scene, Component.FEDERATION, plan_federation)
    if federation.actions:
        return federation
    stop = federation.findings[0].error if federation.findings else None
    secrets = _unless_stopped(scene, Component.SECRETS, partial(plan_password, held_up=stop))
    return secrets if secrets.actions else _plan_rest(scene, secrets, federation)


def _plan_rest(scene: Scene, secrets: Plan, federation: Plan) -> Plan:
    grants = _unless_stopped(scene, Component.GRANTS, plan_grants)
    links = _unless_stopped(scene, Component.LINKS, plan_links)
    found = _joined(secrets, grants, federation, links)
    # What is there is put right before it is replaced: that may be put off for long.
    return found if found.actions else _joined(found, _plan_rotation(scene))


def _unless_stopped(scene: Scene, part: Component, plan: Callable[[Scene], Plan]) -> Plan:
    """What failed in this pass is not tried again in it, and holds up no other part."""
    return _stop(scene, part) if part in scene.stopped else plan(scene)


def _stop(scene: Scene, part: Component) -> Plan:
    error = scene.stopped[part]
    return Plan() if error is None else Plan(findings=(Finding(part, error),))


def _plan_rotation(scene: Scene) -> Plan:
    """A credential that cannot be replaced now is still good: the rest goes on."""
    if Component.ROTATION in scene.stopped:
        return _stop(scene, Component.ROTATION)
    if scene.unwritten or Component.SECRETS in scene.stopped:
        # A new credential would have no place.
        return Plan()
    in_place = _plan_in_place(scene)
    if in_place.actions or _RIGHTS & scene.stopped.keys():
        # The next robot of two would not get the same rights.
        return in_place
    # Of a keyless robot one that took turns with it before may still have to go.
    return _joined(in_place, plan_overlap(scene))


def _plan_in_place(scene: Scene) -> Plan:
    # The robot's own token goes on to live while a Secret may still carry it.
    too_early = is_keyless(scene.spec) and not still_works(scene)
    if is_overlapping(scene) or too_early:
        return Plan()
    try:
        return Plan(plan_rotation(scene))
    except QuayRobotError as error:
        return Plan(findings=(Finding(Component.ROTATION, error),))


def _joined(*plans: Plan) -> Plan:
    """The plans in their order; what one cannot do does not hold up the others."""
    return Plan(
        tuple(action for plan in plans for action in plan.actions),
        tuple(finding for plan in plans for finding in plan.findings),
    )


def _plan_secrets(scene: Scene) -> Plan:
    assert isinstance(scene.robot, Present)
    token = scene.robot.value.token
    if token is None:
        msg = (
            f"Quay does not show the token of {scene.robot_name.full} to this connection: that "
            "needs an administrator, and with an OAuth token the scope org:admin (user:admin for "
            "user robots)"
        )
        raise Refused(Reason.INSUFFICIENT_SCOPE, msg)
    if token.dropped:
        return Plan((LookAtRobot(scene.robot_name),))
    return plan_secrets(scene, token, connection_of(scene).registry_hosts)


def _cannot(scene: Scene, error: QuayRobotError) -> Plan:
    """An outage is no news for a resource that has nothing due: its status stands."""
    if _is_outage(scene, error) and _nothing_due(scene):
        waits = unlooked(scene, error)
        return Plan(quiet=True) if waits is None else Plan(findings=(waits,))
    may_leave = isinstance(error, Refused) and Component.ROTATION not in scene.stopped
    if may_leave and (leaving := plan_retirement(scene)):
        return Plan(leaving)
    return Plan(findings=(Finding(Component.ROBOT, error),))


def _is_outage(scene: Scene, error: QuayRobotError) -> bool:
    # Refused answers count as an outage only where they come from a failed look, or one that
    # hides the token: the robot itself has nothing to do with the connection's rights.
    robot = scene.robot
    if isinstance(error, Failed) and scene.unlisted:
        # No list shows it, and Quay fails to: nobody can log in as it.
        return False
    looked = isinstance(robot, Unknown) and robot.error is error
    looked = looked or (isinstance(robot, Present) and robot.value.token is None)
    lost_rights = error.reason in {Reason.INSUFFICIENT_SCOPE, Reason.CONNECTION_NOT_READY}
    return isinstance(error, TryLater | Denied) or (
        lost_rights and (looked or scene.connection is error)
    )


def _nothing_due(scene: Scene) -> bool:
    if isinstance(scene.robot, Absent):
        return False
    status = scene.status
    ready = any(each.type == "Ready" and each.status == "True" for each in status.conditions)
    done = status.observed_generation == scene.me.generation
    intact = still_works(scene) if is_keyless(scene.spec) else secrets_intact(scene)
    return ready and done and status.holds and intact
