"""
What if somebody takes the status or the finalizer of our resources, each time?

It is put back by the next pass over the resource. From the third time within ten
minutes on that pass waits for its turn, as the repair of any other contested field
does: else we would write as often as they. The status could not tell of it: one Event
does. A pass for another reason puts back what it finds, and an edit is never held up.
"""

from __future__ import annotations

from typing import Any

import structlog

from ...cluster.kinds import (
    CLUSTER_QUAY_CONNECTION,
    CLUSTER_QUAY_ROBOT,
    QUAY_CONNECTION,
    QUAY_ROBOT,
)
from ...cluster.ownership import other_manager
from ...model.errors import Reason
from ..cache.contests import Spot
from ..cache.records import ConnectionRecord, Record, RobotRecord
from ..cache.store import Store
from ..connection.context import Context
from ..workqueue.keys import ResourceKey

__all__ = ["contested_for_s"]

Body = dict[str, Any]
_CONNECTIONS = {QUAY_CONNECTION.kind, CLUSTER_QUAY_CONNECTION.kind}
_OURS = {QUAY_ROBOT.kind, CLUSTER_QUAY_ROBOT.kind, *_CONNECTIONS}

log = structlog.get_logger(__name__)


def contested_for_s(context: Context, kind: str, body: Body) -> tuple[ResourceKey | None, float]:
    """
    Return which resource *body* of *kind* shows, and for how many seconds it is left as it is.

    No key is returned for what is no resource of ours. It is to be asked before the store
    takes *body* in.
    """
    if kind not in _OURS:
        return None, 0.0
    meta = body["metadata"]
    key = ResourceKey(kind, meta.get("namespace", ""), meta["name"])
    known = _known(context.store, key)
    part = None if known is None else _taken(context.store, known, body)
    if part is None:
        return key, 0.0
    spot = Spot(meta["uid"], int(meta.get("generation", 1)), key.namespace, f"{kind}/{key.name}")
    return key, _turn_s(context, spot, part, body)


def _known(store: Store, key: ResourceKey) -> Record | None:
    if key.kind in _CONNECTIONS:
        return store.connections.get(key)
    return store.robots.get(key) or store.cluster_robots.get(key)


def _taken(store: Store, known: Record, body: Body) -> str | None:
    """Return the field of *known* that somebody took in *body*, if that is the news."""
    later = Record(known.key.kind, body)
    same = (later.uid, later.generation) == (known.uid, known.generation)
    if not same or later.terminating or later.version <= known.version:
        return None
    if known.guarded and not later.guarded and _is_needed(store, known):
        return "metadata.finalizers"
    return "status" if known.lost_status_in(later) else None


def _is_needed(store: Store, known: Record) -> bool:
    """Tell whether we would not have let go of *known*."""
    if isinstance(known, ConnectionRecord):
        return any(each.guarded for each in store.users_of(known.key))
    return isinstance(known, RobotRecord) and known.status.holds


def _turn_s(context: Context, spot: Spot, part: str, body: Body) -> float:
    contests, (kind, _, name) = context.contests, spot.place.partition("/")
    is_told = contests.view(spot, "") is not None
    wait_s = contests.taken(spot, part)
    if wait_s and not is_told:
        manager = other_manager(body["metadata"], part)
        contests.name(spot, {part: manager} if manager else {})
        contest = contests.view(spot, f"{kind} {name}")
        note = contest.error.message if contest else ""
        who = {"kind": kind, "namespace": spot.namespace, "name": name, "uid": spot.owner}
        log.warning("resource.contested", why=note, **who)
        context.recorder.emit(body, kind=kind, warning=True, reason=Reason.CONTESTED, note=note)
    return wait_s
