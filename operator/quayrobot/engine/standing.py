"""
What does a connection's status say?

Whether Quay answers, whether it takes the token and what the token lacks, as
ordinary calls have told; how many robots there are. No call is made for it,
and it is written when it says something new.
"""

from __future__ import annotations

from collections import Counter

import structlog

from ..cluster.kinds import OURS
from ..model.conditions import Condition, ConditionType, Status, merge_conditions, rfc3339
from ..model.errors import Conflict, QuayRobotError, Reason, TryLater
from ..model.names import OwnerName
from ..model.resources.connection import ConnectionStatus, RobotCounts
from ..model.resources.robot import RobotStatus
from ..plan.inventory import count_listed, told_anew, total
from .apply import dump_status
from .keys import Lane
from .lines import Line
from .passes import Tools
from .renewing import noted_credential, renewal_condition
from .store import ConnectionRecord

__all__ = ["lacks_scope", "say_standing", "settled", "take_census"]

COMPLAINTS = 3

log = structlog.get_logger(__name__)
C = ConditionType


async def say_standing(
    tools: Tools, record: ConnectionRecord, error: QuayRobotError | None
) -> None:
    """Store how the connection stands, where that is news."""
    line = tools.lines.known(record.key)
    usable = line if error is None else None
    after = ConnectionStatus(
        observed_generation=record.generation,
        conditions=merge_conditions(
            record.status.conditions,
            _conditions(tools, record, line, error),
            generation=record.generation,
            now=tools.now(),
        ),
        origin=usable.spec.origin if usable else record.status.origin,
        credential=(
            noted_credential(tools, usable, record) if usable else record.status.credential
        ),
        circuit=_circuit(usable) if usable else record.status.circuit,
        robots=_counts(tools, usable, record) if usable else record.status.robots,
        last_list_at=(usable.listed_at if usable else None) or record.status.last_list_at,
    )
    if not told_anew(record.status, after, tools.now()):
        return
    kind = OURS[record.key.kind]
    try:
        body = await tools.resources.write_status(kind, record.body, dump_status(after))
    except Conflict:
        tools.queue.add(record.key, Lane.DRIFT, delay_s=1.0)
        return
    except QuayRobotError as failed:
        log.warning("connection.checked", reason=failed.reason, name=record.key.name)
        return
    tools.store.observe(record.key.kind, None, body)
    await _tell(tools, record, after, body)


def take_census(tools: Tools, line: Line, owner: OwnerName) -> None:
    """Count the robots of *owner* from the list just made; have it told where that is news."""
    ours = tools.store.held_names(owner, line.spec.origin)
    count = count_listed(owner, line.snapshots.robots(owner), ours, tools.now())
    known, line.census[owner] = line.census.get(owner), count
    line.listed_at = rfc3339(tools.now())
    if known != count:
        tools.queue.add(line.key, Lane.RESYNC)


def settled(status: ConnectionStatus | RobotStatus) -> bool:
    """Tell whether *status* says Ready."""
    return any(each.type is C.READY and each.status == "True" for each in status.conditions)


def lacks_scope(status: RobotStatus) -> str | None:
    """Return what the connection's token lacks for a robot, in words, or None."""
    for each in status.conditions:
        if each.status != "True" and each.reason is Reason.INSUFFICIENT_SCOPE:
            return each.message
    return None


def _counts(tools: Tools, line: Line, record: ConnectionRecord) -> RobotCounts | None:
    users = tools.store.users_of(line.key)
    # One that is being made counts: it is told with the first answer that Quay gives.
    managed = Counter(each.robot_name.owner for each in users if each.status.robot is not None)
    if not managed and record.status.robots is None:
        return None
    return total(managed, line.census, record.status.robots)


def _circuit(line: Line) -> str:
    return "Open" if line.limits.open else "Closed"


