"""
What was deleted while a kind was not watched?

A watch that was away for too long begins with a new list, and the shell passes on what
is there, never what is gone. So each list is compared with the store. An object that it
lacks is gone if the list is of a later time than what is known of the object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from ..cache.store import Store
from ..cache.tombstones import tombstone, versions

__all__ = ["Gaps"]

Body = dict[str, Any]
Place = tuple[str, str]
Observe = Callable[[str, str | None, Body], None]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _List:
    """A list under way: of which time it is, and what is known and was not on its pages yet."""

    version: str
    unseen: set[Place]


class Gaps:
    """Tells *observe* of the deletions that a list shows and no watch did."""

    def __init__(self, store: Store, observe: Observe) -> None:
        self._store, self._observe = store, observe
        self._lists: dict[tuple[str, str], _List] = {}

    def listed(self, kind: str, namespace: str, page: Body) -> None:
        """Take one page of a list of *kind*, in *namespace* or (empty) everywhere."""
        meta, of = page["metadata"], (kind, namespace)
        # All pages of one list are of one time.
        if of not in self._lists or self._lists[of].version != meta["resourceVersion"]:
            self._lists[of] = _List(meta["resourceVersion"], self._known(kind, namespace))
        here = self._lists[of]
        for each in page["items"]:
            here.unseen.discard((each["metadata"].get("namespace", ""), each["metadata"]["name"]))
        if not meta.get("continue"):
            del self._lists[of]
            self._tell(kind, here)

    def _known(self, kind: str, namespace: str) -> set[Place]:
        known = versions(self._store, kind)
        return {each for each in known if not namespace or each[0] == namespace}

    def _tell(self, kind: str, done: _List) -> None:
        if not done.unseen:
            return
        now, gone = versions(self._store, kind), 0
        for place in done.unseen:
            # What is known of a later time was made since, or the list is of an old cache.
            if (version := now.get(place)) is not None and version <= int(done.version):
                self._observe(kind, "DELETED", tombstone(self._store, kind, place, version))
                gone += 1
        if gone:
            log.info("watch.caught_up", kind=kind, gone=gone)
