"""For whom does a key run, and which connection may it have to wait for?"""

from __future__ import annotations

from ..cache.store import Store
from ..connection.pool import ConnectionPool
from ..workqueue.keys import Key, NamespaceKey, OwnerKey, ResourceKey, namespace_of
from ..workqueue.worker_shares import Tenant

__all__ = ["Tenants"]


class Tenants:
    """Finds the tenant of a key, by the store and the pool."""

    def __init__(self, store: Store, pool: ConnectionPool) -> None:
        self._store, self._pool = store, pool

    def of(self, key: Key) -> Tenant:
        """Return the tenant for whom *key* runs."""
        return Tenant(namespace_of(key), self._connection(key))

    def in_doubt(self, connection: ResourceKey) -> bool:
        """Return whether a call through *connection* may hang, as far as is known."""
        live = self._pool.known(connection)
        return live is None or live.limits.in_doubt

    def _connection(self, key: Key) -> ResourceKey | None:
        match key:
            case OwnerKey(connection):
                return connection
            case NamespaceKey():
                # Copies are made without a call.
                return None
            case ResourceKey(kind="QuayConnection" | "ClusterQuayConnection"):
                return key
            case ResourceKey():
                record = self._store.robots.get(key)
                return record.connection_key if record is not None else None
