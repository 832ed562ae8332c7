"""
What if a watch shows our own write before its answer is here?

It would be news, and cost a pass that finds nothing to do. So what is shown of an object
waits while a write of ours is on its way to it, and is taken in after the answer: then what
we wrote is known, and what somebody else did is not. Nothing is lost, and nothing waits
longer than a write may take.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .unforeseen import logged

__all__ = ["InFlight", "Place"]

Body = dict[str, Any]
# Kind, namespace ('' for none) and name.
Place = tuple[str, str, str]
Shown = tuple[str, str | None, Body]


class InFlight:
    """Which objects are being written; *take_in* is given what was shown of them meanwhile."""

    def __init__(self) -> None:
        self.take_in: Callable[[str, str | None, Body], None] = lambda *_: None
        self._writes: Counter[Place] = Counter()
        self._shown: defaultdict[Place, list[Shown]] = defaultdict(list)

    @contextmanager
    def writing(self, place: Place | None) -> Iterator[None]:
        """Hold back what is shown of *place* (None: of nothing) until this ends."""
        if place is None:
            yield
            return
        self._writes[place] += 1
        try:
            yield
        finally:
            self._writes[place] -= 1
            if not self._writes[place]:
                del self._writes[place]
                for each in self._shown.pop(place, ()):
                    with logged(each[0]):
                        self.take_in(*each)

    def holds_back(self, kind: str, event_type: str | None, body: Body) -> bool:
        """Return whether the object *body* is being written: it is taken in later."""
        if not self._writes:
            return False
        meta = body["metadata"]
        place = (kind, meta.get("namespace", ""), meta["name"])
        if place not in self._writes:
            return False
        self._shown[place].append((kind, event_type, body))
        return True
