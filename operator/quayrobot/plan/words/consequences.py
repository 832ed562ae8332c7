"""What does an error mean for a condition, and which of several is told?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ...model.actions import Component
from ...model.conditions import Condition, ConditionType, Status
from ...model.errors import (
    Contested,
    Denied,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from ...model.resources.robot import suspend_field
from ..scene import Finding, Scene

__all__ = [
    "consequence",
    "deleting",
    "failed",
    "first_of",
    "kept",
    "only_late",
    "patience",
    "put_off",
    "suspended",
    "up_to_date",
    "with_links",
    "works_anyway",
]

NAMED = 10
C = ConditionType
_PARTS = (C.ROBOT_READY, C.GRANTS_READY, C.FEDERATION_READY, C.SECRETS_READY)
_TAKEN = {Reason.ROBOT_EXISTS, Reason.FOREIGN_OWNER, Reason.ALREADY_CLAIMED}
_NOT_OURS = {*_TAKEN, Reason.CONNECTION_MOVED, Reason.ROBOT_NOT_FOUND}
# Who keeps the finalizer on, or a ServiceAccount as it is, keeps no robot in Quay.
_OF_THE_CLUSTER = {Reason.ADMISSION_DENIED, Reason.CLUSTER_REFUSED, Reason.CLUSTER_UNAVAILABLE}
_MISSING = {Reason.REPOSITORY_NOT_FOUND, Reason.TEAM_NOT_FOUND}


def consequence(scene: Scene, error: QuayRobotError) -> Condition:
    """Return what *error* means for who waits: goes on by itself, or needs somebody."""
    lasts = isinstance(error, InvalidSpec | Refused | Denied) and not scene.waits_until(error)
    kind = ConditionType.STALLED if lasts else ConditionType.RECONCILING
    return Condition(type=kind, status="True", reason=error.reason, message=error.message)


def up_to_date(kind: ConditionType, message: str) -> Condition:
    """Return the condition *kind* of a part that is up to date."""
    return Condition(type=kind, status="True", reason=Reason.RECONCILED, message=message)


def deleting(findings: tuple[Finding, ...]) -> list[Condition]:
    """Return the conditions of a resource that is being deleted, and what prevents it."""
    reason, message = Reason.DELETING, "being deleted"
    if findings:
        error, reason = findings[0].error, Reason.DELETION_BLOCKED
        here = error.reason in _OF_THE_CLUSTER
        what = "the resource cannot be let go" if here else "the robot cannot be deleted"
        message = f"{what} yet ({error.reason}): {error.message}"
        if not (here or isinstance(error, TryLater)):
            message += "; deletionPolicy: Orphan lets the resource go and leaves the robot in Quay"
    return [Condition(type=ConditionType.READY, status="False", reason=reason, message=message)]


def failed(kind: ConditionType, error: QuayRobotError) -> Condition:
    """Return the condition of a part that is not up to date, because of *error*."""
    return Condition(type=kind, status="False", reason=error.reason, message=error.message)


def kept(
    conditions: Iterable[Condition], kind: ConditionType, held_up: QuayRobotError
) -> list[Condition]:
    """
    Return what is said of a part while the robot is *held_up*: what was, as long as it may hold.

    Where the robot is not the resource's any more, nothing is known of what belongs to it.
    """
    known = [each for each in conditions if each.type == kind]
    if held_up.reason not in _NOT_OURS:
        return known
    words = "not known: see RobotReady"
    return [
        Condition(type=kind, status="Unknown", reason=held_up.reason, message=words) for _ in known
    ]


def only_late(scene: Scene, error: QuayRobotError) -> bool:
    """
    Tell whether *error*, of a rotation, leaves the credential of *scene* as good as it was.

    What was begun and is refused changed nothing. What cannot begin, and a second name that
    is somebody else's, is the spec's own trouble.
    """
    state = scene.status.rotation
    begun = state is not None and state.intent is not None and error.reason not in _TAKEN
    return isinstance(error, TryLater) or (begun and isinstance(error, Refused | Denied))


def put_off(error: QuayRobotError) -> Condition:
    """Return what is said of a rotation that *error* delays: Stalled would be no Ready."""
    return Condition(
        type=ConditionType.RECONCILING, status="True", reason=error.reason, message=error.message
    )


def works_anyway(error: QuayRobotError) -> bool:
    """Return whether the credential can be used in spite of *error*."""
    return isinstance(error, Contested) and error.usable


def patience(scene: Scene, error: QuayRobotError) -> int:
    """How long *error* can wait to be told, where there are several."""
    return 2 if works_anyway(error) else int(scene.waits_until(error) is not None)


def first_of(scene: Scene, findings: Iterable[Finding]) -> dict[Component, QuayRobotError]:
    """
    Return what is told of each component: what needs somebody now before what may still come.

    Of repositories and teams that are not there all are named, not the first alone.
    """
    told = sorted(findings, key=lambda each: patience(scene, each.error))
    by_part = {each.component: each.error for each in reversed(told)}
    first = by_part.get(Component.GRANTS)
    if first is not None and first.reason in _MISSING:
        words = [each.error.message for each in told if each.error.reason in _MISSING]
        more = [f"and {len(words) - NAMED} more"] if len(words) > NAMED else []
        by_part[Component.GRANTS] = Refused(first.reason, "; ".join(words[:NAMED] + more))
    return by_part


def with_links(
    scene: Scene, stops: Mapping[Component, QuayRobotError]
) -> dict[Component, QuayRobotError]:
    """Return *stops* with what is told of links as told of Secrets: one condition is for both."""
    told = dict(stops)
    told.pop(Component.LINKS, None)
    both = [stops[part] for part in (Component.SECRETS, Component.LINKS) if part in stops]
    if both:
        told[Component.SECRETS] = min(both, key=lambda each: patience(scene, each))
    return told


def suspended(scene: Scene) -> list[Condition]:
    """Return what was said when it was suspended, save for a password that ends all the same."""
    words = f"suspended: nothing is written until {suspend_field(scene.me.kind)} is false"
    known = {each.type: each for each in scene.status.conditions}
    ready: Status = "True" if C.READY in known and known[C.READY].status == "True" else "False"
    parts = {kind: known[kind] for kind in _PARTS if kind in known}
    ends = scene.status.credential.expires_at if scene.status.credential else None
    if ends is not None:
        words += f"; the password works until {ends}"
    if ends is not None and datetime.fromisoformat(ends) <= scene.now:
        ready = "False"
        parts[C.SECRETS_READY] = _paused(C.SECRETS_READY, ready, words)
    return [_paused(C.READY, ready, words), *parts.values()]


def _paused(kind: ConditionType, status: Status, words: str) -> Condition:
    return Condition(type=kind, status=status, reason=Reason.SUSPENDED, message=words)
