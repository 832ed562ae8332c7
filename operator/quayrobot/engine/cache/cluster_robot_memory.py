"""
What does the operator remember of a ClusterQuayRobot between passes?

Nothing that a restart could not find again: which namespaces came to an end
of their own pass, why others did not, which are about to be left, and when a
credential was replaced that has not reached all of them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...model.errors import QuayRobotError
from ..workqueue.keys import ResourceKey

__all__ = ["ClusterRobotMemory", "ClusterRobotMemories"]

LATELY_S = 300.0
SETTLE_S = 2.0
PATIENCE_S = 10.0


@dataclass
class ClusterRobotMemory:
    """
    What is remembered of one ClusterQuayRobot.

    *settled* maps a namespace to the generation that its pass ended with,
    *troubles* to why it did not. *told* says what all namespaces were last woken
    for. *removable* may lose what they have, *stuck* were not let go of by the cluster.
    *contested* maps a namespace to what others set back there, or keep from being repaired.
    *unrepaired* maps one with a copy that is not as wanted to the digest of the credential
    that all of its copies hold.
    *waiting* wait for the credential of the shared robot. *confirmed* is what was last
    read live (uid, generation, whether it goes), and when.
    """

    uid: str = ""
    settled: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, QuayRobotError] = field(default_factory=dict)
    contested: dict[str, QuayRobotError] = field(default_factory=dict)
    unrepaired: dict[str, str] = field(default_factory=dict)
    told: object = None
    removable: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    waiting: set[str] = field(default_factory=set)
    leaving: frozenset[str] = frozenset()
    leaving_since: float = 0.0
    changed_at: float = 0.0
    left: deque[float] = field(default_factory=deque)
    replaced_at: float | None = None
    copied_at: float = 0.0
    confirmed: tuple[object, float] = (None, 0.0)

    def wait_s(self, leaving: frozenset[str], now: float) -> float:
        """Return how long to wait until the set of *leaving* namespaces counts as complete."""
        if leaving != self.leaving:
            if not self.leaving:
                self.leaving_since = now
            self.leaving, self.changed_at = leaving, now
        if not leaving:
            return 0.0
        quiet, patient = self.changed_at + SETTLE_S, self.leaving_since + PATIENCE_S
        return max(0.0, min(quiet, patient) - now)

    def lately(self, now: float) -> int:
        """Return how many namespaces lost what they had in the last minutes."""
        while self.left and self.left[0] < now - LATELY_S:
            self.left.popleft()
        return len(self.left)

    def ended(self, namespace: str, generation: int) -> bool:
        """Note that a namespace has what it should have; return whether that is news."""
        news = namespace in self.troubles or self.settled.get(namespace) != generation
        self.troubles.pop(namespace, None)
        self.settled[namespace] = generation
        return news

    def failed(self, namespace: str, error: QuayRobotError) -> bool:
        """Note why a namespace lacks what it should have; return whether that is news."""
        before = self.troubles.get(namespace)
        self.settled.pop(namespace, None)
        self.unrepaired.pop(namespace, None)
        self.troubles[namespace] = error
        return before is None or before.reason is not error.reason

    def contest(
        self, namespace: str, error: QuayRobotError | None, *, digest: str | None = None
    ) -> bool:
        """
        Note what others set back or keep away, None for nothing; return whether that is news.

        *digest* is of the credential that all copies hold all the same.
        """
        before = self.contested.pop(namespace, None)
        self.unrepaired.pop(namespace, None)
        if digest is not None:
            self.unrepaired[namespace] = digest
        if error is not None:
            self.contested[namespace] = error
        return (before is None) is not (error is None)

    def replaced(self, now: float) -> None:
        """Note that the shared credential was replaced."""
        self.replaced_at, self.copied_at = now, now

    def copied(self, namespace: str, now: float) -> None:
        """Note that a copy was written; that is news once the namespace's pass ends."""
        self.copied_at = now
        self.settled.pop(namespace, None)

    def refreshed_s(self, stale: int) -> float | None:
        """Return how long a new credential took to its last copy; None while any is *stale*."""
        if self.replaced_at is None or stale:
            return None
        took, self.replaced_at = self.copied_at - self.replaced_at, None
        return took

    def forget(self, namespace: str) -> None:
        """Forget a namespace that has nothing and should have nothing."""
        self.troubles.pop(namespace, None)
        self.settled.pop(namespace, None)
        self.contested.pop(namespace, None)
        self.unrepaired.pop(namespace, None)


class ClusterRobotMemories:
    """The memories of all ClusterQuayRobots; *refreshed* is told how long a credential took."""

    def __init__(self, *, refreshed: Callable[[float], None]) -> None:
        self.refreshed = refreshed
        self._known: dict[ResourceKey, ClusterRobotMemory] = defaultdict(ClusterRobotMemory)

    def of(self, key: ResourceKey, uid: str) -> ClusterRobotMemory:
        """Return the memory of *key*; a new one where the uid has changed."""
        memory = self._known[key]
        if memory.uid != uid:
            memory = self._known[key] = ClusterRobotMemory(uid)
        return memory

    def forget(self, key: ResourceKey) -> None:
        """Forget a ClusterQuayRobot that is gone."""
        self._known.pop(key, None)
