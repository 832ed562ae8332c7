"""Which part of a resource is an action about, and under which word is it logged?"""

from __future__ import annotations

from typing import get_args

from ...model.actions import (
    Action,
    Component,
    CreateSecret,
    DeleteSecret,
    Exchange,
    GrantChange,
    LinkAccount,
    LookAtFederation,
    LookAtGrants,
    LookAtHosts,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    Regenerate,
    RehearseSecrets,
    ReplaceSecret,
    SetFederation,
)
from ...plan.scene import Scene

__all__ = ["component_of", "log_word"]


def component_of(action: Action, scene: Scene) -> Component:
    """Return the part that *action*, decided in *scene*, is about."""
    if scene.me.terminating:
        return Component.DELETION
    # About the other of two robots: the active one works.
    if getattr(action, "robot", None) not in {None, scene.robot_name}:
        return Component.ROTATION
    if isinstance(action, RehearseSecrets):
        return action.component
    return next((part for part, kinds in _PARTS if isinstance(action, kinds)), Component.ROBOT)


_PARTS: tuple[tuple[Component, tuple[type, ...]], ...] = (
    (Component.ROTATION, (RecordIntent, Regenerate)),
    (
        Component.SECRETS,
        (CreateSecret, ReplaceSecret, DeleteSecret, Exchange, RecordLinks, LinkAccount),
    ),
    (Component.FEDERATION, (LookAtHosts, LookAtFederation, RecordFederation, SetFederation)),
    (Component.GRANTS, (LookAtGrants, RecordGrants, *get_args(GrantChange))),
)


_WORDS = {
    "CreateRobot": "robot.created",
    "DeleteRobot": "robot.deleted",
    "CreateSecret": "secret.created",
    "ReplaceSecret": "secret.replaced",
    "DeleteSecret": "secret.deleted",
    "AddFinalizer": "finalizer.added",
    "RemoveFinalizer": "finalizer.removed",
    "Regenerate": "robot.regenerated",
    "Exchange": "token.exchanged",
    "GiveRole": "grant.given",
    "JoinTeam": "grant.given",
    "GiveDefault": "grant.given",
    "ChangeDefault": "grant.given",
    "TakeRole": "grant.taken",
    "LeaveTeam": "grant.taken",
    "TakeDefault": "grant.taken",
    "SetFederation": "federation.set",
    "LinkAccount": "serviceaccount.linked",
    "GuardConnection": "connection.guarded",
}


def log_word(action: Action) -> str | None:
    """Return the word under which *action* is logged, None where it is not."""
    return _WORDS.get(type(action).__name__)
