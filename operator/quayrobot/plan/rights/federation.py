"""
Which outside identities does the robot lack, and which does it have too many?

Quay takes the whole list at once. What is about to be put there is stored
first, so that Additive knows what to take back. Which issuers a namespace may
name is decided by the connection's rules, before any call.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...model.actions import (
    Action,
    Component,
    LookAtFederation,
    LookAtHosts,
    RecordFederation,
    SetFederation,
)
from ...model.errors import QuayRobotError, Reason, TryLater
from ...model.resources.federation import Federation, IdentityState
from ...model.resources.robot import federation_of
from ...model.world import Present, Unknown
from ..scene import Finding, Plan, Scene
from .issuers import check_issuer_addresses, unresolved_hosts

__all__ = [
    "federation_finished",
    "identities_of",
    "intended_identities",
    "leaves_federation",
    "noted_identities",
    "plan_federation",
]


def identities_of(scene: Scene) -> tuple[IdentityState, ...]:
    """
    Return the identities that are declared, ServiceAccounts with this cluster's issuer.

    Raises:
        TryLater: The cluster's issuer is not known yet.
    """
    wanted = federation_of(scene.spec) or Federation()
    found = []
    for each in wanted.identities:
        if each.service_account is None:
            found.append(IdentityState(issuer=each.issuer or "", subject=each.subject or ""))
            continue
        if scene.issuer is None:
            msg = "the issuer of this cluster's ServiceAccount tokens cannot be read now"
            raise TryLater(Reason.CLUSTER_UNAVAILABLE, msg)
        subject = f"system:serviceaccount:{scene.me.namespace}:{each.service_account}"
        found.append(IdentityState(issuer=scene.issuer, subject=subject))
    return tuple(dict.fromkeys(found))


def intended_identities(scene: Scene) -> tuple[IdentityState, ...]:
    """Return the identities to record as added by us before a new robot gets all of them."""
    before = scene.status.federation or ()
    if federation_of(scene.spec) is None:
        return before
    try:
        return tuple(dict.fromkeys((*before, *identities_of(scene))))
    except TryLater:
        # The cluster cannot tell its issuer now: it is noted when that is known.
        return before


def plan_federation(scene: Scene) -> Plan:
    """Return the next step towards the declared identities; nothing where none are ours."""
    wanted = federation_of(scene.spec)
    if wanted is None and leaves_federation(scene):
        wanted = Federation(mode="Additive")
    if wanted is None:
        return Plan()
    try:
        return _plan(scene, wanted)
    except QuayRobotError as error:
        return Plan(findings=(Finding(Component.FEDERATION, error),))


def leaves_federation(scene: Scene) -> bool:
    """Return whether identities that we added are no longer declared, and so have to go."""
    gone = scene.spec.federation is None and federation_of(scene.spec) is None
    return gone and bool(scene.status.federation)


def noted_identities(scene: Scene, *, finished: bool) -> tuple[IdentityState, ...] | None:
    """Return the identities that stay recorded as added by us: all of them until that is done."""
    if not finished:
        return scene.status.federation
    if federation_of(scene.spec) is None:
        return None
    try:
        return identities_of(scene)
    except TryLater:
        # Finished before, and the cluster cannot tell its issuer now.
        return scene.status.federation


def _plan(scene: Scene, wanted: Federation) -> Plan:
    if isinstance(scene.federation, Unknown):
        raise scene.federation.error
    known = _known(scene)
    if known is None:
        return Plan((LookAtFederation(scene.robot_name),))
    if _waits_for_issuer(scene) and not scene.federation_due and federation_finished(scene):
        # What was finished stands: an outage of the cluster's own is no drift.
        return Plan()
    declared = identities_of(scene)
    goal = _goal(scene, wanted, known, declared)
    if set(goal) == set(known):
        return Plan()
    kept = wanted.mode == "Additive" or not set(goal).isdisjoint(known)
    if kept and not scene.federation_read:
        # The list is replaced whole: what others put there since must be in it, and what Quay
        # keeps of an identity that stays.
        return Plan((LookAtFederation(scene.robot_name),))
    added = [each.issuer for each in goal if each not in known and each in declared]
    if hosts := unresolved_hosts(scene, added):
        return Plan((LookAtHosts(hosts),))
    check_issuer_addresses(scene, added)
    return Plan((*_recorded(scene, declared), SetFederation(scene.robot_name, goal)))


def _waits_for_issuer(scene: Scene) -> bool:
    wanted = federation_of(scene.spec) or Federation()
    return scene.issuer is None and any(each.service_account for each in wanted.identities)


def _known(scene: Scene) -> tuple[IdentityState, ...] | None:
    if isinstance(scene.federation, Present):
        return scene.federation.value
    if scene.federation_due or not federation_finished(scene):
        return None
    return scene.status.federation


def federation_finished(scene: Scene) -> bool:
    """Return whether the identities are as declared, until a look for drift shows otherwise."""
    status = scene.status
    said = any(
        each.type == "FederationReady" and each.status == "True" for each in status.conditions
    )
    same = (
        isinstance(scene.robot, Present)
        and status.robot is not None
        and status.robot.created_at == scene.robot.value.created
    )
    # The mode may be another one since: Additive leaves what the status does not know.
    return said and same and status.observed_generation == scene.me.generation


def _goal(
    scene: Scene,
    wanted: Federation,
    known: Iterable[IdentityState],
    declared: tuple[IdentityState, ...],
) -> tuple[IdentityState, ...]:
    if wanted.mode == "Exact":
        return declared
    ours = set(scene.status.federation or ())
    kept = [each for each in known if each not in ours or each in declared]
    return tuple(dict.fromkeys((*kept, *declared)))


def _recorded(scene: Scene, declared: tuple[IdentityState, ...]) -> tuple[Action, ...]:
    before = scene.status.federation or ()
    both = tuple(dict.fromkeys((*before, *declared)))
    finished = any(
        each.type == "FederationReady" and each.status == "True"
        for each in scene.status.conditions
    )
    return (RecordFederation(both),) if finished or both != before else ()
