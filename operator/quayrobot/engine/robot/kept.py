"""
What is said of a resource that we let go, and that the finalizers of others hold?

Its robot is gone, or left to somebody else, so it must not go on to say Ready. That is
told when it stays: most finalizers fall at once, as those of the garbage collector.
"""

from __future__ import annotations

from ...cluster.holders import held_by
from ...cluster.kinds import OURS
from ...model.conditions import Condition, ConditionType, merge_conditions
from ...model.errors import Conflict, QuayRobotError, Reason
from ...model.resources.base import dump_status
from ...model.resources.robot import RobotStatus
from ..cache.records import RobotRecord
from ..connection.context import Context, Outcome
from ..connection.unsaid import after_unsaid, tell_unsaid
from ..workqueue.keys import ResourceKey

__all__ = ["look_again_s", "tell_kept"]

KEPT_S = 5.0


def look_again_s(record: RobotRecord) -> float | None:
    """Return after how many seconds to look whether *record* stays; None where it is gone."""
    return KEPT_S if held_by(record.meta) else None


async def tell_kept(context: Context, key: ResourceKey, record: RobotRecord | None) -> Outcome:
    """Store who holds *record*, which has no finalizer of ours, if that is news."""
    held = held_by(record.meta) if record is not None else ""
    if record is None or not held or (after := _kept(context, record, held)) == record.status:
        context.queue.forgive(key)
        return Outcome()
    kind = OURS[key.kind]
    try:
        body = await context.resources.write_status(kind, record.body, dump_status(after))
    except QuayRobotError as error:
        if not isinstance(error, Conflict):
            tell_unsaid(context, key.kind, record.body, error)
        return after_unsaid(context, key, Outcome(), error)
    context.unsaid.discard(record.uid)
    context.queue.forgive(key)
    context.store.observe(key.kind, None, body)
    return Outcome()


def _kept(context: Context, record: RobotRecord, held: str) -> RobotStatus:
    words = f"being deleted; the operator let it go, and it is {held}"
    told = Condition(
        type=ConditionType.READY, status="False", reason=Reason.DELETING, message=words
    )
    generation, before = record.generation, record.status.conditions
    merged = merge_conditions(before, [told], generation=generation, now=context.now())
    changes = {"conditions": merged, "observed_generation": generation}
    return record.status.model_copy(update=changes)
