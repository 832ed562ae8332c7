"""
Which namespaces of which ClusterQuayRobots does a change concern?

A namespace that is selected or no longer selected, a QuayRobot that somebody edited
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

__all__ = ["map_account", "map_member", "map_namespace", "map_secret"]

Requests = list[tuple[Key, Lane]]


def map_namespace(
    cluster_robots: Iterable[ClusterRobotRecord],
    old: NamespaceSeen | None,
    new: NamespaceSeen | None,
) -> Requests:
    """Return the keys to enqueue when a namespace was added, changed or deleted."""
    name = (new or old or NamespaceSeen("")).name
    return [
        enqueue
        for cluster_robot in cluster_robots
        if _means(cluster_robot, old) or _means(cluster_robot, new)
        for enqueue in (
            (NamespaceKey(cluster_robot.key, name), Lane.EDIT),
            (cluster_robot.key, Lane.DRIFT),
        )
    ]


def map_member(
    cluster_robots: Mapping[ResourceKey, ClusterRobotRecord],
    old: RobotRecord | None,
    new: RobotRecord,
    *,
    gone: bool,
) -> Requests:
    """Return the keys to enqueue when a member QuayRobot was added, changed or deleted."""
    cluster_robot = ResourceKey("ClusterQuayRobot", "", new.key.name)
    if new.key.kind != "QuayRobot" or cluster_robot not in cluster_robots:
        return []
    wakes: Requests = []
    if gone or old is None or old.uid != new.uid or old.member != new.member:
        wakes.append((NamespaceKey(cluster_robot, new.key.namespace), Lane.DRIFT))
    if gone or old is None or _standing(old) != _standing(new):
        wakes.append((cluster_robot, Lane.DRIFT))
    return wakes


def map_secret(cluster_robots: Iterable[ClusterRobotRecord], secret: SecretSeen) -> Requests:
    """Return the keys to enqueue when a copy changed or its name became free."""
    return [
        (NamespaceKey(cluster_robot.key, secret.namespace), Lane.DRIFT)
        for cluster_robot in cluster_robots
        if cluster_robot.shared
        and (
            secret.controller_uid == cluster_robot.uid or secret.name in cluster_robot.secret_names
        )
    ]


def map_account(cluster_robots: Iterable[ClusterRobotRecord], account: AccountSeen) -> Requests:
    """Return the keys to enqueue when a ServiceAccount was added or names other Secrets."""
    return [
        (NamespaceKey(cluster_robot.key, account.namespace), Lane.DRIFT)
        for cluster_robot in cluster_robots
        if cluster_robot.shared and account.name in cluster_robot.account_names
    ]


def _means(cluster_robot: ClusterRobotRecord, namespace: NamespaceSeen | None) -> bool:
    declared = cluster_robot.declared
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
