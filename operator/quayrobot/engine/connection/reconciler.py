"""
What are the steps of one reconciliation of a connection?

It reads the credential's Secret again, says whether Quay answers and takes
the credential, holds a namespaced connection (and its Secret) while robots
need it, and wakes those that wait when something turned for the better.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from ...cluster.kinds import QUAY_CONNECTION, QUAY_ROBOT
from ...model.conditions import Condition, ConditionType
from ...model.errors import Conflict, Denied, InvalidSpec, QuayRobotError, Reason, TryLater
from ..cache.store import ConnectionRecord, RobotRecord
from ..workqueue.keys import Lane, OwnerKey, ResourceKey
from .context import Context, Outcome
from .places import SecretPlace, secret_place
from .pool import LiveConnection
from .status import settled, update_status
from .token_renewal import hold_for_renewal, is_renewed, renew_in_time, renewal_wait_s
from .unsaid import after_unsaid

__all__ = ["deny", "reconcile_connection", "enqueue_waiting"]

HEALTHY_S = 30.0
WAITING_S = 3.0
LEAVING_S = 5.0
RENEWED_S = 1.0

log = structlog.get_logger(__name__)
C = ConditionType


async def reconcile_connection(context: Context, key: ResourceKey) -> Outcome:
    """Reconcile one connection: its token, its status, its finalizers."""
    record = context.store.connections.get(key)
    if record is None:
        await context.pool.drop(key)
        enqueue_all(context, key)
        return Outcome()

    error: QuayRobotError | None = None
    conflicts = context.queue.conflicts(key)
    changed, before = False, _used(context, key)
    try:
        # Whoever made it: those that wait were not told of it yet.
        live = await context.pool.get(key)
        changed = live.introduce()
        changed = await context.pool.check(key) or changed
        await live.client.check_addresses()
        changed = await renew_in_time(context, key) or changed
        await sign_on(live)
    except QuayRobotError as failed:
        error = failed

    held = await _hold(context, context.store.connections.get(key) or record)
    record = context.store.connections.get(key)
    if record is None:
        return Outcome()
    unsaid = await update_status(context, record, error, held)
    if _turned_ready(context, record):
        enqueue_all(context, key)
    elif changed:
        _wake_with_token(context, key, before)
    elif error is not None and _tells_anew(context, record, error):
        enqueue_waiting(context, key)
    outcome = _outcome(context, key, error)
    if unsaid is None and context.queue.conflicts(key) == conflicts:
        context.queue.forgive(key)
    if unsaid is not None:
        outcome = after_unsaid(context, key, replace(outcome, again_s=None), unsaid)
    waits = [each for each in (outcome.again_s, renewal_wait_s(context, key)) if each is not None]
    return replace(outcome, again_s=min(waits, default=None))


async def sign_on(live: LiveConnection) -> None:
    """
    Have a JWT at hand, where the connection calls with one, and know whose it is.

    Raises:
        QuayRobotError: It cannot be had, or Quay does not accept it.
    """
    if live.spec.credentials.type != "OIDC" or live.refusal is not None or live.limits.open:
        return
    await live.bearer.token()
    try:
        await live.whose.ask()
    except Denied as error:
        live.deny(error)
    except QuayRobotError as error:
        # Of Quay itself tells what it was asked for; whose the token is can wait.
        if error.reason is Reason.ISSUER_UNREACHABLE:
            raise


async def deny(context: Context, live: LiveConnection, error: Denied) -> QuayRobotError:
    """
    Read the credential's Secret again after a refusal, and return what the refusal means now.

    A renewed credential is tried at once, one that is being renewed is waited
    for; the same one stays refused until the next resync asks again.
    """
    before = _used(context, live.key)
    try:
        changed = await context.pool.check(live.key)
    except QuayRobotError as other:
        return other
    if changed:
        _wake_with_token(context, live.key, before)
        msg = "the connection's token was renewed; trying again with it"
        return TryLater(Reason.CONNECTION_NOT_READY, msg, retry_after=0.0)
    held = hold_for_renewal(context, live.key)
    if held is not None:
        context.queue.add(live.key, Lane.DRIFT, delay_s=RENEWED_S)
        return held
    if live.deny(error):
        log.warning("connection.checked", reason=error.reason, name=live.key.name)
        context.queue.add(live.key, Lane.EDIT)
    return error


def _used(context: Context, key: ResourceKey) -> str | None:
    """The digest of the token that is used now, where Quay takes it."""
    live = context.pool.known(key)
    return live.credential.token.digest if live is not None and live.denied is None else None


def _wake_with_token(context: Context, key: ResourceKey, before: str | None) -> None:
    """A token that was renewed in time can what the one before could: only who waits is woken."""
    if before is not None and is_renewed(context, before):
        enqueue_waiting(context, key)
    else:
        enqueue_all(context, key)


def enqueue_waiting(context: Context, key: ResourceKey) -> None:
    """Enqueue all that wait for the connection *key*."""
    for record in _waiting(context, key):
        context.queue.forgive(record.key)
        context.queue.add(record.key, Lane.EDIT if record.terminating else Lane.DRIFT)
    live = context.pool.known(key)
    for owner in live.snapshots.owners() if live else ():
        if context.queue.failing(OwnerKey(key, owner)):
            context.queue.forgive(OwnerKey(key, owner))
            context.queue.add(OwnerKey(key, owner), Lane.RESYNC)


def _probe(context: Context, live: LiveConnection) -> None:
    """Have one of those that wait find out whether Quay is back; deletions first."""
    _ask(context, live, [each for each in _waiting(context, live.key) if _reconciling(each)])


def _ask_again(context: Context, live: LiveConnection) -> None:
    """Have one of those that wait find out whether Quay takes the same token by now."""
    _ask(context, live, _waiting(context, live.key))


def _ask(context: Context, live: LiveConnection, waiting: list[RobotRecord]) -> None:
    urgent = [each for each in waiting if each.terminating] or waiting
    if urgent:
        # Any of them: one alone may be held up by something else than Quay.
        chosen = urgent[int(context.jitter() * len(urgent))]
        context.queue.add(chosen.key, Lane.DRIFT)
        return
    for owner in live.snapshots.owners()[:1]:
        context.queue.add(OwnerKey(live.key, owner), Lane.RESYNC)


def _waiting(context: Context, key: ResourceKey) -> list[RobotRecord]:
    users = context.store.users_of(key)
    return [each for each in users if each.terminating or not settled(each.status)]


def enqueue_all(context: Context, key: ResourceKey) -> None:
    """Enqueue all that use the connection *key*: its rules or its address may have changed."""
    for record in context.store.users_of(key):
        context.queue.forgive(record.key)
        context.queue.add(record.key, Lane.DRIFT)


def _reconciling(record: RobotRecord) -> bool:
    conditions = record.status.conditions
    return record.terminating or any(each.type is C.RECONCILING for each in conditions)


def _outcome(context: Context, key: ResourceKey, error: QuayRobotError | None) -> Outcome:
    if error is not None:
        return Outcome(again_s=context.spread(WAITING_S), error=error, settled=False)

    live = context.pool.known(key)
    assert live is not None
    if live.denied is not None:
        if live.refusal is None:
            # The slow probe: one pass asks with the same token.
            _ask_again(context, live)
        return Outcome(again_s=context.spread(WAITING_S), error=live.denied, settled=False)
    if live.limits.open:
        if live.limits.probe_due:
            _probe(context, live)
        return Outcome(again_s=context.spread(WAITING_S))
    if live.limits.read_only:
        # The first write that is taken wakes the others.
        _probe(context, live)
    return Outcome(again_s=context.spread(min(HEALTHY_S, live.resync_s)))


# Holding what robots need -----------------------------------------------


async def _hold(context: Context, record: ConnectionRecord) -> QuayRobotError | None:
    """
    Let a namespaced connection and its Secret go when no robot needs them.

    Returns why that, or holding them, could not be done.
    """
    if record.key.kind != "QuayConnection":
        return None

    users = context.store.users_of(record.key)
    # Before anything is stored the pass over a robot says so.
    needed = any(_holds(each) for each in users) or _is_awaited(context, record)
    try:
        if needed:
            await _guard(context, record)
        if needed or (not record.terminating and any(_may_need(each) for each in users)):
            await _let_secret_be_replaced(context, record)
        else:
            await _release(context, record)
    except Conflict:
        again_s = context.queue.conflict_s(record.key)
        context.queue.add(record.key, Lane.DRIFT, delay_s=again_s)
    except QuayRobotError as error:
        why = error.message
        log.warning("connection.checked", reason=error.reason, why=why, name=record.key.name)
        return error
    return None


async def _guard(context: Context, record: ConnectionRecord) -> None:
    """Hold what somebody let go or created again; a terminating object takes no finalizer."""
    live = context.pool.known(record.key)
    if live is None or record.terminating:
        return
    if live.place and not live.credential.guarded and not live.credential.deleting:
        await context.secrets.guard(live.place.namespace, live.place.name)
        live.credential = replace(live.credential, guarded=True)
    if not record.guarded:
        after = await context.resources.add_finalizer(QUAY_CONNECTION, record.body)
        context.store.observe(record.key.kind, None, after)


async def _release(context: Context, record: ConnectionRecord) -> None:
    if not record.guarded or await _is_needed(context, record):
        return
    # One at a time: of two that share a Secret, the one that goes last lets it go.
    async with context.pool.releasing:
        # The Secret first: once the connection is gone nobody knows of its Secret.
        for place in _places(context, record) - await _held_by_others(context, record):
            await context.secrets.unguard(*place)
        after = await context.resources.remove_finalizer(QUAY_CONNECTION, record.body)
    if after is not None:
        context.store.observe(record.key.kind, None, after)


async def _is_needed(context: Context, record: ConnectionRecord) -> bool:
    """Ask the API server too whether a robot needs it: a watch may be behind."""
    namespace = record.key.namespace
    async for body in context.resources.list_all(QUAY_ROBOT, namespace=namespace):
        robot = RobotRecord(QUAY_ROBOT.kind, body)
        if robot.connection_key == record.key and _holds(robot):
            return True
    return False


def _holds(robot: RobotRecord) -> bool:
    # One that is being made says so in its status before it has a finalizer; one that is being
    # deleted gets none any more.
    return robot.guarded or (robot.status.robot is not None and not robot.terminating)


def _may_need(robot: RobotRecord) -> bool:
    # A policy refuses its finalizer: it would be held and let go again at each try.
    return not robot.terminating and not settled(robot.status)


async def _let_secret_be_replaced(context: Context, record: ConnectionRecord) -> None:
    """
    A token Secret that somebody deletes alone, to make it again, must not hang.

    In a namespace that is going, and for a connection that is going, it stays:
    the robots still need it. Whoever deletes several at once may begin with the
    Secret, so it is kept for a moment.
    """
    current = _current_places(context, record)
    if left := _places(context, record) - current:
        for place in left - await _held_by_others(context, record):
            await context.secrets.unguard(*place)
    if record.terminating:
        return
    for place in current:
        leaves = await _is_leaving(context, record, place)
        if leaves and not await context.resources.namespace_terminating(record.key.namespace):
            await context.secrets.unguard(*place)


async def _is_leaving(context: Context, record: ConnectionRecord, place: tuple[str, str]) -> bool:
    used = context.pool.known(record.key)
    if used is None:
        return await context.secrets.is_deleting(*place)
    if not used.credential.deleting or used.leaving_for(LEAVING_S):
        return used.credential.deleting
    context.queue.add(record.key, Lane.DRIFT, delay_s=LEAVING_S)
    return False


async def _held_by_others(context: Context, record: ConnectionRecord) -> set[tuple[str, str]]:
    """Where, by a live read, the tokens are that other connections of the namespace hold."""
    held: set[tuple[str, str]] = set()
    async for body in context.resources.list_all(QUAY_CONNECTION, namespace=record.key.namespace):
        other = ConnectionRecord(QUAY_CONNECTION.kind, body)
        if other.key != record.key and (other.guarded or _is_awaited(context, other)):
            held |= _current_places(context, other)
    return held


def _is_awaited(context: Context, record: ConnectionRecord) -> bool:
    live = context.pool.known(record.key)
    return live is not None and bool(live.needed_by)


def _current_places(context: Context, record: ConnectionRecord) -> set[tuple[str, str]]:
    """Where the token is that the connection calls with, or will once it can be used."""
    live, spec = context.pool.known(record.key), record.spec
    if live is not None:
        return _in(live.place)
    if isinstance(spec, InvalidSpec):
        # What it names is not known.
        return _places(context, record)
    return _in(secret_place(record.key, spec))


def _places(context: Context, record: ConnectionRecord) -> set[tuple[str, str]]:
    live = context.pool.known(record.key)
    places = _in(live.place) if live is not None else set()
    noted = record.status.credential
    if noted is not None and noted.secret_namespace == record.key.namespace:
        places.add((noted.secret_namespace, noted.secret_name))
    return places


def _in(place: SecretPlace | None) -> set[tuple[str, str]]:
    return set() if place is None else {(place.namespace, place.name)}


def _tells_anew(context: Context, before: ConnectionRecord, error: QuayRobotError) -> bool:
    """
    Whether robots that wait say something else of the connection than what is wrong with it now.

    It was not there before, or its Secret lacks something else. An outage is none of this: those
    that wait for its end are not to be woken each time it looks different.
    """
    now = context.store.connections.get(before.key)
    if now is None or now.status.observed_generation != before.generation:
        return False
    if before.status.observed_generation != before.generation:
        return True
    lacks = error.reason is Reason.CONNECTION_NOT_READY
    return lacks and _ready(now) != _ready(before)


def _ready(record: ConnectionRecord) -> list[Condition]:
    return [each for each in record.status.conditions if each.type is C.READY]


def _turned_ready(context: Context, before: ConnectionRecord) -> bool:
    now = context.store.connections.get(before.key)
    return now is not None and settled(now.status) and not settled(before.status)
