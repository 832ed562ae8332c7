"""
Which robots of an owner are deleted together, and what does one list show of them?

Each deletion costs a call of its own; what came of it, one list shows for up to
a thousand. It is made in the first lull in which no other deletion of that owner is
on its way, or when these come to a halt. Nothing of this outlives the process: who was deleted by
another one is looked at by itself.
"""

from __future__ import annotations

from itertools import islice

from ...model.errors import Denied, QuayRobotError
from ...model.names import OwnerName, RobotName
from ...quay.snapshot import Fate
from ..cache.store import RobotRecord
from ..workqueue.keys import Lane, LeavingKey
from .context import GATHER_S, Context, Outcome, requeue_s
from .pool import LiveConnection
from .reconciler import deny

__all__ = [
    "await_proof",
    "forget_deletion",
    "goes_in_batch",
    "leave_to_list",
    "prove_deletions",
]

# With fewer a list saves no call.
OTHERS = 2
AT_MOST = 1000
# Who deletes many asks for one after the other.
LULL_S = 0.8
# Deletions that come to a halt, or go on forever, keep nobody waiting.
HALTED_S = 10.0
LONGEST_S = 150.0


def goes_in_batch(context: Context, record: RobotRecord) -> bool:
    """Return whether so many others of its owner go with *record* that one list is cheaper."""
    others = (
        each
        for each in context.store.leaving(record.connection_key, record.robot_name.owner)
        if each.key != record.key and not context.queue.failing(each.key) and _deletes(each)
    )
    return len(list(islice(others, OTHERS))) == OTHERS


def leave_to_list(
    context: Context, live: LiveConnection, record: RobotRecord, robot: RobotName
) -> bool:
    """Leave it to a list, where that saves calls, to show that the deleted *robot* is gone."""
    if not (record.terminating and goes_in_batch(context, record)):
        return False
    live.snapshots.deleted(robot)
    await_proof(context, record)
    return True


def forget_deletion(live: LiveConnection | None, record: RobotRecord) -> None:
    """Forget what was proven for *record*, which went."""
    if live is None:
        return
    for name in record.robot_names:
        live.snapshots.forget_deletion(name)


def await_proof(context: Context, record: RobotRecord) -> None:
    """Have somebody find out what became of the robots that Quay was asked to delete."""
    key = LeavingKey(record.connection_key, record.robot_name.owner)
    context.queue.add(key, Lane.EDIT, delay_s=GATHER_S)


async def prove_deletions(context: Context, key: LeavingKey) -> Outcome:
    """Make the list when it is time to, and wake those of whom it tells."""
    live = context.pool.known(key.connection)
    if live is None:
        return Outcome()
    waiting = live.snapshots.awaited_s(key.owner)
    if waiting and _gathers(context, live, key, waiting):
        return Outcome(again_s=GATHER_S)

    error: QuayRobotError | None = None
    try:
        await live.snapshots.prove_deletions(key.owner, lambda owner: _exists(live, owner))
    except Denied as denied:
        error = await deny(context, live, denied)
    except QuayRobotError as failed:
        error = failed
    _wake(context, live, key)
    if error is not None:
        again = requeue_s(context, key, error, slow_s=live.resync_s)
        return Outcome(again_s=again, error=error, settled=False)
    context.queue.forgive(key)
    return Outcome(again_s=GATHER_S if live.snapshots.awaited_s(key.owner) else None)


def _gathers(
    context: Context, live: LiveConnection, key: LeavingKey, waiting: list[float]
) -> bool:
    """Return whether more deletions are about to be answered; *waiting* is newest first."""
    if len(waiting) >= AT_MOST or waiting[0] >= HALTED_S or waiting[-1] >= LONGEST_S:
        return False
    return waiting[0] < LULL_S or any(
        not context.queue.failing(each.key)
        and _deletes(each)
        and not any(live.snapshots.deletion(name) for name in each.robot_names)
        for each in context.store.leaving(key.connection, key.owner)
    )


def _wake(context: Context, live: LiveConnection, key: LeavingKey) -> None:
    for record in context.store.leaving(key.connection, key.owner):
        if any(_is_told(live, name) for name in record.robot_names):
            context.queue.add(record.key, Lane.EDIT)


def _is_told(live: LiveConnection, name: RobotName) -> bool:
    mark = live.snapshots.deletion(name)
    return mark is not None and (mark.fate is not Fate.AWAITED or mark.error is not None)


def _deletes(record: RobotRecord) -> bool:
    return record.lenient_spec.deletion_policy == "Delete"


async def _exists(live: LiveConnection, owner: OwnerName) -> bool:
    if owner.kind == "organization":
        return await live.client.organization_exists(owner)
    return (await live.client.user()).name == owner.name
