"""
How does one pass over a ClusterQuayRobot go?

It says which namespaces are meant and which are left, wakes each of them, and
counts how they stand. What is done in a namespace is done in a pass of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from ..cluster.kinds import CLUSTER_QUAY_ROBOT
from ..model.conditions import Condition, ConditionType, merge_conditions
from ..model.errors import InvalidSpec, Reason, Refused
from ..model.names import ANNOTATION_ROTATE
from ..model.resources.clusterrobot import ClusterRobotSpec, ClusterRobotStatus, Removal
from ..plan.census import (
    Census,
    Standing,
    fleet_conditions,
    standing_of_member,
    standing_of_trouble,
    take_census,
)
from ..plan.targets import RemovalPlan, is_target, plan_removal
from .apply import dump_status
from .copies import member_of
from .keys import CopyKey, Lane, ResourceKey
from .memory import FleetMemory
from .passes import Outcome, Tools
from .records import FleetRecord

__all__ = ["run_fleet"]

log = structlog.get_logger(__name__)
C = ConditionType


async def run_fleet(tools: Tools, key: ResourceKey) -> Outcome:
    """Bring what is known of one ClusterQuayRobot up to date, and wake its namespaces."""
    record = tools.store.fleets.get(key)
    if record is None:
        tools.memories.forget(key)
        return Outcome()
    if record.terminating:
        # Its QuayRobots go by the garbage collector, each with a finalizer of its own.
        return Outcome()
    if isinstance(record.declared, InvalidSpec):
        return await _say_invalid(tools, record, record.declared)
    if record.shared:
        return await _say_unable(tools, record)
    memory = tools.memories.of(key, record.uid)
    return await _Fleet(tools, record, record.declared, memory).run()


class _Fleet:
    """One pass over one ClusterQuayRobot."""

    def __init__(
        self,
        tools: Tools,
        record: FleetRecord,
        declared: ClusterRobotSpec,
        memory: FleetMemory,
    ) -> None:
        self.tools, self.record, self.declared, self.memory = tools, record, declared, memory
        spaces = tools.store.namespaces.values()
        self.targets = [each.name for each in spaces if is_target(declared, each)]
        meant = set(self.targets)
        self.leaving = frozenset(
            each.name
            for each in spaces
            if each.name not in meant and not each.terminating and self._has(each.name)
        )

    async def run(self) -> Outcome:
        """Wake who is to be woken, and say how all of them stand."""
        self._tell_all()
        wait_s = self.memory.wait_s(self.leaving, self.tools.clock())
        removal = None if wait_s else self._plan_removal()
        await self._say(removal)
        self.memory.removable &= self.leaving
        if removal is not None:
            self.memory.removable = self.leaving if removal.allowed else frozenset()
            self._leave(removal)
        return Outcome(again_s=wait_s or None)

    def _has(self, namespace: str) -> bool:
        member = member_of(self.tools, self.record, namespace)
        return member is not None and not member.terminating

    def _tell_all(self) -> None:
        """Wake all namespaces once for each edit, and once after a start."""
        rotate = (self.record.meta.get("annotations") or {}).get(ANNOTATION_ROTATE)
        news = (self.record.generation, rotate)
        if self.memory.told == news:
            return
        lane = Lane.RESYNC if self.memory.told is None else Lane.DRIFT
        self.memory.told = news
        for namespace in self.targets:
            key = CopyKey(self.record.key, namespace)
            self.tools.queue.forgive(key)
            self.tools.queue.add(key, lane)

    def _plan_removal(self) -> RemovalPlan:
        served = sum(self._has(each) for each in self.targets) + len(self.leaving)
        return plan_removal(
            len(self.leaving),
            served=served,
            lately=self.memory.lately(self.tools.clock()),
            confirm=self.record.confirm,
            state=self.record.fleet_status.removal,
        )

    def _leave(self, removal: RemovalPlan) -> None:
        if removal.confirmed:
            self.memory.left.clear()
        for namespace in self.memory.removable:
            self.tools.queue.add(CopyKey(self.record.key, namespace), Lane.EDIT)

    # Saying how it stands --------------------------------------------------

    async def _say(self, removal: RemovalPlan | None) -> None:
        """What a removal was confirmed by is stored before anything is removed."""
        status = self.record.fleet_status
        census = take_census(self._standings(), leaving=len(self.leaving))
        state = removal.state if removal else status.removal
        error = removal.error if removal else _held_before(status, self.leaving)
        conditions = fleet_conditions(status, census, error, generation=self.record.generation)
        await say_fleet(self.tools, self.record, census, conditions, state)

    def _standings(self) -> Iterator[Standing]:
        for namespace in self.targets:
            yield self._standing(namespace)

    def _standing(self, namespace: str) -> Standing:
        trouble = self.memory.troubles.get(namespace)
        if trouble is not None:
            return standing_of_trouble(namespace, trouble)
        member = member_of(self.tools, self.record, namespace)
        if member is None or member.terminating or not self._is_settled(namespace):
            return Standing(namespace)
        return standing_of_member(namespace, member.status, member.generation)

    def _is_settled(self, namespace: str) -> bool:
        """After a start what was finished before counts until the namespace's own pass."""
        generation = self.record.generation
        if namespace in self.memory.settled:
            return self.memory.settled[namespace] == generation
        status = self.record.fleet_status
        moving = any(
            each.type is C.RECONCILING or each.reason is Reason.PROGRESSING
            for each in status.conditions
        )
        return status.observed_generation == generation and not moving


