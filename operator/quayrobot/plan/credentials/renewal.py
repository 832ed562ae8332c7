"""
When is a connection's token renewed, and what prevents it?

Quay gives the new token to nobody but its own Secret, and the old one dies at
once: between the two there is a moment without a token that works. So a token
is asked for once. What came of it is heard from Quay, or found out by a look
before anything is asked again; then the Secret is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ...model.conditions import Condition, ConditionType, rfc3339
from ...model.errors import QuayRobotError, Reason, Refused
from ...model.resources.connection import CredentialSeen
from ...model.resources.renewal import Renewal

__all__ = [
    "RenewalRequest",
    "RenewalResult",
    "TokenLifetime",
    "RenewalStep",
    "TokenSeen",
    "recorded_request",
    "is_arriving",
    "lifetime_of",
    "meaning_of_refusal",
    "next_step",
    "next_step_s",
    "credential_status",
    "renewed_condition",
]

# A part of the life that is left for outages, and one that spreads connections.
USED, SPREAD = 2 / 3, 1 / 15
# Robots wait this long for the new token before they believe that the old one is refused.
PATIENCE = timedelta(minutes=2)
# The next try after a no, and after a failure; sooner where a life is short.
AFTER_NO, AFTER_FAILURE, LEAST_PART = timedelta(minutes=5), timedelta(minutes=1), 1 / 12


class RenewalResult(StrEnum):
    """What came of a request for a new token."""

    ASKING = "it is under way"
    NOTHING = "not known: it was not answered, or an operator before this one asked"
    ALIVE = "nothing: the token still works"
    ROTATED = "Quay made a new token"
    DEAD = "the token does not work any more"
    EXPIRED = "the token had ended before"
    REFUSED = "Quay said no"
    FAILED = "it was not done"


class RenewalStep(StrEnum):
    """What is to be done about a token."""

    WAIT = "nothing for now"
    ASK = "ask for a new one with it"
    LOOK = "see whether it still works"


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """A token in its Secret; *written_at* is None where the API server did not note it."""

    digest: str
    written_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RenewalRequest:
    """A request for a new token: when, what was heard, and why nothing came of it."""

    at: datetime
    heard: RenewalResult = RenewalResult.NOTHING
    error: QuayRobotError | None = None


@dataclass(frozen=True, slots=True)
class TokenLifetime:
    """The times of one token."""

    digest: str
    issued_at: datetime
    renew_at: datetime
    expires_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it lives."""
        return self.expires_at - self.issued_at


def lifetime_of(
    renewal: Renewal, seen: TokenSeen, before: CredentialSeen | None, now: datetime
) -> TokenLifetime:
    """Return the times of the token *seen*; *before* is what the status says."""
    issued_at = _issued_at(seen, before, now)
    # Always the same for a token, so that nothing has to be remembered.
    fraction = int(seen.digest[-8:], 16) / 2**32
    return TokenLifetime(
        digest=seen.digest,
        issued_at=issued_at,
        renew_at=issued_at + renewal.life * (USED - SPREAD * fraction),
        expires_at=issued_at + renewal.life,
    )


def _issued_at(seen: TokenSeen, before: CredentialSeen | None, now: datetime) -> datetime:
    """No later than it was: a renewal that comes early harms nobody."""
    known = before.digest if before is not None else None
    if before is not None and before.issued_at is not None and known == seen.digest:
        # Who writes something else into the Secret makes the data look younger.
        noted = datetime.fromisoformat(before.issued_at)
        return noted if seen.written_at is None else min(noted, seen.written_at)
    if seen.written_at is not None:
        return min(seen.written_at, now)
    # Without a note it is as old as the Secret, unless it came while we watched.
    return seen.created_at if known is None else now


def recorded_request(before: CredentialSeen | None, digest: str) -> RenewalRequest | None:
    """Return what the status says was asked with the token *digest*."""
    if before is None or before.digest != digest or before.asked_at is None:
        return None
    return RenewalRequest(datetime.fromisoformat(before.asked_at))


