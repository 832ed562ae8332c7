"""What does every pass share? The context it works in, and how it can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ...cluster.account_writer import AccountWriter
from ...cluster.events import Recorder
from ...cluster.issuer import Issuer
from ...cluster.members import Members
from ...cluster.resources import Resources
from ...cluster.secrets import Secrets
from ...cluster.tokens import Tokens
from ...model.errors import Denied, InvalidSpec, QuayRobotError, Reason, Refused, TryLater
from ...model.grace import DEFAULT_GRACE
from ..cache.cluster_robot_memory import ClusterRobotMemories
from ..cache.contests import Contests
from ..cache.in_flight import InFlight
from ..cache.once import Once
from ..cache.store import Store
from ..workqueue.keys import Key
from ..workqueue.queue import Queue
from .issuer_hosts import IssuerHosts
from .pool import ConnectionPool
from .renewals_asked import RenewalsAsked

__all__ = [
    "GATHER_S",
    "UNWATCHED",
    "UNWATCHED_S",
    "Context",
    "Meter",
    "Outcome",
    "asked_s",
    "requeue_s",
]


# What changes for many namespaces at once is counted once.
GATHER_S = 1.0
# No watch tells when these are over, and the look costs Quay nothing.
UNWATCHED = {
    Reason.SECRET_NOT_OWNED,
    Reason.CLUSTER_REFUSED,
    Reason.ADMISSION_DENIED,
    Reason.QUOTA_EXCEEDED,
}
UNWATCHED_S = 30.0


class Meter(Protocol):
    """Receives what is observed and how passes end."""

    def passed(self, kind: str, outcome: str, seconds: float) -> None:
        """Record one pass."""

    def observed(self, resource: str) -> None:
        """Record one watch event."""


@dataclass(frozen=True, slots=True)
class Context:
    """
    What passes work with.

    *clock* is monotonic in seconds, *now* is the wall clock, *jitter* draws
    from [0, 1). *cluster* is this cluster's identity, *grace* how long what may come
    later is waited for. *unsaid* are the uids of what was told to have a status that is
    not taken.
    """

    cluster: str
    store: Store
    queue: Queue
    pool: ConnectionPool
    renewals: RenewalsAsked
    resources: Resources
    secrets: Secrets
    members: Members
    memories: ClusterRobotMemories
    accounts: AccountWriter
    issuer: Issuer
    hosts: IssuerHosts
    tokens: Tokens
    recorder: Recorder
    clock: Callable[[], float]
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    contests: Contests
    in_flight: InFlight = field(default_factory=InFlight)
    told: Once = field(default_factory=Once)
    unsaid: set[str] = field(default_factory=set)
    grace: timedelta = DEFAULT_GRACE

    def spread(self, seconds: float) -> float:
        """Return *seconds* with some jitter, so that equal intervals spread."""
        return seconds * (0.9 + 0.2 * self.jitter())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pass ended: when to run again (None: on the next event), and with which error."""

    again_s: float | None = None
    error: QuayRobotError | None = None
    settled: bool = True


def asked_s(error: QuayRobotError) -> float:
    """Return for how many seconds whoever answered with *error* asked to be left alone."""
    return (error.retry_after or 0.0) if isinstance(error, TryLater) else 0.0


def requeue_s(context: Context, key: Key, error: QuayRobotError, *, slow_s: float) -> float:
    """Return in how many seconds to try again after *error*, by its class and its reason."""
    again = _again_s(context, key, error, slow_s)
    return min(again, UNWATCHED_S) if error.reason in UNWATCHED else again


def _again_s(context: Context, key: Key, error: QuayRobotError, slow_s: float) -> float:
    match error:
        case InvalidSpec() | Refused() | Denied():
            return context.spread(slow_s)
        case TryLater(retry_after=after):
            return max(context.queue.backoff_s(key), after or 0.0)
        case _:
            return context.queue.backoff_s(key)