def _held_before(status: ClusterRobotStatus, leaving: frozenset[str]) -> Refused | None:
    """While it is not decided again, what was held stays held."""
    for each in status.conditions:
        if leaving and each.type is C.STALLED and each.reason is Reason.REMOVAL_NOT_CONFIRMED:
            return Refused(each.reason, each.message)
    return None


async def say_fleet(
    tools: Tools,
    record: FleetRecord,
    census: Census | None,
    conditions: list[Condition],
    removal: Removal | None,
) -> None:
    """
    Store what is to be said, where it differs from what is stored.

    Raises:
        QuayRobotError: It could not be stored.
    """
    before = record.fleet_status
    merged = merge_conditions(
        before.conditions, conditions, generation=record.generation, now=tools.now()
    )
    changes: dict[str, object] = {
        "observed_generation": record.generation,
        "conditions": merged,
        "removal": removal,
    }
    if census is not None:
        changes |= {"namespaces": census.counts, "failed": census.failed}
    after = before.model_copy(update=changes)
    if after == before:
        return
    body = await tools.resources.write_status(CLUSTER_QUAY_ROBOT, record.body, dump_status(after))
    tools.store.observe(CLUSTER_QUAY_ROBOT.kind, None, body)
    await _tell(tools, before, after, body)


async def _tell(
    tools: Tools, before: ClusterRobotStatus, after: ClusterRobotStatus, body: dict[str, object]
) -> None:
    """One Event per change of what Ready says; counts alone are no news."""
    old, new = _ready(before), _ready(after)
    if new is None or new.reason is Reason.PROGRESSING:
        return
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return
    await tools.recorder.emit(
        body,
        kind=CLUSTER_QUAY_ROBOT.kind,
        warning=new.status != "True",
        reason=new.reason,
        note=new.message,
    )


def _ready(status: ClusterRobotStatus) -> Condition | None:
    return next((each for each in status.conditions if each.type is C.READY), None)


async def _say_unable(tools: Tools, record: FleetRecord) -> Outcome:
    msg = "mode: Shared is not part of this version; use PerNamespace"
    return await _say_invalid(tools, record, InvalidSpec(Reason.NOT_SUPPORTED, msg))


async def _say_invalid(tools: Tools, record: FleetRecord, error: InvalidSpec) -> Outcome:
    conditions = [
        Condition(type=C.READY, status="False", reason=error.reason, message=error.message),
        Condition(type=C.STALLED, status="True", reason=error.reason, message=error.message),
    ]
    await say_fleet(tools, record, None, conditions, record.fleet_status.removal)
    return Outcome(error=error, settled=False)
