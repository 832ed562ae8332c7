"""
What if the API server does not take a status?

The resource itself cannot say so. So the log does each time, and one Event where
somebody has to act: per refusal, however often it is tried. It is tried at growing
intervals, and not before the API server asked for it.
"""

from __future__ import annotations

import structlog

from ...cluster.api import Body
from ...model.errors import QuayRobotError, Refused
from ..workqueue.keys import Key
from .context import UNWATCHED_S, Context, Outcome, asked_s, requeue_s

__all__ = ["after_unsaid", "tell_unsaid"]

log = structlog.get_logger(__name__)


def tell_unsaid(context: Context, kind: str, body: Body, error: QuayRobotError) -> None:
    """Report that *error* kept the status of the resource *body* of *kind* from being stored."""
    meta = body["metadata"]
    who = {"kind": kind, "namespace": meta.get("namespace", ""), "name": meta["name"]}
    log.warning("status.not_written", reason=error.reason, why=error.message, **who)
    if not isinstance(error, Refused) or meta["uid"] in context.unsaid:
        return
    context.unsaid.add(meta["uid"])
    note = f"the status cannot be stored, so it may be out of date: {error.message}"
    context.recorder.emit(body, kind=kind, warning=True, reason=error.reason, note=note)


def after_unsaid(
    context: Context,
    key: Key,
    outcome: Outcome,
    error: QuayRobotError,
    *,
    slow_s: float = UNWATCHED_S,
) -> Outcome:
    """
    Return *outcome* of a pass whose status met *error*, with when to come again.

    That is after *slow_s* at most where somebody has to act.
    """
    soon = min(requeue_s(context, key, error, slow_s=slow_s), UNWATCHED_S)
    due = soon if outcome.again_s is None else min(outcome.again_s, soon)
    again = max(due, asked_s(error))
    return Outcome(again_s=again, error=outcome.error or error, settled=False)
