"""For whom does a key run, and which connection may it have to wait for?"""

from __future__ import annotations

from .keys import CopyKey, Key, OwnerKey, ResourceKey, namespace_of
from .lines import Lines
from .seats import Party
from .store import Store

__all__ = ["Parties"]


class Parties:
    """What the store and the lines tell of a key."""

    def __init__(self, store: Store, lines: Lines) -> None:
        self._store, self._lines = store, lines

    def of(self, key: Key) -> Party:
        """Return for whom *key* runs."""
        return Party(namespace_of(key), self._connection(key))

    def in_doubt(self, connection: ResourceKey) -> bool:
        """Tell whether a call through *connection* may hang, as far as is known."""
        line = self._lines.known(connection)
        return line is None or line.limits.in_doubt

    def _connection(self, key: Key) -> ResourceKey | None:
        match key:
            case OwnerKey(connection):
                return connection
            case CopyKey():
                # Copies are made without a call.
                return None
            case ResourceKey(kind="QuayConnection" | "ClusterQuayConnection"):
                return key
            case ResourceKey():
                record = self._store.robots.get(key)
                return record.connection_key if record is not None else None