async def _tell(
    tools: Tools, record: ConnectionRecord, after: ConnectionStatus, body: dict[str, object]
) -> None:
    old = {each.type: (each.status, each.reason) for each in record.status.conditions}
    for new in after.conditions:
        good = new.status == "True"
        if new.type not in {C.READY, C.RENEWED} or old.get(new.type) == (new.status, new.reason):
            continue
        if new.type is C.RENEWED and good and new.type not in old:
            # Nothing happened yet.
            continue
        await tools.recorder.emit(
            body,
            kind=record.key.kind,
            warning=not good,
            reason=new.reason,
            note=new.message,
        )


def _conditions(
    tools: Tools, record: ConnectionRecord, line: Line | None, error: QuayRobotError | None
) -> list[Condition]:
    if record.terminating:
        return [
            _condition(C.READY, "False", Reason.DELETING, "being deleted; robots still use it")
        ]
    if error is not None or line is None:
        reason = error.reason if error else Reason.CONNECTION_NOT_READY
        message = error.message if error else "not in use yet"
        kind = C.RECONCILING if isinstance(error, TryLater) else C.STALLED
        return [
            _condition(C.READY, "False", reason, message),
            _condition(kind, "True", reason, message),
        ]
    renewal = renewal_condition(tools, line, record)
    return [*_of_line(tools, line, record.status), *([renewal] if renewal else [])]


def _of_line(tools: Tools, line: Line, before: ConnectionStatus) -> list[Condition]:
    reachable, authorized = _reachable(line), _authorized(tools, line)
    if not line.limits.heard and not line.limits.open:
        # Nothing was asked since the start: what was said last still stands.
        known = {each.type: each for each in before.conditions}
        reachable = known.get(C.REACHABLE, reachable)
        authorized = known.get(C.AUTHORIZED, authorized)
    bad = [each for each in (reachable, authorized) if each.status == "False"]
    if bad == [authorized] and line.denied is None and _serves_somebody(tools, line):
        # What one robot or organization lacks is no fault of the connection for the others.
        bad = []
    if not bad:
        ready = _condition(C.READY, "True", Reason.RECONCILED, "the connection can be used")
        return [ready, reachable, authorized]
    worst = bad[0]
    ready = _condition(C.READY, "False", worst.reason, worst.message)
    kind = C.RECONCILING if worst.type is C.REACHABLE else C.STALLED
    return [ready, reachable, authorized, _condition(kind, "True", worst.reason, worst.message)]


def _serves_somebody(tools: Tools, line: Line) -> bool:
    return not line.refused and any(
        settled(each.status) for each in tools.store.users_of(line.key)
    )


def _reachable(line: Line) -> Condition:
    if line.limits.open:
        return _condition(C.REACHABLE, "False", Reason.QUAY_UNREACHABLE, "Quay does not answer")
    if not line.limits.heard:
        words = "no call had to be made yet"
        return _condition(C.REACHABLE, "Unknown", Reason.RECONCILED, words)
    return _condition(C.REACHABLE, "True", Reason.RECONCILED, "Quay answers")


def _authorized(tools: Tools, line: Line) -> Condition:
    if line.denied is not None:
        return _condition(C.AUTHORIZED, "False", line.denied.reason, line.denied.message)
    complaints = {lacks_scope(each.status) for each in tools.store.users_of(line.key)} - {None}
    complaints |= {each.message for each in line.refused.values()}
    if complaints:
        first = next(iter(line.refused.values()), None)
        reason = first.reason if first is not None else Reason.INSUFFICIENT_SCOPE
        return _condition(C.AUTHORIZED, "False", reason, _listed(sorted(map(str, complaints))))
    if not line.limits.heard:
        words = "no call had to be made yet"
        return _condition(C.AUTHORIZED, "Unknown", Reason.RECONCILED, words)
    return _condition(C.AUTHORIZED, "True", Reason.RECONCILED, "Quay takes the token")


def _listed(complaints: list[str]) -> str:
    more = len(complaints) - COMPLAINTS
    shown = complaints[:COMPLAINTS] + ([f"and {more} more"] if more > 0 else [])
    return "; ".join(shown)


def _condition(kind: ConditionType, status: Status, reason: Reason, message: str) -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=message)
