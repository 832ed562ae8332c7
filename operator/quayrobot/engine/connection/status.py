"""
What is written into a connection's status?

Whether Quay answers, whether it takes the token and what the token lacks, as
ordinary calls have told; how many robots there are. No call is made for it,
and it is written when it says something new.
"""

from __future__ import annotations

import re
from collections import Counter

import structlog

from ...cluster.api import Body
from ...cluster.holders import held_by
from ...cluster.kinds import OURS
from ...model.conditions import Condition, ConditionType, Status, merge_conditions, rfc3339
from ...model.errors import Conflict, QuayRobotError, Reason, TryLater
from ...model.grace import grace_ends
from ...model.names import OWNER_PATTERN, OwnerName
from ...model.resources.base import dump_status
from ...model.resources.connection import ConnectionStatus, RobotCounts
from ...model.resources.robot import RobotStatus
from ...plan.inventory import count_listed, is_news, leftovers, total
from ..cache.store import ConnectionRecord, RobotRecord
from ..workqueue.keys import Lane
from .context import Context
from .pool import LiveConnection
from .token_renewal import noted_credential, renewal_condition
from .unsaid import tell_unsaid

__all__ = ["lacks_scope", "update_status", "settled", "count_robots"]

COMPLAINTS = 3
ORGANIZATIONS_SHOWN = 10

log = structlog.get_logger(__name__)
C = ConditionType


async def update_status(
    context: Context,
    record: ConnectionRecord,
    error: QuayRobotError | None,
    held: QuayRobotError | None,
) -> QuayRobotError | None:
    """
    Write the connection's status, if it has changed; return why it was not taken.

    *error* is why it cannot be used, *held* why its finalizer could not be added or removed.
    """
    live = context.pool.known(record.key)
    usable = live if error is None else None
    after = ConnectionStatus(
        observed_generation=record.generation,
        conditions=merge_conditions(
            record.status.conditions,
            [_leaving(record, held)]
            if record.terminating
            else _conditions(context, record, live, error),
            generation=record.generation,
            now=context.now(),
        ),
        origin=usable.spec.origin if usable else record.status.origin,
        credential=(
            noted_credential(context, usable, record) if usable else record.status.credential
        ),
        circuit=_circuit(usable) if usable else record.status.circuit,
        robots=_counts(context, usable, record) if usable else record.status.robots,
        last_list_at=(usable.listed_at if usable else None) or record.status.last_list_at,
    )
    if not _is_news(context, live, record.status, after):
        return None
    body = await _write(context, record, after)
    if isinstance(body, QuayRobotError):
        return body
    if live is not None:
        live.told_at = context.now()
        if leftovers(record.status) != leftovers(after):
            live.counted_at = live.told_at
    context.store.observe(record.key.kind, None, body)
    _tell(context, record, after, body)
    return None


async def _write(
    context: Context, record: ConnectionRecord, after: ConnectionStatus
) -> Body | QuayRobotError:
    """Store *after*, and return the connection then, or why it was not taken."""
    kind, key = OURS[record.key.kind], record.key
    try:
        body = await context.resources.write_status(kind, record.body, dump_status(after))
    except Conflict as error:
        # The watch brings what it is now.
        return error
    except QuayRobotError as error:
        tell_unsaid(context, key.kind, record.body, error)
        return error
    context.unsaid.discard(record.uid)
    return body


def _is_news(
    context: Context,
    live: LiveConnection | None,
    before: ConnectionStatus,
    after: ConnectionStatus,
) -> bool:
    now = context.now()
    if live is None:
        return is_news(before, after, now)
    if live.told_at is None:
        # What was held back before a restart is held back again: a start alone writes nothing.
        live.told_at = now
        live.counted_at = live.counted_at or (now if before.robots is not None else None)
    return is_news(before, after, now, live.told_at, live.counted_at)


