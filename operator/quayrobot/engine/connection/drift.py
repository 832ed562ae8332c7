"""
How is drift in Quay noticed?

One list per organization and resync serves all of its robots: whoever is not
as its status says is looked at, the others cost nothing. An organization that
is gone is told from a lost right by asking for it by name.
"""

from __future__ import annotations

import structlog

from ...model.errors import Denied, QuayRobotError, Reason, Refused, TryLater
from ...model.names import OwnerName, RobotName
from ...model.resources.robot import federation_of, permissions_of
from ...model.world import Present, RobotView
from ...plan.rights.by_quay import look_for
from ...quay.grants import Asked
from ...quay.paths import needed, scope_of
from ..cache.store import RobotRecord
from ..workqueue.keys import Lane, OwnerKey, ResourceKey
from .context import Context, Outcome, requeue_s
from .pool import LiveConnection
from .reconciler import deny
from .status import count_robots

__all__ = ["check_drift"]

log = structlog.get_logger(__name__)


async def check_drift(context: Context, key: OwnerKey) -> Outcome:
    """List the robots of one owner and enqueue the resources whose robot is not as expected."""
    held = _held(context, key)
    if not held:
        _allowed(context, context.pool.known(key.connection), key.owner)
        return Outcome()

    try:
        live = await context.pool.get(key.connection)
        error = await _refresh(context, live, key.owner, len(held))
    except QuayRobotError as failed:
        # The connection's own pass tells of it and wakes who waits.
        return Outcome(again_s=30.0, error=failed, settled=False)

    if error is not None:
        return Outcome(
            again_s=requeue_s(context, key, error, slow_s=live.resync_s),
            error=error,
            settled=False,
        )

    context.queue.forgive(key)
    count_robots(context, live, key.owner)
    drifted = await _beat(context, live, key.owner, held)
    for record in held:
        if record.key in drifted or _differs(live, record):
            context.queue.add(record.key, Lane.DRIFT)
    return Outcome(again_s=context.spread(live.resync_s))


async def _beat(
    context: Context, live: LiveConnection, owner: OwnerName, held: list[RobotRecord]
) -> set[ResourceKey]:
    """Where the beat is due: read the rights of all; return who is to compare them."""
    rights = [each for each in held if permissions_of(each.lenient_spec) is not None]
    federated = [each for each in held if federation_of(each.lenient_spec) is not None]
    if not (rights or federated) or not _beat_due(context, live, owner):
        return set()
    for name in (name for each in federated for name in each.robot_names):
        # Each of them reads its own: no list shows it.
        live.federation[name] = None
    drifted = {each.key for each in federated}
    return drifted | (await _rights_beat(context, live, owner, rights) if rights else set())


async def _rights_beat(
    context: Context, live: LiveConnection, owner: OwnerName, held: list[RobotRecord]
) -> set[ResourceKey]:
    wanted = [each for record in held if (each := permissions_of(record.lenient_spec)) is not None]
    robots = {name: _asked(each) for each in held for name in each.robot_names}
    defaults = owner.kind == "organization" and any(
        each.defaults or each.mode == "Exact" for each in wanted
    )
    everybody = {each.key for each in held}
    try:
        await live.grants.refresh_all(owner, robots, defaults=defaults)
    except Refused:
        # Each robot tells of it: its rights are not known any more. Whoever took the right from
        # the token's user may have given it back by the next resync.
        live.drift_due[owner] = context.clock()
        return everybody
    except Denied as error:
        if isinstance(await deny(context, live, error), TryLater):
            # There is another token, or one is about to come.
            live.drift_due[owner] = context.clock()
        return set()
    except QuayRobotError:
        # The next resync comes soon enough.
        live.drift_due[owner] = context.clock()
        return set()
    return everybody


def _asked(record: RobotRecord) -> Asked:
    assert record.lenient_spec.permissions is not None
    due = look_for(record.active_name, record.lenient_spec.permissions)
    return Asked(frozenset(due.repositories or ()), beyond=due.beyond, creators=due.creators)


