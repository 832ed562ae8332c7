"""
Which namespaces of which ClusterQuayRobots does a change concern?

A namespace that is meant or no longer meant, a QuayRobot that somebody edited
or deleted, one whose name is free now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...model.conditions import ConditionType
from ...model.errors import InvalidSpec
from ...model.world import AccountSeen, NamespaceSeen, SecretSeen
from ...plan.cluster_robot.targets import is_target
from ..workqueue.keys import Key, Lane, NamespaceKey, ResourceKey
from .records import ClusterRobotRecord, RobotRecord

__all__ = ["account_wakes", "cluster_robot_wakes", "namespace_wakes", "secret_wakes"]

Wakes = list[tuple[Key, Lane]]


def namespace_wakes(
    fleets: Iterable[ClusterRobotRecord], old: NamespaceSeen | None, new: NamespaceSeen | None
) -> Wakes:
    """Return whom it concerns that a namespace came, changed or went."""
    name = (new or old or NamespaceSeen("")).name
    return [
        wake
        for fleet in fleets
        if _means(fleet, old) or _means(fleet, new)
        for wake in ((NamespaceKey(fleet.key, name), Lane.EDIT), (fleet.key, Lane.DRIFT))
    ]


def cluster_robot_wakes(
    fleets: Mapping[ResourceKey, ClusterRobotRecord],
    old: RobotRecord | None,
    new: RobotRecord,
    *,
    gone: bool,
) -> Wakes:
    """Return whom it concerns that a QuayRobot came, changed or went."""
    fleet = ResourceKey("ClusterQuayRobot", "", new.key.name)
    if new.key.kind != "QuayRobot" or fleet not in fleets:
        return []
    wakes: Wakes = []
    if gone or old is None or old.uid != new.uid or old.member != new.member:
        wakes.append((NamespaceKey(fleet, new.key.namespace), Lane.DRIFT))
    if gone or old is None or _standing(old) != _standing(new):
        wakes.append((fleet, Lane.DRIFT))
    return wakes


def secret_wakes(fleets: Iterable[ClusterRobotRecord], secret: SecretSeen) -> Wakes:
    """Return whom it concerns that a copy changed, or that the name of one is free now."""
    return [
        (NamespaceKey(fleet.key, secret.namespace), Lane.DRIFT)
        for fleet in fleets
        if fleet.shared
        and (secret.controller_uid == fleet.uid or secret.name in fleet.secret_names)
    ]


def account_wakes(fleets: Iterable[ClusterRobotRecord], account: AccountSeen) -> Wakes:
    """Return whom it concerns that a ServiceAccount came or names other Secrets."""
    return [
        (NamespaceKey(fleet.key, account.namespace), Lane.DRIFT)
        for fleet in fleets
        if fleet.shared and account.name in fleet.account_names
    ]


def _means(fleet: ClusterRobotRecord, namespace: NamespaceSeen | None) -> bool:
    declared = fleet.declared
    if namespace is None or isinstance(declared, InvalidSpec):
        return False
    return is_target(declared, namespace)


def _standing(record: RobotRecord) -> object:
    ready = [each for each in record.status.conditions if each.type is ConditionType.READY]
    return (
        record.terminating,
        record.generation,
        [(each.status, each.reason, each.observed_generation) for each in ready],
    )
