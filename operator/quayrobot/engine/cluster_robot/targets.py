"""
Which namespaces does a ClusterQuayRobot have to do with now, and how do they stand?

Those that are selected, and those that are no longer selected and still have
something. What a namespace has, and when that counts as ready, differs by mode.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from ...model.conditions import ConditionType
from ...model.errors import QuayRobotError, Reason, Refused
from ...model.resources.clusterrobot import ClusterRobotSpec, ClusterRobotStatus
from ...model.world import SecretSeen
from ...plan.cluster_robot.status import (
    NamespaceState,
    Summary,
    state_after_failure,
    state_of_copies,
    state_of_member,
    summarize,
)
from ...plan.cluster_robot.targets import RemovalPlan, is_target, plan_removal
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context
from ..workqueue.keys import Lane, NamespaceKey
from .namespace import member_of

__all__ = ["CopyTargets", "MemberTargets", "Targets"]

C = ConditionType


class Targets(ABC):
    """The namespaces of one ClusterQuayRobot, as they are at this moment."""

    def __init__(
        self,
        context: Context,
        record: ClusterRobotRecord,
        declared: ClusterRobotSpec,
        memory: ClusterRobotMemory,
    ) -> None:
        self.context, self.record, self.memory = context, record, memory
        spaces = context.store.namespaces.values()
        self.selected = {each.name: each for each in spaces if is_target(declared, each)}
        self.leaving = frozenset(
            each.name
            for each in spaces
            if each.name not in self.selected and not each.terminating and self.has(each.name)
        )

    @abstractmethod
    def has(self, namespace: str) -> bool:
        """Return whether *namespace* has something of ours that is not being deleted."""

    @abstractmethod
    def state(self, namespace: str) -> NamespaceState:
        """Return the state of *namespace*, which is a target."""

    def summary(self) -> Summary:
        """Count the states of all of them."""
        troubles = self.memory.troubles
        failing = self.memory.removable & self.leaving & troubles.keys()
        kept = (state_after_failure(each, troubles[each]) for each in failing)
        states = (self.state(each) for each in self.selected)
        found = summarize(states, leaving=len(self.leaving), kept=kept)
        contested = self.memory.contested
        first = min(contested.keys() & self.selected.keys(), default=None)
        return found if first is None else replace(found, contested=contested[first])

    def enqueue_all_on(self, news: object) -> None:
        """Enqueue all namespaces, once for each *news* and once after a start."""
        if self.memory.told == news:
            return
        lane = Lane.RESYNC if self.memory.told is None else Lane.DRIFT
        self.memory.told = news
        for namespace in self.selected:
            self.enqueue(namespace, lane)

    def enqueue(self, namespace: str, lane: Lane) -> None:
        """Enqueue one namespace."""
        key = NamespaceKey(self.record.key, namespace)
        self.context.queue.forgive(key)
        self.context.queue.add(key, lane)

    def plan_removal(self) -> RemovalPlan | None:
        """Return which removals are allowed; None while it is not clear yet how many there are."""
        self.memory.removable &= self.leaving
        return None if self.wait_s() is not None else self.removal()

    def removal(self) -> RemovalPlan:
        """Return which removals are allowed if no more of them become due."""
        return plan_removal(
            len(self.leaving),
            served=sum(self.has(each) for each in self.selected) + len(self.leaving),
            lately=self.memory.lately(self.context.clock()),
            confirm=self.record.confirm,
            state=self.record.cluster_robot_status.removal,
        )

    def wait_s(self) -> float | None:
        """Return how long to wait until all removals that belong together are known."""
        return self.memory.wait_s(self.leaving, self.context.clock()) or None

    def leave(self, removal: RemovalPlan) -> None:
        """Start what *removal* allows, once its confirmation is stored."""
        if removal.confirmed:
            self.memory.left.clear()
        self.memory.removable = self.leaving if removal.allowed else frozenset()
        for namespace in self.memory.removable:
            self.context.queue.add(NamespaceKey(self.record.key, namespace), Lane.EDIT)

    def held_before(self) -> Refused | None:
        """Return why removals stay held until that is decided again."""
        for each in self.record.cluster_robot_status.conditions:
            held = each.type is C.STALLED and each.reason is Reason.REMOVAL_NOT_CONFIRMED
            if self.leaving and held:
                return Refused(each.reason, each.message)
        return None

    def is_settled(self, namespace: str) -> bool:
        """Return whether *namespace* was finished; after a start, by the stored status."""
        generation = self.record.generation
        if namespace in self.memory.settled:
            return self.memory.settled[namespace] == generation
        status: ClusterRobotStatus = self.record.cluster_robot_status
        moving = any(
            each.type is C.RECONCILING or each.reason is Reason.PROGRESSING
            for each in status.conditions
        )
        return status.observed_generation == generation and not moving


class MemberTargets(Targets):
    """Where each namespace has a QuayRobot of its own."""

    def has(self, namespace: str) -> bool:
        """Return whether *namespace* has a QuayRobot of ours that stays."""
        member = member_of(self.context, self.record, namespace)
        return member is not None and not member.terminating

    def state(self, namespace: str) -> NamespaceState:
        """Return the state of *namespace* by its own pass and by its QuayRobot."""
        trouble = self.memory.troubles.get(namespace)
        if trouble is not None:
            return state_after_failure(namespace, trouble)
        member = member_of(self.context, self.record, namespace)
        if member is None or member.terminating or not self.is_settled(namespace):
            return NamespaceState(namespace)
        return state_of_member(namespace, member.status, member.generation)


class CopyTargets(Targets):
    """
    Where all namespaces have copies of one robot's Secrets.

    *refusals* says which of them the connection's rules do not let have it.
    """

    refusals: Mapping[str, QuayRobotError] = {}
    digest: str | None = None

    def has(self, namespace: str) -> bool:
        """Return whether *namespace* has a copy of ours that stays."""
        return any(not each.deleting for each in self._copies(namespace))

    def state(self, namespace: str) -> NamespaceState:
        """Return the state of *namespace* by the rules, by its own pass and by its copies."""
        copies = [each for each in self._copies(namespace) if not each.deleting]
        wanted = self.record.secret_names
        error = self.refusals.get(namespace) or self.memory.troubles.get(namespace)
        settled = self.is_settled(namespace)
        return state_of_copies(
            namespace, copies, wanted, self.digest, error=error, settled=settled,
            unrepaired=self.memory.unrepaired.get(namespace),
        )  # fmt: skip

    def _copies(self, namespace: str) -> tuple[SecretSeen, ...]:
        return self.context.store.secrets_of(namespace, self.record.uid)
