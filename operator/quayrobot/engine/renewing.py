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

from ..cluster.kinds import OURS
from ..model.conditions import Condition, ConditionType
from ..model.errors import Ambiguous, Conflict, Denied, QuayRobotError, Reason, Refused, TryLater
from ..model.resources.connection import CredentialSeen
from ..model.resources.renewal import Renewal
from ..plan.renewal import (
    Asked,
    Heard,
    Life,
    Step,
    TokenSeen,
    is_arriving,
    life_of,
    meaning_of_refusal,
    next_step,
    next_step_s,
    note_life,
    renewed_condition,
)
from ..quay.turns import Urgency, with_urgency
from .apply import dump_status
from .keys import Lane, ResourceKey
from .lines import Line
from .passes import Tools
from .store import ConnectionRecord

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


async def renew_in_time(tools: Tools, key: ResourceKey) -> bool:
    """
    Have the token of the connection *key* renewed where that is due; tell whether it came.

    Raises:
        Refused: There is no token any more.
        TryLater: The Secret cannot be read now.
    """
    came = False
    for _ in range(ROUNDS):
        line, record = tools.lines.known(key), tools.store.connections.get(key)
        if line is None or record is None or _renewal(line) is None:
            return came
        life, asked = _standing(tools, line, record)
        match next_step(life, asked, tools.now()):
            case Step.WAIT:
                break
            case Step.LOOK:
                assert asked is not None
                if not await _look(tools, line, life, asked):
                    break
            case Step.ASK:
                came = await _ask(tools, line, record) or came
    hold_for_renewal(tools, key)
    return came


def hold_for_renewal(tools: Tools, key: ResourceKey) -> TryLater | None:
    """Keep everybody on *key* from calling with a token that is being replaced; say so."""
    line = tools.lines.known(key)
    if line is None or not (_arriving(tools, line) or _settling(tools, line)):
        return None
    msg = "the connection's token is being renewed; its Secret does not hold the new one yet"
    error = TryLater(Reason.CONNECTION_NOT_READY, msg, retry_after=ARRIVING_S)
    if is_renewed(tools, _digest(line)):
        line.hold(error, HELD_S)
    return error


def is_renewed(tools: Tools, digest: str) -> bool:
    """Tell whether the token *digest* was replaced in the ordinary way."""
    asked = tools.renewals.asked(digest)
    return asked is not None and asked.heard in {Heard.ROTATED, Heard.DEAD}


def noted_credential(tools: Tools, line: Line, record: ConnectionRecord) -> CredentialSeen:
    """Return what the status of *record* is to say of its credential."""
    place = CredentialSeen(secret_name=line.place.name, secret_namespace=line.place.namespace)
    if _renewal(line) is None:
        return place
    return note_life(place, *_standing(tools, line, record))


def renewal_condition(tools: Tools, line: Line, record: ConnectionRecord) -> Condition | None:
    """Return what is said of the renewal; None where nobody asked for one."""
    if _renewal(line) is None:
        return None
    known = {each.type: each for each in record.status.conditions}
    return renewed_condition(
        tools.renewals.asked(_digest(line)),
        known.get(ConditionType.RENEWED),
        place=f"key {line.place.key} of Secret {line.place.name}",
        now=tools.now(),
    )


def renewal_wait_s(tools: Tools, key: ResourceKey) -> float | None:
    """Return in how many seconds the renewal has something to do; None for no renewal."""
    line, record = tools.lines.known(key), tools.store.connections.get(key)
    if line is None or record is None or _renewal(line) is None:
        return None
    life, asked = _standing(tools, line, record)
    soon = ARRIVING_S if is_arriving(asked, tools.now()) else HELD_S
    return max(soon, next_step_s(life, asked, tools.now()))


def _renewal(line: Line) -> Renewal | None:
    return line.spec.credentials.renewal


def _digest(line: Line) -> str:
    return line.credential.token.digest


