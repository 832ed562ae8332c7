"""
How does one pass over a ClusterQuayRobot go?

It says which namespaces are meant and which are left, wakes each of them, and
counts how they stand. What is done in a namespace is done in a pass of its own.
"""

from __future__ import annotations

import structlog

from ...cluster.kinds import CLUSTER_QUAY_ROBOT
from ...model.conditions import Condition, ConditionType, merge_conditions
from ...model.errors import InvalidSpec, Reason
from ...model.names import ANNOTATION_ROTATE
from ...model.resources.base import dump_status
from ...model.resources.clusterrobot import ClusterRobotStatus, Removal
from ...plan.cluster_robot.census import (
    Census,
    cluster_robot_conditions,
)
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context, Outcome
from ..workqueue.keys import ResourceKey
from .shared import run_shared, run_shared_end
from .targets import CopyTargets, MemberTargets

__all__ = ["run_cluster_robot"]

log = structlog.get_logger(__name__)
C = ConditionType


async def run_cluster_robot(context: Context, key: ResourceKey) -> Outcome:
    """Bring what is known of one ClusterQuayRobot up to date, and wake its namespaces."""
    record = context.store.fleets.get(key)
    if record is None:
        context.memories.forget(key)
        return Outcome()
    memory = context.memories.of(key, record.uid)
    if record.shared and record.terminating:
        return await run_shared_end(context, record, memory)
    if record.terminating:
        # Its QuayRobots go by the garbage collector, each with a finalizer of its own.
        return Outcome()
    invalid = record.spec if record.shared else record.declared
    if isinstance(record.declared, InvalidSpec) or isinstance(invalid, InvalidSpec):
        error = record.declared if isinstance(record.declared, InvalidSpec) else invalid
        assert isinstance(error, InvalidSpec)
        return await _say_invalid(context, record, error)
    if record.shared:
        return await run_shared(context, CopyTargets(context, record, record.declared, memory))
    return await _run_members(context, MemberTargets(context, record, record.declared, memory))


async def _run_members(context: Context, roll: MemberTargets) -> Outcome:
    record = roll.record
    rotate = (record.meta.get("annotations") or {}).get(ANNOTATION_ROTATE)
    roll.tell_all((record.generation, rotate))
    removal = roll.plan_removal()
    status, census = record.fleet_status, roll.census()
    error = removal.error if removal else roll.held_before()
    conditions = cluster_robot_conditions(status, census, error, generation=record.generation)
    # What a removal was confirmed by is stored before anything is removed.
    state = removal.state if removal else status.removal
    await say_fleet(context, record, census, conditions, state)
    if removal is not None:
        roll.leave(removal)
    context.queue.forgive(record.key)
    return Outcome(again_s=roll.wait_s())


async def say_fleet(
    context: Context,
    record: ClusterRobotRecord,
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
        before.conditions, conditions, generation=record.generation, now=context.now()
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
    body = await context.resources.write_status(
        CLUSTER_QUAY_ROBOT, record.body, dump_status(after)
    )
    context.store.observe(CLUSTER_QUAY_ROBOT.kind, None, body)
    await _tell(context, before, after, body)


async def _tell(
    context: Context,
    before: ClusterRobotStatus,
    after: ClusterRobotStatus,
    body: dict[str, object],
) -> None:
    """One Event per change of what Ready says; counts alone are no news."""
    old, new = _ready(before), _ready(after)
    if new is None or new.reason is Reason.PROGRESSING:
        return
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return
    await context.recorder.emit(
        body,
        kind=CLUSTER_QUAY_ROBOT.kind,
        warning=new.status != "True",
        reason=new.reason,
        note=new.message,
    )


def _ready(status: ClusterRobotStatus) -> Condition | None:
    return next((each for each in status.conditions if each.type is C.READY), None)


async def _say_invalid(
    context: Context, record: ClusterRobotRecord, error: InvalidSpec
) -> Outcome:
    conditions = [
        Condition(type=C.READY, status="False", reason=error.reason, message=error.message),
        Condition(type=C.STALLED, status="True", reason=error.reason, message=error.message),
    ]
    await say_fleet(context, record, None, conditions, record.fleet_status.removal)
    return Outcome(error=error, settled=False)
