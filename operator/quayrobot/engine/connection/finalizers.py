"""
How does a robot that is about to be created keep its connection from being deleted?

The connection and its token's Secret get our finalizer first. Until the robot's
own finalizer is there nothing stored tells that somebody needs them, so the pass
over the robot does: else the pass over the connection let them go in between.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ...cluster.kinds import QUAY_CONNECTION
from ...model.errors import Conflict, Reason
from ..cache.store import ConnectionRecord
from ..workqueue.keys import ResourceKey
from .context import Context
from .pool import LiveConnection

__all__ = ["guard_for"]

# Its own status may be written at the same time.
TRIES = 3
ARRIVING_S, ARRIVING_TRIES = 0.05, 20


async def guard_for(
    context: Context, live: LiveConnection, robot: ResourceKey
) -> ConnectionRecord:
    """
    Hold the connection *live* for *robot*, until its pass ends, and return it as it is then.

    Raises:
        Conflict: It was deleted, or others changed it again and again.
        QuayRobotError: It could not be done.
    """
    record = context.store.connections.get(live.key)
    if record is None:
        raise Conflict(Reason.CONNECTION_NOT_FOUND, "the connection was deleted meanwhile")
    live.needed_by.add(robot)
    # The Secret first: a guarded connection without its key is no use.
    if live.place is not None:
        await context.secrets.guard(live.place.namespace, live.place.name)
    await _guard(context, record)
    live.credential = replace(live.credential, guarded=True)
    return context.store.connections.get(live.key, record)


async def _guard(context: Context, record: ConnectionRecord) -> None:
    for left in reversed(range(TRIES)):
        try:
            after = await context.resources.add_finalizer(QUAY_CONNECTION, record.body)
        except Conflict:
            newer = await _newer(context, record) if left else None
            if newer is None:
                raise
            record = newer
        else:
            context.store.observe(record.key.kind, None, after)
            return


async def _newer(context: Context, record: ConnectionRecord) -> ConnectionRecord | None:
    """Return *record* as our own write or the watch brings it; None where it does not soon."""
    for _ in range(ARRIVING_TRIES):
        found = context.store.connections.get(record.key)
        if found is None or found.uid != record.uid:
            return None
        if found.meta["resourceVersion"] != record.meta["resourceVersion"]:
            return found
        await asyncio.sleep(ARRIVING_S)
    return None