def _beat_due(context: Context, live: LiveConnection, owner: OwnerName) -> bool:
    """Beats are an interval apart; the first one after a start too."""
    now = context.clock()
    due = live.drift_due.get(owner)
    if due is not None and now < due:
        return False
    live.drift_due[owner] = now + context.spread(live.drift_s)
    return due is not None


def _held(context: Context, key: OwnerKey) -> list[RobotRecord]:
    return [
        each
        for each in context.store.users_at(key.connection, key.owner)
        if each.status.holds and not each.terminating
    ]


async def _refresh(
    context: Context, live: LiveConnection, owner: OwnerName, expected: int
) -> QuayRobotError | None:
    if live.refusal is not None:
        return live.refusal
    try:
        # Another pass may have listed a moment ago; that list is as good.
        await live.snapshots.refresh(owner, max_age_s=live.resync_s * 0.5)
    except Denied as error:
        return await deny(context, live, error)
    except Refused as error:
        gone = await _gone(context, live, owner)
        if gone is None:
            live.refused[owner] = error
            context.queue.add(live.key, Lane.EDIT)
        return gone or error
    except QuayRobotError as error:
        return error

    if (hidden := _hidden(live, owner)) is not None:
        # What is as it should be goes on; nothing that is lost could be written again.
        live.refused[owner] = hidden
        context.queue.add(live.key, Lane.EDIT)
        return None
    _allowed(context, live, owner)
    if expected > 1 and not any(live.snapshots.robots(owner)):
        # A superuser gets an empty list for an organization that is not there: one call
        # tells for all of its robots.
        await _gone(context, live, owner)
    return None


def _hidden(live: LiveConnection, owner: OwnerName) -> Refused | None:
    """Quay shows members and some superusers the robots, but to administrators only the tokens."""
    if all(each.token is not None for each in live.snapshots.robots(owner)):
        return None
    what = needed(scope_of(owner), signed_on=live.spec.credentials.type == "OIDC")
    msg = f"Quay does not show the robots' tokens to this connection; this needs {what}"
    return Refused(Reason.INSUFFICIENT_SCOPE, msg)


def _allowed(context: Context, live: LiveConnection | None, owner: OwnerName) -> None:
    """What was refused for *owner*, if anything was, is no trouble of the connection any more."""
    if live is not None and live.refused.pop(owner, None) is not None:
        context.queue.add(live.key, Lane.EDIT)


async def _gone(context: Context, live: LiveConnection, owner: OwnerName) -> QuayRobotError | None:
    if owner.kind == "user":
        return None
    try:
        if await live.client.organization_exists(owner):
            return None
    except QuayRobotError as error:
        return error
    gone = Refused(
        Reason.ORGANIZATION_NOT_FOUND, f"the organization {owner.name} does not exist in Quay"
    )
    # Found again at the next resync while robots are held there, forgotten otherwise.
    live.snapshots.lose(owner, gone, for_s=1.3 * live.resync_s)
    live.refused.pop(owner, None)
    for record in _held(context, OwnerKey(live.key, owner)):
        context.queue.add(record.key, Lane.DRIFT)
    return gone


def _differs(live: LiveConnection, record: RobotRecord) -> bool:
    robot, credential = record.status.robot, record.status.credential
    if robot is None or credential is None:
        return True
    known = robot.token_digest or credential.digest
    if not _is_as(live.snapshots.view(record.active_name), robot.created_at, known):
        return True
    return any(
        _other_differs(live, record, name)
        for name in record.robot_names
        if name != record.active_name
    )


def _other_differs(live: LiveConnection, record: RobotRecord, name: RobotName) -> bool:
    """A robot that was replaced is there until it goes; any other of that name is a surprise."""
    view = live.snapshots.view(name)
    retiring = record.status.rotation.retiring if record.status.rotation else None
    if retiring is None:
        return isinstance(view, Present)
    return not _is_as(view, retiring.created_at, retiring.digest)


def _is_as(view: RobotView, created: str | None, digest: str | None) -> bool:
    if not isinstance(view, Present):
        return False
    token = view.value.token
    return created == view.value.created and (token is None or token.digest == digest)
