"""
Is a namespace still selected, or still to be cleaned up, before this pass writes to it?

A watch can be behind, above all after a restart. What a QuayRobot is made from, and
what takes it away, are the ClusterQuayRobot and the labels of the namespace: both are
read once more before a write that rests on them, the first not for each of a thousand
namespaces. What is found to be newer is taken over at once.
"""

from __future__ import annotations

from ...cluster.kinds import NAMESPACE
from ...model.errors import Conflict, Reason
from ...model.world import NamespaceSeen
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context
from ..robot.freshness import confirm_live

__all__ = ["confirm_namespace", "confirm_selecting"]

# One look is for all namespaces that come within this time.
FRESH_S = 5.0


async def confirm_selecting(
    context: Context, record: ClusterRobotRecord, memory: ClusterRobotMemory
) -> None:
    """
    Read the ClusterQuayRobot of *record* once more, unless that was done a moment ago.

    Raises:
        Conflict: It is something else by now.
        QuayRobotError: It cannot be read.
    """
    this = record.uid, record.generation, record.terminating
    seen, when = memory.confirmed
    if seen == this and context.clock() - when < FRESH_S:
        return
    await confirm_live(context, record.key, record)
    memory.confirmed = this, context.clock()


async def confirm_namespace(context: Context, seen: NamespaceSeen) -> None:
    """
    Read the namespace once more that the pass has *seen*.

    Raises:
        Conflict: It has other labels by now, or it went.
        QuayRobotError: It cannot be read.
    """
    live = await context.resources.get(NAMESPACE, None, seen.name)
    labels = (live or {}).get("metadata", {}).get("labels") or {}
    if live is not None and labels == dict(seen.labels or {}):
        return
    if live is not None:
        for key, lane in context.store.observe("Namespace", None, live):
            context.queue.add(key, lane)
    raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the namespace changed meanwhile")
