"""
How does a robot that is about to be made hold its connection?

The connection and its token's Secret get our finalizer first. Until the robot's
own finalizer is there nothing stored tells that somebody needs them, so the pass
over the robot does: else the pass over the connection let them go in between.
"""

from __future__ import annotations

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
    body, key = record.body, record.key
    for left in reversed(range(TRIES)):
        try:
            after = await context.resources.add_finalizer(QUAY_CONNECTION, body)
        except Conflict:
            found = await context.resources.get(QUAY_CONNECTION, key.namespace, key.name)
            if not left or found is None or found["metadata"]["uid"] != record.uid:
                raise
            body = found
        else:
            context.store.observe(key.kind, None, after)
            return
