"""
Which log line reports what an action changed?

The line is written after the change, and only if there was one: an action that Quay
refused, or whose outcome is not known, is not logged here.
"""

from __future__ import annotations

import structlog

from ...model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    Exchange,
    GiveDefault,
    GiveRole,
    GuardConnection,
    JoinTeam,
    LeaveTeam,
    LinkAccount,
    RecordProgress,
    Regenerate,
    RemoveFinalizer,
    ReplaceSecret,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ...model.world import Present
from ...plan.rights.grants import target_of
from ...plan.scene import Scene

__all__ = ["log_effect"]

Fields = dict[str, object]
EFFECTS = {
    CreateRobot: "robot.created",
    DeleteRobot: "robot.deleted",
    Regenerate: "robot.regenerated",
    RecordProgress: "robot.adopted",
    Exchange: "token.exchanged",
    SetFederation: "federation.set",
    CreateSecret: "secret.created",
    ReplaceSecret: "secret.replaced",
    DeleteSecret: "secret.deleted",
    GiveRole: "grant.given",
    JoinTeam: "grant.given",
    GiveDefault: "grant.given",
    ChangeDefault: "grant.given",
    TakeRole: "grant.taken",
    LeaveTeam: "grant.taken",
    TakeDefault: "grant.taken",
    LinkAccount: "serviceaccount.linked",
    AddFinalizer: "finalizer.added",
    RemoveFinalizer: "finalizer.removed",
    GuardConnection: "connection.guarded",
}

log = structlog.get_logger(__name__)


def log_effect(action: Action, after: Scene, who: dict[str, str]) -> None:
    """Say what *action* did for the resource *who*, if it did; *after* is the scene then."""
    event = EFFECTS.get(type(action))
    if event is not None and _happened(action, after.towards(getattr(action, "robot", None))):
        log.info(event, **who, **_fields(action))


def _happened(action: Action, after: Scene) -> bool:
    match action:
        case CreateRobot() | Regenerate():
            return isinstance(after.robot, Present)
        case RecordProgress(state):
            return state.adopted
        case Exchange():
            return isinstance(after.exchange, Present)
        case SetFederation():
            return isinstance(after.federation, Present)
        case (
            GiveRole()
            | TakeRole()
            | JoinTeam()
            | LeaveTeam()
            | GiveDefault()
            | ChangeDefault()
            | TakeDefault()
        ):
            return target_of(action) not in after.grant_refusals
        case _:
            return True


def _fields(action: Action) -> Fields:
    robot = getattr(action, "robot", None)
    named: Fields = {"robot": robot.full} if robot is not None else {}
    return {**named, **_of_grant(action), **_of_cluster(action)}


def _of_grant(action: Action) -> Fields:
    match action:
        case GiveRole(_, repository, role):
            return {"repository": repository, "role": role}
        case TakeRole(_, repository):
            return {"repository": repository}
        case JoinTeam(_, team) | LeaveTeam(_, team):
            return {"team": team}
        case _:
            return _of_default(action)


def _of_default(action: Action) -> Fields:
    match action:
        case GiveDefault(_, role, creator):
            return {"default": role, "creator": creator}
        case ChangeDefault(_, seen, role):
            return {"default": role, "creator": seen.creator}
        case TakeDefault(_, seen):
            return {"default": seen.role, "creator": seen.creator}
        case _:
            return {}


def _of_cluster(action: Action) -> Fields:
    match action:
        case RecordProgress(state):
            return {"robot": state.full_name}
        case CreateSecret(wanted) | ReplaceSecret(wanted):
            return {"secret": wanted.name}
        case DeleteSecret(name=name):
            return {"secret": name}
        case Exchange(account=account):
            return {"serviceaccount": account}
        case LinkAccount(name=name):
            return {"serviceaccount": name}
        case _:
            return {}