def next_step(life: TokenLifetime, asked: RenewalRequest | None, now: datetime) -> RenewalStep:
    """Return what is to be done now."""
    if now < _due_at(life, asked):
        return RenewalStep.WAIT
    match asked.heard if asked is not None else None:
        case (
            RenewalResult.ASKING
            | RenewalResult.ROTATED
            | RenewalResult.DEAD
            | RenewalResult.EXPIRED
        ):
            # The next token comes by the Secret.
            return RenewalStep.WAIT
        case RenewalResult.NOTHING:
            return RenewalStep.LOOK
        case _:
            return RenewalStep.ASK


def next_step_s(life: TokenLifetime, asked: RenewalRequest | None, now: datetime) -> float:
    """Return in how many seconds something is due; 0 where it is, or the Secret is waited for."""
    return max(0.0, (_due_at(life, asked) - now).total_seconds())


def meaning_of_refusal(life: TokenLifetime, asked: RenewalRequest) -> RenewalResult:
    """Return what it means that the token does not work, as *asked* has shown."""
    return RenewalResult.EXPIRED if asked.at >= life.expires_at else RenewalResult.DEAD


def _due_at(life: TokenLifetime, asked: RenewalRequest | None) -> datetime:
    if asked is None:
        return life.renew_at
    if asked.heard is RenewalResult.REFUSED:
        return asked.at + min(AFTER_NO, life.length * LEAST_PART)
    if asked.heard is RenewalResult.FAILED:
        return asked.at + min(AFTER_FAILURE, life.length * LEAST_PART)
    return asked.at


def is_arriving(asked: RenewalRequest | None, now: datetime) -> bool:
    """Return whether a token that is refused may just have been replaced."""
    if asked is None or now >= asked.at + PATIENCE:
        return False
    return asked.heard in {
        RenewalResult.ASKING,
        RenewalResult.NOTHING,
        RenewalResult.ROTATED,
        RenewalResult.DEAD,
    }


def credential_status(
    credential: CredentialSeen, life: TokenLifetime, asked: RenewalRequest | None
) -> CredentialSeen:
    """Return what the status is to say of the token."""
    return credential.model_copy(
        update={
            "digest": life.digest,
            "issued_at": rfc3339(life.issued_at),
            "renew_at": rfc3339(life.renew_at),
            "expires_at": rfc3339(life.expires_at),
            "asked_at": rfc3339(asked.at) if asked is not None else None,
        }
    )


def renewed_condition(
    asked: RenewalRequest | None, before: Condition | None, *, place: str, now: datetime
) -> Condition:
    """Return what is said of the renewal; *before* stands while its outcome is open."""
    if asked is None:
        return _fine()
    match asked.heard:
        case RenewalResult.REFUSED | RenewalResult.FAILED:
            assert asked.error is not None
            return _trouble(asked.error)
        case RenewalResult.EXPIRED:
            msg = (
                f"the token in {place} has expired and Quay no longer accepts it; it can now be "
                "renewed only inside Quay's own container"
            )
            return _trouble(Refused(Reason.TOKEN_EXPIRED, msg))
        case RenewalResult.ROTATED | RenewalResult.DEAD if not is_arriving(asked, now):
            msg = (
                f"a new token was requested, but {place} still holds the previous one, which Quay "
                "no longer accepts"
            )
            return _trouble(Refused(Reason.RENEWAL_NOT_DELIVERED, msg))
        case _:
            return before or _fine()


def _fine() -> Condition:
    msg = "the token is renewed before it expires"
    return Condition(
        type=ConditionType.RENEWED, status="True", reason=Reason.RECONCILED, message=msg
    )


def _trouble(error: QuayRobotError) -> Condition:
    return Condition(
        type=ConditionType.RENEWED, status="False", reason=error.reason, message=error.message
    )