def _standing(tools: Tools, line: Line, record: ConnectionRecord) -> tuple[Life, Asked | None]:
    renewal = _renewal(line)
    assert renewal is not None
    held = line.credential
    seen = TokenSeen(held.token.digest, held.written_at, held.created_at)
    life = life_of(renewal, seen, record.status.credential, tools.now())
    return life, tools.renewals.asked(seen.digest)


def _arriving(tools: Tools, line: Line) -> bool:
    return is_arriving(tools.renewals.asked(_digest(line)), tools.now())


def _settling(tools: Tools, line: Line) -> bool:
    written = line.credential.written_at
    if written is None or abs(tools.now() - written) >= SETTLING:
        return False
    # One that shares the Secret need not renew it itself.
    return _renewal(line) is not None or tools.renewals.busy(tools.now())


async def _look(tools: Tools, line: Line, life: Life, asked: Asked) -> bool:
    """See whether the token still works; tell whether that is known now."""
    digest = _digest(line)
    try:
        with with_urgency(Urgency.ASKED):
            alive = await line.client.bootstrap.works()
    except QuayRobotError as error:
        log.info("token.renewed", outcome="unknown", reason=error.reason, name=line.key.name)
        return False
    if not alive:
        heard = meaning_of_refusal(life, asked)
    else:
        heard = Heard.ALIVE if asked.error is None else Heard.FAILED
    tools.renewals.hear(digest, asked, heard, asked.error)
    return True


async def _ask(tools: Tools, line: Line, record: ConnectionRecord) -> bool:
    """Ask for a new token, once it is stored that this is done; tell whether it came."""
    if line.limits.paused or (line.limits.open and not line.limits.probe_due):
        # Nothing would be sent.
        return False
    now = tools.now()
    if not await _intend(tools, line, record, Asked(now)):
        return False
    if await tools.lines.check(line.key):
        # Somebody was faster.
        return True
    digest = _digest(line)
    # A connection that was edited may lead elsewhere, or renew nothing any more.
    same = tools.lines.known(line.key) is line
    if not same or not tools.renewals.begin(digest, now):
        return False
    error = await _call(tools, line, record, Asked(now))
    if await tools.lines.check(line.key):
        return True
    asked = tools.renewals.asked(digest)
    if asked is not None and asked.heard is Heard.EXPIRED and isinstance(error, Denied):
        line.deny(error)
    return False


async def _call(
    tools: Tools, line: Line, record: ConnectionRecord, asked: Asked
) -> QuayRobotError | None:
    (life, _), digest = _standing(tools, line, record), _digest(line)
    heard: Heard = Heard.NOTHING
    failed: QuayRobotError | None = None
    try:
        with with_urgency(Urgency.ASKED):
            await line.client.bootstrap.renew()
        heard = Heard.ROTATED
    except QuayRobotError as error:
        heard, failed = _meaning(life, asked, error), error
    finally:
        # Also where the pass is ended in the middle: what came of it is not known then.
        tools.renewals.hear(digest, asked, heard, failed)
    word = failed.reason if failed is not None else heard.name.lower()
    log.info("token.renewed", outcome=word, name=line.key.name)
    return failed


def _meaning(life: Life, asked: Asked, error: QuayRobotError) -> Heard:
    match error:
        case Denied():
            return meaning_of_refusal(life, asked)
        case Refused():
            return Heard.REFUSED
        case Ambiguous():
            return Heard.NOTHING
        case _:
            return Heard.FAILED


async def _intend(tools: Tools, line: Line, record: ConnectionRecord, asked: Asked) -> bool:
    """Store that a new token is about to be asked for with this one."""
    life, _ = _standing(tools, line, record)
    place = CredentialSeen(secret_name=line.place.name, secret_namespace=line.place.namespace)
    status = record.status.model_copy(update={"credential": note_life(place, life, asked)})
    try:
        body = await tools.resources.write_status(
            OURS[record.key.kind], record.body, dump_status(status)
        )
    except Conflict:
        tools.queue.add(record.key, Lane.DRIFT, delay_s=ARRIVING_S)
        return False
    except QuayRobotError as error:
        log.warning("connection.checked", reason=error.reason, name=record.key.name)
        return False
    tools.store.observe(record.key.kind, None, body)
    return True
