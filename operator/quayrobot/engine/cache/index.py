"""
Who is filed under what? Entries hold as many keys as there are, and go with their last one.

Most entries have one key, in a tuple; only where there are more is it a set, which takes
five times the room.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["Index"]

EntryT = TypeVar("EntryT")
KeyT = TypeVar("KeyT")


class Index(Generic[EntryT, KeyT]):
    """Finds keys by entry, at a cost that does not grow with what is filed elsewhere."""

    def __init__(self) -> None:
        self._filed: dict[EntryT, tuple[KeyT] | set[KeyT]] = {}

    def add(self, entry: EntryT, key: KeyT) -> None:
        """Add *key* to the keys of *entry*."""
        filed = self._filed.setdefault(entry, (key,))
        if isinstance(filed, set):
            filed.add(key)
        elif key not in filed:
            self._filed[entry] = {*filed, key}

    def drop(self, entry: EntryT, key: KeyT) -> None:
        """Remove *key* from *entry*, if it is there."""
        filed = self._filed.get(entry, ())
        if isinstance(filed, set):
            filed.discard(key)
        if not filed or filed == (key,):
            self._filed.pop(entry, None)

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._filed)

    def get(self, entry: EntryT) -> Iterable[KeyT]:
        """Return the keys of *entry*."""
        return tuple(self._filed.get(entry, ()))
