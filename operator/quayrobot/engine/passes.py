"""What does every pass share? The tools it works with, and how it can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..cluster.events import Recorder
from ..cluster.members import Members
from ..cluster.resources import Resources
from ..cluster.secrets import Secrets
from ..cluster.tokens import Tokens
from ..model.errors import Denied, InvalidSpec, QuayRobotError, Refused, TryLater
from .accounts import Accounts
from .hosts import Hosts
from .issuer import Issuer
from .keys import Key
from .lines import Lines
from .memory import Memories
from .queue import Queue
from .renewals import Renewals
from .store import Store

__all__ = ["GATHER_S", "Meter", "Outcome", "Tools", "requeue_s"]


# What changes for many namespaces at once is counted once.
GATHER_S = 1.0


class Meter(Protocol):
    """Is told what is seen and how passes end."""

    def passed(self, kind: str, outcome: str, seconds: float) -> None:
        """Take note of one pass."""

    def observed(self, resource: str) -> None:
        """Take note of one event of a watch."""


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What passes work with.

    *clock* is monotonic in seconds, *now* is the wall clock, *jitter* draws
    from [0, 1). *cluster* is this cluster's identity.
    """

    cluster: str
    store: Store
    queue: Queue
    lines: Lines
    renewals: Renewals
    resources: Resources
    secrets: Secrets
    members: Members
    memories: Memories
    accounts: Accounts
    issuer: Issuer
    hosts: Hosts
    tokens: Tokens
    recorder: Recorder
    clock: Callable[[], float]
    now: Callable[[], datetime]
    jitter: Callable[[], float]

    def spread(self, seconds: float) -> float:
        """Return about *seconds*, so that equal intervals do not meet."""
        return seconds * (0.9 + 0.2 * self.jitter())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pass ended: when to come again (None: on the next event), and on what error."""

    again_s: float | None = None
    error: QuayRobotError | None = None
    settled: bool = True


def requeue_s(tools: Tools, key: Key, error: QuayRobotError, *, slow_s: float) -> float:
    """Return when to come again after *error*: the class is the consequence."""
    match error:
        case InvalidSpec() | Refused() | Denied():
            return tools.spread(slow_s)
        case TryLater(retry_after=after):
            return max(tools.queue.backoff_s(key), after or 0.0)
        case _:
            return tools.queue.backoff_s(key)
