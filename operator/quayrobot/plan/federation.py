"""
Which outside identities does the robot lack, and which does it have too many?

Quay takes the whole list at once. What is about to be put there is stored
first, so that Additive knows what to take back. Which issuers a namespace may
name is decided by the connection's rules, before any call.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..model.actions import Action, Component, LookAtFederation, RecordFederation, SetFederation
from ..model.errors import QuayRobotError, Reason, Refused, TryLater
from ..model.resources.connection import AccessRule
from ..model.resources.federation import Federation, IdentityState
from ..model.resources.robot import federation_of
from ..model.world import Present, Unknown
from .access import Permit, any_glob
from .scene import Finding, Plan, Scene

__all__ = [
    "check_identities",
    "federation_finished",
    "identities_of",
    "leaves_federation",
    "plan_federation",
]

NAT64 = ipaddress.ip_network("64:ff9b::/32")


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


def check_identities(scene: Scene, permit: Permit) -> None:
    """
    Return when the rules let this namespace have the declared identities.

    Raises:
        Refused: AccessDenied where no rule gives federation, IssuerRefused for an issuer.
    """
    if federation_of(scene.spec) is None or permit.rules is None:
        return
    giving = [rule for rule in permit.rules if rule.federation]
    name = scene.spec.connection_ref.name
    if not giving:
        msg = (
            f"the rules of ClusterQuayConnection {name} do not let this namespace have "
            "federation; ask its administrator for a rule"
        )
        raise Refused(Reason.ACCESS_DENIED, msg)
    for issuer in _issuers(scene):
        if not any(_allows(rule, issuer, scene.issuer) for rule in giving):
            msg = f"the rules of ClusterQuayConnection {name} do not allow the issuer {issuer}"
            raise Refused(Reason.ISSUER_REFUSED, msg)


def _issuers(scene: Scene) -> list[str]:
    """The issuers that are known; nothing is put there before all are."""
    identities = (federation_of(scene.spec) or Federation()).identities
    named = [each.issuer if each.service_account is None else scene.issuer for each in identities]
    return list(dict.fromkeys(each for each in named if each is not None))


def plan_federation(scene: Scene) -> Plan:
    """Return the next step towards the declared identities; nothing where none are declared."""
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
    """Tell whether an identity was there for federated credentials only, which are no more."""
    before = scene.status.credential
    had = before is not None and before.expires_at is not None and bool(scene.status.federation)
    return had and federation_of(scene.spec) is None


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
    if wanted.mode == "Additive" and not scene.federation_read:
        # The list is replaced whole: what others put there since must be in it.
        return Plan((LookAtFederation(scene.robot_name),))
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
    """Tell whether what is there is as declared, until the drift beat shows otherwise."""
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


def _allows(rule: AccessRule, issuer: str, own: str | None) -> bool:
    if rule.issuers is not None:
        return any(_names(each, issuer) for each in rule.issuers)
    return issuer == own or not _private(issuer)


def _names(pattern: str, issuer: str) -> bool:
    """Whether *pattern* names *issuer*; what is for the host must be found in the host."""
    host = pattern.rpartition("://")[2].partition("/")[0]
    return any_glob([pattern], issuer) and any_glob([host], urlsplit(issuer).netloc)


def _private(issuer: str) -> bool:
    try:
        host = (urlsplit(issuer).hostname or "").rstrip(".")
    except ValueError:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _local(host)
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.sixtofour or address.teredo or address.ipv4_mapped
        return not address.is_global or hidden is not None or address in NAT64
    return not address.is_global


def _local(host: str) -> bool:
    last = host.rpartition(".")[2]
    # Some resolvers take 127.1 or 0x7f.0.0.1 for an address.
    number = last[:1].isdigit()
    return "." not in host or number or last in {"local", "internal", "localhost", "svc"}
