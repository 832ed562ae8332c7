"""
Is the resource still the one that this pass read?

A watch can be behind, above all after a restart, and then the pass has a spec that
nobody asks for any more. So before the first write that rests on the spec the resource
is read once more. Our own write of it proves the same, since it carries its version: for
what cannot be undone only where nothing lies between. What is found to be newer is taken
over: the next pass does not wait for the watch.
"""

from __future__ import annotations

from ...cluster.kinds import OURS
from ...model.actions import (
    Action,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    LinkAccount,
    Regenerate,
    ReplaceSecret,
    SetFederation,
)
from ...model.errors import Conflict, QuayRobotError, Reason
from ...model.grant_actions import GrantChange
from ...plan.scene import Me
from ..cache.records import Record
from ..cache.store import Body
from ..connection.context import Context
from ..workqueue.keys import ResourceKey

__all__ = [
    "confirm_live",
    "identity",
    "must_be_live",
    "rests_on_spec",
    "take_over",
]


def must_be_live(action: Action) -> bool:
    """Return whether *action* needs a look of its own: it cannot be undone."""
    return isinstance(action, CreateRobot | DeleteRobot | Regenerate)


def rests_on_spec(action: Action) -> bool:
    """Return whether *action* changes something outside of the resource, as its spec says."""
    secret = isinstance(action, CreateSecret | ReplaceSecret | DeleteSecret)
    return secret or isinstance(action, SetFederation | LinkAccount | GrantChange)


def identity(one: Me | Record) -> tuple[str, bool, int]:
    """Return what stays the same of a resource while nobody edits or deletes it."""
    return one.uid, one.terminating, one.generation


async def confirm_live(
    context: Context, key: ResourceKey, me: Me | Record, *, version: int | None = None
) -> None:
    """
    Read the resource at *key* once more, which the pass takes for *me*.

    With *version* it has to be that one: what was noted in a status counts too.

    Raises:
        Conflict: It is something else; what it is now is known then.
        QuayRobotError: It cannot be read.
    """
    live = await context.resources.get(OURS[key.kind], key.namespace or None, key.name)
    meta = live["metadata"] if live else {}
    now = meta.get("uid"), "deletionTimestamp" in meta, int(meta.get("generation", 1))
    if now == identity(me) and version in (None, int(meta["resourceVersion"])):
        return
    _take_in(context, key, me.uid, live)
    raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the resource changed meanwhile")


async def take_over(context: Context, record: Record) -> None:
    """
    Take in the resource of *record* as it is now, or that it is gone, as far as can be told.

    Somebody wrote it first, and the watch may take longer than the next pass. Where our own
    write is answered after the watch has shown the deletion, nobody would show it again.
    """
    key = record.key
    try:
        live = await context.resources.get(OURS[key.kind], key.namespace or None, key.name)
    except QuayRobotError:
        return
    _take_in(context, key, record.uid, live)


def _take_in(context: Context, key: ResourceKey, uid: str, live: Body | None) -> None:
    event = None
    if live is None:
        known = context.store.robots.get(key)
        if known is None or known.uid != uid:
            return
        event, live = "DELETED", known.body
    for each, lane in context.store.observe(key.kind, event, live):
        context.queue.add(each, lane)