def count_robots(context: Context, live: LiveConnection, owner: OwnerName) -> None:
    """Count the robots of *owner* in the list just made; enqueue its connection on news."""
    ours = context.store.held_names(owner, live.spec.origin)
    count = count_listed(owner, live.snapshots.robots(owner), ours, context.now())
    known, live.summary[owner] = live.summary.get(owner), count
    live.listed_at = rfc3339(context.now())
    if known != count:
        context.queue.add(live.key, Lane.RESYNC)


def settled(status: ConnectionStatus | RobotStatus) -> bool:
    """Return whether *status* says Ready."""
    return any(each.type is C.READY and each.status == "True" for each in status.conditions)


def lacks_scope(status: RobotStatus) -> str | None:
    """Return the scope that the connection's token lacks for a robot, in words, or None."""
    for each in status.conditions:
        # Also where the credential works and only its rotation has to wait.
        if each.reason is Reason.INSUFFICIENT_SCOPE:
            return each.message
    return None


def _is_made(record: RobotRecord) -> bool:
    return record.status.robot is not None or record.birthplace is not None


def _counts(
    context: Context, live: LiveConnection, record: ConnectionRecord
) -> RobotCounts | None:
    users = context.store.users_of(live.key)
    # One that is being made counts: it is told with the first answer that Quay gives.
    managed = Counter(each.robot_name.owner for each in users if _is_made(each))
    if not managed and record.status.robots is None:
        return None
    return total(managed, live.summary, record.status.robots)


def _circuit(live: LiveConnection) -> str:
    return "Open" if live.limits.open else "Closed"


def _tell(
    context: Context, record: ConnectionRecord, after: ConnectionStatus, body: dict[str, object]
) -> None:
    old = {each.type: (each.status, each.reason) for each in record.status.conditions}
    for new in after.conditions:
        good = new.status == "True"
        if new.type not in {C.READY, C.RENEWED} or old.get(new.type) == (new.status, new.reason):
            continue
        if new.type is C.RENEWED and good and new.type not in old:
            # Nothing happened yet.
            continue
        if new.type is C.READY:
            _log_change(record, new)
        context.recorder.emit(
            body,
            kind=record.key.kind,
            warning=not good,
            reason=new.reason,
            note=new.message,
        )


def _log_change(record: ConnectionRecord, ready: Condition) -> None:
    who = {"kind": record.key.kind, "namespace": record.key.namespace, "name": record.key.name}
    if ready.status == "True":
        log.info("resource.ready", reason=ready.reason, **who)
    else:
        log.warning("resource.not_ready", reason=ready.reason, why=ready.message, **who)


def _conditions(
    context: Context,
    record: ConnectionRecord,
    live: LiveConnection | None,
    error: QuayRobotError | None,
) -> list[Condition]:
    if error is not None or live is None:
        reason = error.reason if error else Reason.CONNECTION_NOT_READY
        message = error.message if error else "not in use yet"
        waits = isinstance(error, TryLater) or _may_come_later(context, record, error)
        kind = C.RECONCILING if waits else C.STALLED
        return [
            _condition(C.READY, "False", reason, message),
            _condition(kind, "True", reason, message),
        ]
    renewal = renewal_condition(context, live, record)
    return [*_of_connection(context, live, record.status), *([renewal] if renewal else [])]


def _leaving(record: ConnectionRecord, held: QuayRobotError | None) -> Condition:
    if held is None:
        kept = held_by(record.meta)
        words = f"the operator let it go, and it is {kept}" if kept else "robots still use it"
        return _condition(C.READY, "False", Reason.DELETING, f"being deleted; {words}")
    words = f"the connection cannot be let go yet ({held.reason}): {held.message}"
    return _condition(C.READY, "False", Reason.DELETION_BLOCKED, words)


def _may_come_later(
    context: Context, record: ConnectionRecord, error: QuayRobotError | None
) -> bool:
    return error is not None and (
        grace_ends(
            record.status.conditions,
            error,
            generation=record.generation,
            edited=record.edited,
            now=context.now(),
            grace=context.grace,
        )
        is not None
    )


