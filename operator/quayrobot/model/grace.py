"""
How long may something be missing before that is a failure?

Whoever applies a release may bring the connection, the ServiceAccount or the
first push a moment after the resource that needs it. For so long it is work in
progress; what is still not there then needs somebody. The moment from which it
counts is the one that the stored condition has, so that a restart changes
nothing; an edit of the spec starts the time again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from .conditions import Condition, ConditionType
from .errors import QuayRobotError, Reason, Refused

__all__ = ["COMES_LATER", "DEFAULT_GRACE", "grace_ends"]

DEFAULT_GRACE = timedelta(seconds=300)
COMES_LATER = frozenset(
    {
        Reason.CONNECTION_NOT_FOUND,
        Reason.CONNECTION_NOT_READY,
        Reason.SERVICE_ACCOUNT_NOT_FOUND,
        Reason.REPOSITORY_NOT_FOUND,
        Reason.TEAM_NOT_FOUND,
        Reason.ROBOT_NOT_FOUND,
        Reason.ORGANIZATION_NOT_FOUND,
    }
)


def grace_ends(
    conditions: Iterable[Condition],
    error: QuayRobotError,
    *,
    generation: int,
    edited: datetime | None,
    now: datetime,
    grace: timedelta,
) -> datetime | None:
    """
    Return until when *error* is no failure yet; None where it is one.

    *conditions* are those stored, *edited* is when the spec was last written.
    """
    if not isinstance(error, Refused) or error.reason not in COMES_LATER:
        return None
    known = {each.type: each for each in conditions}
    stalled, waiting = known.get(ConditionType.STALLED), known.get(ConditionType.RECONCILING)
    if stalled is not None and (stalled.reason, stalled.observed_generation) == (
        error.reason,
        generation,
    ):
        return None
    began = now
    if waiting is not None and waiting.last_transition_time:
        began = datetime.fromisoformat(waiting.last_transition_time)
    if edited is not None:
        began = max(began, min(edited, now))
    return began + grace if now < began + grace else None
