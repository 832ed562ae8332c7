"""
How does a connection get its next token before this one ends?

The intent goes into the status, the Secret is read once more, Quay is asked,
the Secret is read again: Quay writes it before it answers, somebody else who
carries a file over takes longer. Dying between any two of these leads to a
look at what came of it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from ...cluster.kinds import OURS
from ...model.conditions import Condition, ConditionType
from ...model.errors import Ambiguous, Conflict, Denied, QuayRobotError, Reason, Refused, TryLater
from ...model.resources.base import dump_status
from ...model.resources.connection import CredentialSeen
from ...model.resources.renewal import Renewal
from ...plan.credentials.renewal import (
    RenewalRequest,
    RenewalResult,
    RenewalStep,
    TokenLifetime,
    TokenSeen,
    credential_status,
    is_arriving,
    lifetime_of,
    meaning_of_refusal,
    next_step,
    next_step_s,
    renewed_condition,
)
from ...quay.rate_limiter import Urgency, with_urgency
from ..cache.store import ConnectionRecord
from ..workqueue.keys import ResourceKey
from .context import UNWATCHED_S, Context, requeue_s
from .pool import LiveConnection

__all__ = [
    "hold_for_renewal",
    "is_renewed",
    "noted_credential",
    "renewal_condition",
    "renewal_wait_s",
    "renew_in_time",
]

# A look and a request, and one more where the token was replaced meanwhile.
ROUNDS = 3
ARRIVING_S, HELD_S = 1.0, 3.0
# Quay writes the new token into the Secret before it is stored in its database.
SETTLING = timedelta(seconds=15)

log = structlog.get_logger(__name__)


async def renew_in_time(context: Context, key: ResourceKey) -> bool:
    """
    Renew the token of the connection *key* if that is due; return whether a new one came.

    Raises:
        Refused: There is no token any more.
        TryLater: The Secret cannot be read now.
    """
    came = False
    for _ in range(ROUNDS):
        live, record = context.pool.known(key), context.store.connections.get(key)
        if live is None or record is None or _renewal(live) is None:
            return came
        live.unstored_s = None
        life, asked = _lifetime_and_request(context, live, record)
        match next_step(life, asked, context.now()):
            case RenewalStep.WAIT:
                break
            case RenewalStep.LOOK:
                assert asked is not None
                if not await _look(context, live, life, asked):
                    break
            case RenewalStep.ASK:
                came = await _ask(context, live, record) or came
                if live.unstored_s is not None:
                    break
    hold_for_renewal(context, key)
    return came


def hold_for_renewal(context: Context, key: ResourceKey) -> TryLater | None:
    """Hold all calls through *key* while its token is being replaced; return the error to show."""
    live = context.pool.known(key)
    if live is None or not (_arriving(context, live) or _settling(context, live)):
        return None
    msg = "the connection's token is being renewed; its Secret does not hold the new one yet"
    error = TryLater(Reason.CONNECTION_NOT_READY, msg, retry_after=ARRIVING_S)
    if is_renewed(context, _digest(live)):
        live.hold(error, HELD_S)
    return error


def is_renewed(context: Context, digest: str) -> bool:
    """Return whether the token *digest* was replaced in the ordinary way."""
    asked = context.renewals.asked(digest)
    return asked is not None and asked.heard in {RenewalResult.ROTATED, RenewalResult.DEAD}


def noted_credential(
    context: Context, live: LiveConnection, record: ConnectionRecord
) -> CredentialSeen | None:
    """Return `status.credential` for *record*; None where no Secret is read."""
    if live.place is None:
        return None
    place = CredentialSeen(secret_name=live.place.name, secret_namespace=live.place.namespace)
    if _renewal(live) is None:
        return place
    return credential_status(place, *_lifetime_and_request(context, live, record))


def renewal_condition(
    context: Context, live: LiveConnection, record: ConnectionRecord
) -> Condition | None:
    """Return the condition about the renewal; None where none is declared."""
    place = live.place
    if _renewal(live) is None or place is None:
        return None
    known = {each.type: each for each in record.status.conditions}
    return renewed_condition(
        context.renewals.asked(_digest(live)),
        known.get(ConditionType.RENEWED),
        place=f"key {place.key} of Secret {place.name}",
        now=context.now(),
    )


def renewal_wait_s(context: Context, key: ResourceKey) -> float | None:
    """Return in how many seconds the renewal is due for its next step; None without renewal."""
    live, record = context.pool.known(key), context.store.connections.get(key)
    if live is None or record is None or _renewal(live) is None:
        return None
    if live.unstored_s is not None:
        return live.unstored_s
    life, asked = _lifetime_and_request(context, live, record)
    soon = ARRIVING_S if is_arriving(asked, context.now()) else HELD_S
    return max(soon, next_step_s(life, asked, context.now()))


def _renewal(live: LiveConnection) -> Renewal | None:
    return live.spec.credentials.renewal


def _digest(live: LiveConnection) -> str:
    return live.credential.token.digest


def _lifetime_and_request(
    context: Context, live: LiveConnection, record: ConnectionRecord
) -> tuple[TokenLifetime, RenewalRequest | None]:
    renewal = _renewal(live)
    assert renewal is not None
    held = live.credential
    seen = TokenSeen(held.token.digest, held.written_at, held.created_at)
    life = lifetime_of(renewal, seen, record.status.credential, context.now())
    return life, context.renewals.asked(seen.digest)


def _arriving(context: Context, live: LiveConnection) -> bool:
    return is_arriving(context.renewals.asked(_digest(live)), context.now())


def _settling(context: Context, live: LiveConnection) -> bool:
    written = live.credential.written_at
    if written is None or abs(context.now() - written) >= SETTLING:
        return False
    # One that shares the Secret need not renew it itself.
    return _renewal(live) is not None or context.renewals.busy(context.now())


async def _look(
    context: Context, live: LiveConnection, life: TokenLifetime, asked: RenewalRequest
) -> bool:
    """See whether the token still works; tell whether that is known now."""
    digest = _digest(live)
    try:
        with with_urgency(Urgency.ASKED):
            alive = await live.client.bootstrap.works()
    except QuayRobotError as error:
        log.info("token.renewed", outcome="unknown", reason=error.reason, name=live.key.name)
        return False
    if not alive:
        heard = meaning_of_refusal(life, asked)
    else:
        heard = RenewalResult.ALIVE if asked.error is None else RenewalResult.FAILED
    context.renewals.hear(digest, asked, heard, asked.error)
    return True


async def _ask(context: Context, live: LiveConnection, record: ConnectionRecord) -> bool:
    """Ask for a new token, once it is stored that this is done; tell whether it came."""
    if live.limits.paused or (live.limits.open and not live.limits.probe_due):
        # Nothing would be sent.
        return False
    now = context.now()
    if not await _intend(context, live, record, RenewalRequest(now)):
        return False
    if await context.pool.check(live.key):
        # Somebody was faster.
        return True
    digest = _digest(live)
    # A connection that was edited may lead elsewhere, or renew nothing any more.
    same = context.pool.known(live.key) is live
    if not same or not context.renewals.begin(digest, now):
        return False
    error = await _call(context, live, record, RenewalRequest(now))
    if await context.pool.check(live.key):
        return True
    asked = context.renewals.asked(digest)
    if asked is not None and asked.heard is RenewalResult.EXPIRED and isinstance(error, Denied):
        live.deny(error)
    return False


async def _call(
    context: Context, live: LiveConnection, record: ConnectionRecord, asked: RenewalRequest
) -> QuayRobotError | None:
    (life, _), digest = _lifetime_and_request(context, live, record), _digest(live)
    heard: RenewalResult = RenewalResult.NOTHING
    failed: QuayRobotError | None = None
    try:
        with with_urgency(Urgency.ASKED):
            await live.client.bootstrap.renew()
        heard = RenewalResult.ROTATED
    except QuayRobotError as error:
        heard, failed = _meaning(life, asked, error), error
    finally:
        # Also where the pass is ended in the middle: what came of it is not known then.
        context.renewals.hear(digest, asked, heard, failed)
    word = failed.reason if failed is not None else heard.name.lower()
    log.info("token.renewed", outcome=word, name=live.key.name)
    return failed


def _meaning(life: TokenLifetime, asked: RenewalRequest, error: QuayRobotError) -> RenewalResult:
    match error:
        case Denied():
            return meaning_of_refusal(life, asked)
        case Refused():
            return RenewalResult.REFUSED
        case Ambiguous():
            return RenewalResult.NOTHING
        case _:
            return RenewalResult.FAILED


async def _intend(
    context: Context, live: LiveConnection, record: ConnectionRecord, asked: RenewalRequest
) -> bool:
    """Store that a new token is about to be asked for with this one."""
    life, _ = _lifetime_and_request(context, live, record)
    assert live.place is not None
    place = CredentialSeen(secret_name=live.place.name, secret_namespace=live.place.namespace)
    status = record.status.model_copy(update={"credential": credential_status(place, life, asked)})
    try:
        body = await context.resources.write_status(
            OURS[record.key.kind], record.body, dump_status(status)
        )
    except Conflict:
        live.unstored_s = context.queue.conflict_s(record.key)
        return False
    except QuayRobotError as error:
        log.warning("connection.checked", reason=error.reason, name=record.key.name)
        again_s = requeue_s(context, record.key, error, slow_s=UNWATCHED_S)
        live.unstored_s = max(HELD_S, again_s)
        return False
    context.store.observe(record.key.kind, None, body)
    return True
