"""
What are the steps of one reconciliation of a ClusterQuayRobot?

It says which namespaces are selected and which are left, wakes each of them, and
counts how they stand. What is done in a namespace is done in a pass of its own.
"""

from __future__ import annotations

import structlog

from ...cluster.kinds import CLUSTER_QUAY_ROBOT
from ...model.conditions import Condition, ConditionType, merge_conditions
from ...model.errors import Conflict, InvalidSpec, QuayRobotError, Reason
from ...model.names import ANNOTATION_ROTATE
from ...model.resources.base import dump_status
from ...model.resources.clusterrobot import ClusterRobotStatus, Removal
from ...plan.cluster_robot.status import (
    Summary,
    cluster_robot_conditions,
)
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context, Outcome
from ..connection.unsaid import after_unsaid, tell_unsaid
from ..robot.freshness import take_over
from ..workqueue.keys import ResourceKey
from .shared import finalize_shared, reconcile_shared
from .targets import CopyTargets, MemberTargets

__all__ = ["reconcile_cluster_robot"]

log = structlog.get_logger(__name__)
C = ConditionType


async def reconcile_cluster_robot(context: Context, key: ResourceKey) -> Outcome:
    """Reconcile one ClusterQuayRobot: update its status and enqueue its namespaces."""
    record = context.store.cluster_robots.get(key)
    if record is None:
        context.memories.forget(key)
        return Outcome()
    memory = context.memories.of(key, record.uid)
    if record.shared and record.terminating:
        return await finalize_shared(context, record, memory)
    if record.terminating:
        # Its QuayRobots go by the garbage collector, each with a finalizer of its own.
        return Outcome()
    invalid = record.spec if record.shared else record.declared
    if isinstance(record.declared, InvalidSpec) or isinstance(invalid, InvalidSpec):
        error = record.declared if isinstance(record.declared, InvalidSpec) else invalid
        assert isinstance(error, InvalidSpec)
        return await _say_invalid(context, record, error)
    if record.shared:
        return await reconcile_shared(
            context, CopyTargets(context, record, record.declared, memory)
        )
    return await _reconcile_members(
        context, MemberTargets(context, record, record.declared, memory)
    )


async def _reconcile_members(context: Context, targets: MemberTargets) -> Outcome:
    record = targets.record
    rotate = (record.meta.get("annotations") or {}).get(ANNOTATION_ROTATE)
    targets.enqueue_all_on((record.generation, rotate))
    removal = targets.plan_removal()
    status, summary = record.cluster_robot_status, targets.summary()
    error = removal.error if removal else targets.held_before()
    conditions = cluster_robot_conditions(
        status,
        summary,
        error,
        generation=record.generation,
        suspended=record.lenient_spec.suspend,
    )
    # What a removal was confirmed by is stored before anything is removed.
    state = removal.state if removal else status.removal
    unsaid = await update_status(context, record, summary, conditions, state)
    if removal is not None and (unsaid is None or state == status.removal):
        targets.leave(removal)
    outcome = Outcome(again_s=targets.wait_s())
    if unsaid is not None:
        return after_unsaid(context, record.key, outcome, unsaid)
    context.queue.forgive(record.key)
    return outcome


async def update_status(
    context: Context,
    record: ClusterRobotRecord,
    summary: Summary | None,
    conditions: list[Condition],
    removal: Removal | None,
) -> QuayRobotError | None:
    """Write the status, if it differs from the stored one; return why it was not taken."""
    before = record.cluster_robot_status
    merged = merge_conditions(
        before.conditions, conditions, generation=record.generation, now=context.now()
    )
    changes: dict[str, object] = {
        "observed_generation": record.generation,
        "conditions": merged,
        "removal": removal,
    }
    if summary is not None:
        changes |= {"namespaces": summary.counts, "failed": summary.failed}
    after = before.model_copy(update=changes)
    if after == before:
        return None
    kind = CLUSTER_QUAY_ROBOT
    try:
        body = await context.resources.write_status(kind, record.body, dump_status(after))
    except QuayRobotError as error:
        if isinstance(error, Conflict):
            # The next pass goes by what it is now, whatever the watch has shown by then.
            await take_over(context, record)
        else:
            tell_unsaid(context, kind.kind, record.body, error)
        return error
    context.unsaid.discard(record.uid)
    context.store.observe(kind.kind, None, body)
    _tell(context, before, after, body)
    return None


def _tell(
    context: Context,
    before: ClusterRobotStatus,
    after: ClusterRobotStatus,
    body: dict[str, object],
) -> None:
    """One Event per change of what Ready says, and per contest; counts alone are no news."""
    if (contest := _contest(after)) is not None and _contest(before) is None:
        _emit(context, body, contest, warning=True)
    old, new = _ready(before), _ready(after)
    if new is None or new.reason is Reason.PROGRESSING:
        return
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return
    who = {"kind": CLUSTER_QUAY_ROBOT.kind, "name": str(body["metadata"]["name"])}  # type: ignore[index]
    fine = new.status == "True" or new.reason is Reason.SUSPENDED
    if fine:
        word = "resource.ready" if new.status == "True" else "resource.not_ready"
        log.info(word, reason=new.reason, **who)
    else:
        log.warning("resource.not_ready", reason=new.reason, why=new.message, **who)
    _emit(context, body, new, warning=not fine)


def _emit(context: Context, body: dict[str, object], told: Condition, *, warning: bool) -> None:
    kind = CLUSTER_QUAY_ROBOT.kind
    context.recorder.emit(body, kind=kind, warning=warning, reason=told.reason, note=told.message)


def _ready(status: ClusterRobotStatus) -> Condition | None:
    return next((each for each in status.conditions if each.type is C.READY), None)


def _contest(status: ClusterRobotStatus) -> Condition | None:
    return next((each for each in status.conditions if each.reason is Reason.CONTESTED), None)


async def _say_invalid(
    context: Context, record: ClusterRobotRecord, error: InvalidSpec
) -> Outcome:
    conditions = [
        Condition(type=C.READY, status="False", reason=error.reason, message=error.message),
        Condition(type=C.STALLED, status="True", reason=error.reason, message=error.message),
    ]
    removal, outcome = record.cluster_robot_status.removal, Outcome(error=error, settled=False)
    unsaid = await update_status(context, record, None, conditions, removal)
    return outcome if unsaid is None else after_unsaid(context, record.key, outcome, unsaid)