def _of_connection(
    context: Context, live: LiveConnection, before: ConnectionStatus
) -> list[Condition]:
    reachable, authorized = _reachable(live), _authorized(context, live)
    if not live.limits.heard and live.limits.cause is None:
        # Nothing was asked since the start: what was said last still stands.
        known = {each.type: each for each in before.conditions}
        reachable = known.get(C.REACHABLE, reachable)
        authorized = known.get(C.AUTHORIZED, authorized)
    bad = [each for each in (reachable, authorized) if each.status == "False"]
    if bad == [authorized] and live.denied is None and _serves_somebody(context, live):
        # What one robot or organization lacks is no fault of the connection for the others.
        bad = []
    if not bad:
        words = "the connection can be used"
        if live.key.kind == "ClusterQuayConnection" and not context.pool.rules(live.key):
            words = "access has no rule: no namespace may use the connection"
        ready = _condition(C.READY, "True", Reason.RECONCILED, words)
        return [ready, reachable, authorized]
    worst = bad[0]
    ready = _condition(C.READY, "False", worst.reason, worst.message)
    kind = C.RECONCILING if worst.type is C.REACHABLE else C.STALLED
    return [ready, reachable, authorized, _condition(kind, "True", worst.reason, worst.message)]


def _serves_somebody(context: Context, live: LiveConnection) -> bool:
    return not live.refused and any(
        settled(each.status) for each in context.store.users_of(live.key)
    )


def _reachable(live: LiveConnection) -> Condition:
    cause = live.limits.cause
    if cause is not None and (live.limits.open or not live.limits.heard):
        return _condition(C.REACHABLE, "False", Reason.QUAY_UNREACHABLE, cause)
    strange = live.probe.strange
    if strange is not None:
        return _condition(C.REACHABLE, "False", strange.reason, strange.message)
    if not live.limits.heard:
        words = "no call was needed yet"
        return _condition(C.REACHABLE, "Unknown", Reason.RECONCILED, words)
    return _condition(C.REACHABLE, "True", Reason.RECONCILED, "Quay answers")


def _authorized(context: Context, live: LiveConnection) -> Condition:
    if live.denied is not None:
        return _condition(C.AUTHORIZED, "False", live.denied.reason, live.denied.message)
    complaints = {lacks_scope(each.status) for each in context.store.users_of(live.key)} - {None}
    complaints |= {each.message for each in live.refused.values()}
    if complaints:
        first = next(iter(live.refused.values()), None)
        reason = first.reason if first is not None else Reason.INSUFFICIENT_SCOPE
        return _condition(C.AUTHORIZED, "False", reason, _listed(sorted(map(str, complaints))))
    if not live.limits.heard or live.probe.strange is not None:
        words = "no call was needed yet"
        return _condition(C.AUTHORIZED, "Unknown", Reason.RECONCILED, words)
    return _condition(C.AUTHORIZED, "True", Reason.RECONCILED, _taken(live))


def _taken(live: LiveConnection) -> str:
    """Whose the token is where it was asked; nothing that changes with each new token."""
    life_s = live.bearer.life_s
    user = live.whose.seen
    if user is None or life_s is None:
        return "Quay accepts the token"
    legal = [each for each in user.administers if re.fullmatch(OWNER_PATTERN, each)]
    more = len(legal) - ORGANIZATIONS_SHOWN
    named = [*legal[:ORGANIZATIONS_SHOWN], *([f"{more} more"] if more > 0 else [])]
    who = user.name if re.fullmatch(OWNER_PATTERN, user.name) else "a user"
    return (
        f"Quay accepts the token of {who}, an administrator of {', '.join(named) or 'nothing'}; "
        f"tokens last {_rounded(life_s)} and are replaced after two thirds of that"
    )


def _rounded(seconds: float) -> str:
    # Services count down: what is said must not change with that.
    return f"{round(seconds / 60)} min" if seconds >= 90 else f"{round(seconds / 10) * 10} s"


def _listed(complaints: list[str]) -> str:
    more = len(complaints) - COMPLAINTS
    shown = complaints[:COMPLAINTS] + ([f"and {more} more"] if more > 0 else [])
    return "; ".join(shown)


def _condition(kind: ConditionType, status: Status, reason: Reason, message: str) -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=message)
