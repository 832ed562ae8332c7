"""
Which errors are there, by what happens next?

QuayRobotError            reason, message (house-written), cause chained
  InvalidSpec             the user must edit          -> Stalled, waits for an edit
  Refused                 user or admin must act      -> Stalled, slow recheck
  Denied                  credential refused, twice   -> Stalled, slow probe
  TryLater                may work later              -> Reconciling, backoff
    Unfinished            an answer was too slow    -> the same by smaller calls, where there are
    Failed                Quay failed at this one    -> a list may tell more
    Ambiguous             a write may have happened   -> look before anything else
    Contested             others set it back           -> repaired less and less often
    Conflict              the object is not as we saw -> look before anything else

The class is the consequence; the reason is what a user reads. Foreign text (a
response body, the text of a foreign exception) never enters a message.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

__all__ = [
    "Ambiguous",
    "Conflict",
    "Contested",
    "Denied",
    "Failed",
    "InvalidSpec",
    "QuayRobotError",
    "Reason",
    "Refused",
    "TryLater",
    "Unfinished",
]


class Reason(StrEnum):
    """Every reason a condition or an event of ours can carry; part of the API."""

    RECONCILED = "Reconciled"
    CREATING = "Creating"
    DELETING = "Deleting"
    PROGRESSING = "Progressing"
    ROTATING = "Rotating"
    RECREATED = "Recreated"
    REGENERATED = "Regenerated"
    SUSPENDED = "Suspended"
    INVALID_SPEC = "InvalidSpec"
    ACCESS_DENIED = "AccessDenied"
    CONNECTION_NOT_FOUND = "ConnectionNotFound"
    CONNECTION_NOT_READY = "ConnectionNotReady"
    CONNECTION_MOVED = "ConnectionMoved"
    HOST_REFUSED = "HostRefused"
    ROBOT_EXISTS = "RobotExists"
    ROBOT_NOT_FOUND = "RobotNotFound"
    ALREADY_CLAIMED = "AlreadyClaimed"
    FOREIGN_OWNER = "ForeignOwner"
    SECRET_NOT_OWNED = "SecretNotOwned"  # noqa: S105 - a reason, not a secret
    SERVICE_ACCOUNT_NOT_FOUND = "ServiceAccountNotFound"
    REPOSITORY_NOT_FOUND = "RepositoryNotFound"
    TEAM_NOT_FOUND = "TeamNotFound"
    NOT_SUPPORTED = "NotSupported"
    ISSUER_REFUSED = "IssuerRefused"
    ISSUER_UNREACHABLE = "IssuerUnreachable"
    EXCHANGE_REFUSED = "ExchangeRefused"
    CREDENTIAL_REFUSED = "CredentialRefused"
    TOKEN_NOT_ISSUED = "TokenNotIssued"  # noqa: S105 - a reason, not a secret
    INSUFFICIENT_SCOPE = "InsufficientScope"
    RENEWAL_REFUSED = "RenewalRefused"
    RENEWAL_FAILED = "RenewalFailed"
    RENEWAL_NOT_DELIVERED = "RenewalNotDelivered"
    TOKEN_EXPIRED = "TokenExpired"  # noqa: S105 - a reason, not a secret
    QUAY_UNREACHABLE = "QuayUnreachable"
    QUAY_THROTTLED = "QuayThrottled"
    QUAY_READ_ONLY = "QuayReadOnly"
    QUAY_ANSWER_NOT_UNDERSTOOD = "QuayAnswerNotUnderstood"
    DELETION_BLOCKED = "DeletionBlocked"
    IMMUTABLE_FIELD = "ImmutableField"
    QUAY_ROBOT_NOT_OWNED = "QuayRobotNotOwned"
    REMOVAL_NOT_CONFIRMED = "RemovalNotConfirmed"
    NAMESPACES_FAILED = "NamespacesFailed"
    NO_NAMESPACES = "NoNamespaces"
    ORGANIZATION_NOT_FOUND = "OrganizationNotFound"
    CLUSTER_REFUSED = "ClusterRefused"
    ADMISSION_DENIED = "AdmissionDenied"
    QUOTA_EXCEEDED = "QuotaExceeded"
    NAMESPACE_TERMINATING = "NamespaceTerminating"
    CONTESTED = "Contested"
    IMAGE_PULL_SECRETS_DECLARED = "ImagePullSecretsDeclared"
    CLUSTER_UNAVAILABLE = "ClusterUnavailable"
    NOT_LEADER = "NotLeader"
    INTERNAL_ERROR = "InternalError"


# Who says so looks at it before anything else.
_AT_THE_DOOR = {Reason.QUAY_THROTTLED, Reason.QUAY_READ_ONLY, Reason.CREDENTIAL_REFUSED}


class QuayRobotError(Exception):
    """
    Something a pass could not do: *reason* for machines, *message* for people.

    *may_have_left* is False where no byte of a request to Quay was sent.
    """

    may_have_left = True

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message

    @property
    def did_nothing(self) -> bool:
        """Whether what was asked of Quay was surely not carried out, not even in part."""
        return not self.may_have_left or self.reason in _AT_THE_DOOR

    def unsent(self) -> Self:
        """Return this error, marked as one before any byte was sent."""
        self.may_have_left = False
        return self


class InvalidSpec(QuayRobotError):
    """The resource says something that cannot be; only an edit helps."""


class Refused(QuayRobotError):
    """The rules, Quay or the cluster said no; somebody has to act."""


class Denied(QuayRobotError):
    """Quay refused the connection's credential; a new one helps."""


class TryLater(QuayRobotError):
    """It may work later; *retry_after* is in seconds where the other side said so."""

    def __init__(self, reason: Reason, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


class Unfinished(TryLater):
    """A read that left and whose answer was too slow, or too large to be taken."""


class Failed(TryLater):
    """Quay answered that it failed at this very read; others may go well."""


class Contested(TryLater):
    """Somebody else sets back what we write; *usable* says that the credential works anyway."""

    def __init__(self, message: str, *, retry_after: float, usable: bool) -> None:
        super().__init__(Reason.CONTESTED, message, retry_after=retry_after)
        self.usable = usable


class Ambiguous(TryLater):
    """
    A write was sent and its outcome is not known: look before writing again.

    *refusal* is what the answer meant if the look finds that nothing happened. *overdue* says
    that nobody waited for the end of it: what a look does not find may still happen.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        retry_after: float | None = None,
        refusal: QuayRobotError | None = None,
        overdue: bool = False,
    ) -> None:
        super().__init__(reason, message, retry_after=retry_after)
        self.refusal, self.overdue = refusal, overdue


class Conflict(TryLater):
    """The object changed, came or went since it was looked at: look again."""
