"""
How does one pass over a connection go?

It reads the credential's Secret again, says whether Quay answers and takes
the credential, holds a namespaced connection (and its Secret) while robots
need it, and wakes those that wait when something turned for the better.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from ..cluster.kinds import QUAY_CONNECTION
from ..model.conditions import ConditionType
from ..model.errors import Conflict, Denied, QuayRobotError, Reason, TryLater
from .keys import Lane, OwnerKey, ResourceKey
from .lines import Line
from .passes import Outcome, Tools
from .renewing import hold_for_renewal, is_renewed, renew_in_time, renewal_wait_s
from .standing import say_standing, settled
from .store import ConnectionRecord, RobotRecord

__all__ = ["deny", "run_connection", "wake_waiting"]

HEALTHY_S = 30.0
WAITING_S = 3.0
LEAVING_S = 5.0
RENEWED_S = 1.0

log = structlog.get_logger(__name__)
C = ConditionType


async def run_connection(tools: Tools, key: ResourceKey) -> Outcome:
    """Bring what is known of one connection up to date."""
    record = tools.store.connections.get(key)
    if record is None:
        await tools.lines.drop(key)
        wake_all(tools, key)
        return Outcome()

    error: QuayRobotError | None = None
    changed, before = False, _used(tools, key)
    try:
        # Whoever made it: those that wait were not told of it yet.
        line = await tools.lines.get(key)
        changed = line.introduce()
        changed = await tools.lines.check(key) or changed
        await line.client.check_way()
        changed = await renew_in_time(tools, key) or changed
    except QuayRobotError as failed:
        error = failed

    await _hold(tools, tools.store.connections.get(key) or record)
    record = tools.store.connections.get(key)
    if record is None:
        return Outcome()
    await say_standing(tools, record, error)
    if _turned_ready(tools, record):
        wake_all(tools, key)
    elif changed:
        _wake_with_token(tools, key, before)
    outcome = _outcome(tools, key, error)
    waits = [each for each in (outcome.again_s, renewal_wait_s(tools, key)) if each is not None]
    return replace(outcome, again_s=min(waits, default=None))


async def deny(tools: Tools, line: Line, error: Denied) -> QuayRobotError:
    """
    Return what a refusal of the credential means after its Secret was read once more.

    A renewed credential is tried at once, one that is being renewed is waited
    for; the same one stays refused until the next resync asks again.
    """
    before = _used(tools, line.key)
    try:
        changed = await tools.lines.check(line.key)
    except QuayRobotError as other:
        return other
    if changed:
        _wake_with_token(tools, line.key, before)
        msg = "the connection's token was renewed; trying again with it"
        return TryLater(Reason.CONNECTION_NOT_READY, msg, retry_after=0.0)
    held = hold_for_renewal(tools, line.key)
    if held is not None:
        tools.queue.add(line.key, Lane.DRIFT, delay_s=RENEWED_S)
        return held
    if line.deny(error):
        log.warning("connection.checked", reason=error.reason, name=line.key.name)
        tools.queue.add(line.key, Lane.EDIT)
    return error


def _used(tools: Tools, key: ResourceKey) -> str | None:
    """The digest of the token that is used now, where Quay takes it."""
    line = tools.lines.known(key)
    return line.credential.token.digest if line is not None and line.denied is None else None


def _wake_with_token(tools: Tools, key: ResourceKey, before: str | None) -> None:
    """A token that was renewed in time can what the one before could: only who waits is woken."""
    if before is not None and is_renewed(tools, before):
        wake_waiting(tools, key)
    else:
        wake_all(tools, key)


def wake_waiting(tools: Tools, key: ResourceKey) -> None:
    """Have whoever waits for *key* try again now."""
    for record in _waiting(tools, key):
        tools.queue.forgive(record.key)
        tools.queue.add(record.key, Lane.EDIT if record.terminating else Lane.DRIFT)
    line = tools.lines.known(key)
    for owner in line.snapshots.owners() if line else ():
        if tools.queue.failing(OwnerKey(key, owner)):
            tools.queue.forgive(OwnerKey(key, owner))
            tools.queue.add(OwnerKey(key, owner), Lane.RESYNC)


def _probe(tools: Tools, line: Line) -> None:
    """Have one of those that wait find out whether Quay is back; deletions first."""
    _ask(tools, line, [each for each in _waiting(tools, line.key) if _reconciling(each)])


def _ask_again(tools: Tools, line: Line) -> None:
    """Have one of those that wait find out whether Quay takes the same token by now."""
    _ask(tools, line, _waiting(tools, line.key))


def _ask(tools: Tools, line: Line, waiting: list[RobotRecord]) -> None:
    urgent = [each for each in waiting if each.terminating] or waiting
    if urgent:
        # Any of them: one alone may be held up by something else than Quay.
        chosen = urgent[int(tools.jitter() * len(urgent))]
        tools.queue.add(chosen.key, Lane.DRIFT)
        return
    for owner in line.snapshots.owners()[:1]:
        tools.queue.add(OwnerKey(line.key, owner), Lane.RESYNC)


def _waiting(tools: Tools, key: ResourceKey) -> list[RobotRecord]:
    users = tools.store.users_of(key)
    return [each for each in users if each.terminating or not settled(each.status)]


def wake_all(tools: Tools, key: ResourceKey) -> None:
    """Have everybody on *key* look again: the rules or the way may be other ones."""
    for record in tools.store.users_of(key):
        tools.queue.forgive(record.key)
        tools.queue.add(record.key, Lane.DRIFT)


def _reconciling(record: RobotRecord) -> bool:
    conditions = record.status.conditions
    return record.terminating or any(each.type is C.RECONCILING for each in conditions)


def _outcome(tools: Tools, key: ResourceKey, error: QuayRobotError | None) -> Outcome:
    if error is not None:
        return Outcome(again_s=tools.spread(WAITING_S), error=error, settled=False)

    line = tools.lines.known(key)
    assert line is not None
    if line.denied is not None:
        if line.refusal is None:
            # The slow probe: one pass asks with the same token.
            _ask_again(tools, line)
        return Outcome(again_s=tools.spread(WAITING_S), error=line.denied, settled=False)
    if line.limits.open:
        if line.limits.probe_due:
            _probe(tools, line)
        return Outcome(again_s=tools.spread(WAITING_S))
    if line.limits.read_only:
        # The first write that is taken wakes the others.
        _probe(tools, line)
    return Outcome(again_s=tools.spread(min(HEALTHY_S, line.resync_s)))


# Holding what robots need -----------------------------------------------


async def _hold(tools: Tools, record: ConnectionRecord) -> None:
    """Let a namespaced connection and its Secret go when no robot needs them."""
    if record.key.kind != "QuayConnection":
        return

    # A robot that is being made says so in its status before it has a finalizer.
    users = tools.store.users_of(record.key)
    needed = any(each.guarded or each.status.robot is not None for each in users)
    try:
        if needed:
            await _guard(tools, record)
            await _let_secret_be_replaced(tools, record)
        else:
            await _release(tools, record)
    except Conflict:
        tools.queue.add(record.key, Lane.DRIFT, delay_s=1.0)
    except QuayRobotError as error:
        log.warning("connection.checked", reason=error.reason, name=record.key.name)


async def _guard(tools: Tools, record: ConnectionRecord) -> None:
    """Hold what somebody let go or made anew; a terminating object takes no finalizer."""
    line = tools.lines.known(record.key)
    if line is None or record.terminating:
        return
    if not line.credential.guarded and not line.credential.deleting:
        await tools.secrets.guard(line.place.namespace, line.place.name)
        line.credential = replace(line.credential, guarded=True)
    if not record.guarded:
        after = await tools.resources.add_finalizer(QUAY_CONNECTION, record.body)
        tools.store.observe(record.key.kind, None, after)


async def _release(tools: Tools, record: ConnectionRecord) -> None:
    if not record.guarded:
        return
    # The Secret first: once the connection is gone nobody knows of its Secret.
    for place in _places(tools, record):
        await tools.secrets.unguard(*place)
    after = await tools.resources.remove_finalizer(QUAY_CONNECTION, record.body)
    if after is not None:
        tools.store.observe(record.key.kind, None, after)


async def _let_secret_be_replaced(tools: Tools, record: ConnectionRecord) -> None:
    """
    A token Secret that somebody deletes alone, to make it anew, must not hang.

    In a namespace that is going, and for a connection that is going, it stays:
    the robots still need it. Whoever deletes several at once may begin with the
    Secret, so it is kept for a moment.
    """
    used = tools.lines.known(record.key)
    current = (used.place.namespace, used.place.name) if used else None
    for place in _places(tools, record) - ({current} if current else set()):
        await tools.secrets.unguard(*place)
    if used is None or not used.credential.deleting or record.terminating:
        return
    if not used.leaving_for(LEAVING_S):
        tools.queue.add(record.key, Lane.DRIFT, delay_s=LEAVING_S)
        return
    if not await tools.resources.namespace_terminating(record.key.namespace):
        await tools.secrets.unguard(used.place.namespace, used.place.name)


def _places(tools: Tools, record: ConnectionRecord) -> set[tuple[str, str]]:
    places = set()
    line = tools.lines.known(record.key)
    if line is not None:
        places.add((line.place.namespace, line.place.name))
    noted = record.status.credential
    if noted is not None and noted.secret_namespace == record.key.namespace:
        places.add((noted.secret_namespace, noted.secret_name))
    return places


def _turned_ready(tools: Tools, before: ConnectionRecord) -> bool:
    now = tools.store.connections.get(before.key)
    return now is not None and settled(now.status) and not settled(before.status)
