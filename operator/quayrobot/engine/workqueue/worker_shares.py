"""
How many workers may one tenant hold?

A pass holds its worker while Quay does not answer. So that somebody is always
left for the others, no namespace and no connection holds more than two thirds
of the workers, and all connections that may be hanging, together, no more than
half: those that were lost, and those that were never heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from .keys import Key, ResourceKey, namespace_of

__all__ = ["Group", "Tenant", "WorkerShares"]

Group = Hashable
_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Tenant:
    """For whom a key runs: its namespace, and the connection that it may have to wait for."""

    namespace: str
    connection: ResourceKey | None


class WorkerShares:
    """The *workers* and who holds them; *in_doubt* tells whether a connection may hang."""

    def __init__(
        self,
        workers: int,
        *,
        tenant: Callable[[Key], Tenant],
        in_doubt: Callable[[ResourceKey], bool],
    ) -> None:
        self._most = max(1, workers * 2 // 3)
        self._most_in_doubt = max(1, workers // 2)
        self.tenant, self._in_doubt = tenant, in_doubt
        self._held: dict[Key, Tenant] = {}
        self._count: Counter[Group] = Counter()

    @classmethod
    def unbounded(cls) -> WorkerShares:
        """Return shares without any bound."""
        return cls(
            1 << 30,
            tenant=lambda key: Tenant(namespace_of(key), None),
            in_doubt=lambda _connection: False,
        )

    def full(self, tenant: Tenant) -> Group | None:
        """Return the group that is full for *tenant* now; None where there is room."""
        for group in _groups(tenant):
            if self.room(group) <= 0:
                return group
        doubtful = tenant.connection is not None and self._in_doubt(tenant.connection)
        return _DOUBT if doubtful and self.room(_DOUBT) <= 0 else None

    def room(self, group: Group) -> int:
        """Return how many more workers *group* may hold now."""
        if group != _DOUBT:
            return self._most - self._count[group]
        connections = [each.connection for each in self._held.values() if each.connection]
        return self._most_in_doubt - sum(map(self._in_doubt, connections))

    def take(self, key: Key, tenant: Tenant) -> None:
        """Give *key*, which runs for *tenant*, a worker."""
        self._held[key] = tenant
        self._count.update(_groups(tenant))

    def leave(self, key: Key) -> None:
        """Take the worker of *key* back."""
        groups = _groups(self._held.pop(key))
        self._count.subtract(groups)
        for each in groups:
            if not self._count[each]:
                del self._count[each]


def _groups(tenant: Tenant) -> tuple[Group, ...]:
    both = (("namespace", tenant.namespace), ("connection", tenant.connection))
    return both if tenant.connection is not None else both[:1]
