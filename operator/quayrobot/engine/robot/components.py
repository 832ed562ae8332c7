"""Which part is an action about, do the others go on when it fails, and which failure counts?"""

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
from ...model.errors import Conflict, Denied, QuayRobotError, Reason, TryLater
from ...plan.scene import Finding, Scene

__all__ = ["component_of", "goes_on", "most_urgent"]


# One of these that cannot be put right holds up no other.
INDEPENDENT = {
    Component.SECRETS,
    Component.LINKS,
    Component.GRANTS,
    Component.FEDERATION,
    Component.ROTATION,
}


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


def goes_on(scene: Scene, finding: Finding) -> bool:
    """Return whether the other parts have their turn although an action of one failed."""
    # A write that came too late is looked at again first, and a refused token serves nobody.
    ends = (
        isinstance(finding.error, Conflict | Denied) or finding.error.reason is Reason.NOT_LEADER
    )
    return not ends and finding.component in INDEPENDENT and finding.component not in scene.stopped


def most_urgent(findings: tuple[Finding, ...]) -> QuayRobotError:
    """What may work later is tried again sooner than what needs somebody."""
    errors = [each.error for each in findings]
    return next((each for each in errors if isinstance(each, TryLater)), errors[0])
