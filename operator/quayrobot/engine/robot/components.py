"""Which part of a resource is an action about?"""

from __future__ import annotations

from typing import get_args

from ...model.actions import (
    Action,
    Component,
    CreateSecret,
    DeleteSecret,
    Exchange,
    GiveRole,
    GrantChange,
    LinkAccount,
    LookAtFederation,
    LookAtGrants,
    LookAtHosts,
    LookAtRoles,
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

__all__ = ["component_of"]


def component_of(action: Action, scene: Scene) -> Component:
    """Return the part that *action*, decided in *scene*, is about."""
    if scene.me.terminating:
        return Component.DELETION
    # About the other of two robots: the active one works.
    if getattr(action, "robot", None) not in {None, scene.robot_name}:
        return Component.ROTATION
    if isinstance(action, GiveRole) and action.inherited:
        return Component.ROTATION
    if isinstance(action, RehearseSecrets):
        return action.component
    return next((part for part, kinds in _PARTS if isinstance(action, kinds)), Component.ROBOT)


_PARTS: tuple[tuple[Component, tuple[type, ...]], ...] = (
    (Component.ROTATION, (RecordIntent, Regenerate, LookAtRoles)),
    (Component.SECRETS, (CreateSecret, ReplaceSecret, DeleteSecret, Exchange)),
    (Component.LINKS, (RecordLinks, LinkAccount)),
    (Component.FEDERATION, (LookAtHosts, LookAtFederation, RecordFederation, SetFederation)),
    (Component.GRANTS, (LookAtGrants, RecordGrants, *get_args(GrantChange))),
)
