"""
Does the credential have to be replaced?

Once per request: what is wanted, and the digest of the credential before, are
stored first; then Quay is asked; then the Secrets follow, from Quay's own
answer. A live credential that differs from the stored one means that it
already happened, whatever crashed in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.actions import (
    Action,
    Component,
    CreateSecret,
    RecordIntent,
    Regenerate,
    ReplaceSecret,
)
from ...model.conditions import rfc3339
from ...model.errors import Contested, Reason, TryLater
from ...model.resources.robot import is_keyless
from ...model.resources.rotation import Intent, Rotation, RotationState, digests_in, request_text
from ...model.secrecy import Token, digest_of
from ...model.world import ConnectionSeen, Present
from ..credentials.keyless import owes_switch, still_works, was_renewed
from ..credentials.rehearsal import rehearse
from ..credentials.secrets import check_names, issued_at, plan_secrets
from ..robot.slots import rotation_of
from ..scene import Scene
from .schedule import next_rotation

__all__ = [
    "carried",
    "check_place",
    "due",
    "is_asked",
    "plan_rotation",
    "request_of",
    "rotated",
    "active_token",
    "round_up",
]


def plan_rotation(scene: Scene) -> tuple[Action, ...]:
    """
    Return the next step of a rotation; none where none is due.

    Raises:
        InvalidSpec: The window cannot be one.
        QuayRobotError: The new credential would have no place to rest.
    """
    token = active_token(scene)
    if token is None:
        return ()
    state = rotation_of(scene)
    if state.intent is not None:
        if state.intent.digest != token.digest:
            return ()
        check_place(scene)
        return (*_rehearsed(scene), Regenerate(scene.robot_name))

    intent = due(scene, token)
    if intent is None:
        return ()
    check_place(scene)
    return (
        *_rehearsed(scene),
        RecordIntent(state.model_copy(update={"intent": intent})),
        Regenerate(scene.robot_name),
    )


def _rehearsed(scene: Scene) -> tuple[Action, ...]:
    """Before the token dies its successor has to have a place, by the API server's own word."""
    if not isinstance(scene.connection, ConnectionSeen):
        return ()
    return rehearse(scene, scene.connection.registry_hosts, Component.ROTATION)


def request_of(scene: Scene) -> str:
    """
    Return digests of what was asked last, by spec and by annotation.

    What was taken away counts as still there: only a new value is a request.
    """
    asked = (_rotation(scene).trigger, scene.me.rotate)
    state = scene.status.rotation
    before = digests_in(state.last_trigger if state else None)
    return request_text(
        *(
            was if value is None else digest_of(value)
            for value, was in zip(asked, before, strict=True)
        )
    )


def is_asked(scene: Scene) -> bool:
    """Return whether spec or annotation ask for a rotation that is not the last one."""
    state = scene.status.rotation
    last = state.last_trigger if state is not None else None
    return last is not None and last != request_of(scene)


def rotated(scene: Scene, *, finished: bool) -> RotationState:
    """Return what the status says of rotations; *finished*: the Secrets carry the credential."""
    state = rotation_of(scene)
    changes: dict[str, object] = {}
    token = active_token(scene)
    intent = state.intent
    if state.last_trigger is None:
        # A new or restored object does not rotate because its status is empty.
        changes["last_trigger"] = request_of(scene)
    happened = intent is not None and token is not None and _happened(scene, intent, token)
    if intent is not None and happened and finished and was_renewed(scene):
        changes |= {"intent": None, "last_at": rfc3339(scene.now)}
        if intent.cause == "Request":
            changes["last_trigger"] = intent.request
    if token is not None:
        moment = _next(scene, token)
        changes["next_at"] = rfc3339(round_up(moment)) if moment else None
    return state.model_copy(update=changes)


def carried(scene: Scene) -> bool:
    """
    Tell whether every wanted Secret carries the credential, so that a rotation is over.

    A ServiceAccount that is to name one may yet be missing: the next request does not wait for it.
    """
    if is_keyless(scene.spec):
        return still_works(scene)
    token = active_token(scene)
    if token is None or not isinstance(scene.connection, ConnectionSeen):
        return False
    plan = plan_secrets(scene, token, scene.connection.registry_hosts)
    writes = (each for each in plan.actions if isinstance(each, CreateSecret | ReplaceSecret))
    errors = (each.error for each in plan.findings)
    usable = all(isinstance(each, Contested) and each.usable for each in errors)
    return usable and not any(writes)


def _happened(scene: Scene, intent: Intent, token: Token) -> bool:
    if intent.slot is not None:
        # Two robots take turns: the Secrets carry the new one's credential.
        return intent.slot == scene.slot
    return token.digest != intent.digest


def _rotation(scene: Scene) -> Rotation:
    return scene.spec.rotation or Rotation()


def active_token(scene: Scene) -> Token | None:
    """Return the active robot's token, None where it is not shown."""
    return scene.robot.value.token if isinstance(scene.robot, Present) else None


def due(scene: Scene, token: Token) -> Intent | None:
    """Return the rotation that is due, None where none is."""
    request = request_of(scene)
    if is_asked(scene):
        return Intent(cause="Request", request=request, digest=token.digest)
    if owes_switch(scene):
        return Intent(cause="Switch", request=request, digest=token.digest)
    moment = _next(scene, token)
    if moment is not None and moment <= scene.now:
        return Intent(cause="Interval", request=rfc3339(moment), digest=token.digest)
    return None


def _next(scene: Scene, token: Token) -> datetime | None:
    issued = datetime.fromisoformat(issued_at(scene, token))
    return next_rotation(_rotation(scene), issued=issued, now=scene.now, uid=scene.me.uid)


def round_up(moment: datetime) -> datetime:
    """Return the whole second after: what is shown must not be before the real moment."""
    return moment + timedelta(seconds=1) if moment.microsecond else moment


def check_place(scene: Scene) -> None:
    """
    Raise if a new credential would have no place to be stored.

    Raises:
        QuayRobotError: A Secret's name is not ours, or the namespace is going.
    """
    check_names(scene)
    if scene.namespace.terminating:
        msg = "the namespace is being deleted; nothing is rotated in it"
        raise TryLater(Reason.NAMESPACE_TERMINATING, msg)
