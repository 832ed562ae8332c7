"""
What do others set back of what we wrote, how often, and when is our next turn?

A loss is a field that is no longer as we wrote it, or came back otherwise from
the write itself. After the third loss of one field within ten minutes its repair
is held back, twice as long each time. A field that stayed as we wrote it for
that long, or an edit of the resource, ends the contest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...model.errors import Contested
from ...model.world import Contest
from ...plan.credentials.contest import is_of_credential

__all__ = ["Contests", "Spot"]

WINDOW_S = 600.0
LOSSES = 3
FIRST_S = 60.0
CAP_S = 300.0
MANY = 2000


@dataclass(frozen=True, slots=True)
class Spot:
    """
    One object as one resource writes it, in one generation of that resource.

    *life* tells objects of one name apart, where somebody else creates them: nobody set back
    what was created again.
    """

    owner: str
    generation: int
    namespace: str
    place: str
    life: str = ""


@dataclass(slots=True)
class _Field:
    """What was last written of a field, and what became of it; *delay* 0: not held back yet."""

    at: float
    written: str | None = None
    losses: list[float] = field(default_factory=list)
    delay: float = 0.0
    held_until: float = 0.0
    by: str = "somebody else"


class Contests:
    """The memory of all contests; *clock* is monotonic, in seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[Spot, dict[str, _Field]] = {}
        self._most = MANY

    def met(self, spot: Spot, fields: Mapping[str, str], *, sure: bool) -> frozenset[str]:
        """
        Take note that *fields* are not as wanted; return those that are held back from now on.

        *sure* says that they were, although it was not this process that wrote them.
        """
        known = self._fields(spot)
        lost = set()
        for name, wanted in fields.items():
            one = known.get(name)
            if (one is not None and one.written == wanted) or (one is None and sure):
                one = known.setdefault(name, _Field(self._clock()))
                self._lose(one)
                lost |= {name} if one.delay else set()
        return frozenset(lost)

    def taken(self, spot: Spot, name: str) -> float:
        """
        Take note that the field *name*, which was as wanted, is not any more.

        Returns in how many seconds it is its turn to be put right.
        """
        self._keep_small()
        one = self._fields(spot).setdefault(name, _Field(self._clock()))
        # What waits for its turn was not put right yet: nothing is lost once more.
        if one.held_until <= self._clock():
            self._lose(one)
        return max(0.0, one.held_until - self._clock())

    def wrote(self, spot: Spot, fields: Mapping[str, str], changed: Mapping[str, str]) -> None:
        """Take note that *fields* were written, of which *changed* came back otherwise at once."""
        now = self._clock()
        self._keep_small()
        known = self._fields(spot)
        for name, wanted in {**fields, **changed}.items():
            one = known.setdefault(name, _Field(now))
            one.written, one.at = wanted, now
        for name in changed:
            one = known[name]
            one.by = "an admission policy, at each write,"
            self._lose(one)
            # One write a pass, also before it is slowed.
            one.held_until = max(one.held_until, now + len(one.losses))

    def withdraw(self, spot: Spot, name: str) -> None:
        """Take note that the field *name* is not wanted any more as it was written."""
        if (one := self._known.get(spot, {}).get(name)) is not None:
            one.written = None

    def name(self, spot: Spot, by: Mapping[str, str]) -> None:
        """Take note of who has each field now."""
        for name, manager in by.items():
            self._fields(spot)[name].by = manager

    def view(self, spot: Spot, what: str) -> Contest | None:
        """Return the contest about *what* at *spot*; None where there is none."""
        now = self._clock()
        known = self._known.get(spot, {})
        for name in [each for each, one in known.items() if _is_over(one, now)]:
            del known[name]
        open_ = {name: one for name, one in known.items() if one.delay or one.held_until > now}
        if not open_:
            return None
        held = frozenset(name for name, one in open_.items() if one.held_until > now)
        turns = [one.held_until if name in held else one.at + one.delay
                 for name, one in open_.items()]  # fmt: skip
        name, one = min(open_.items())
        more = f", and {len(open_) - 1} more" * (len(open_) > 1)
        msg = (
            f"{what}: {one.by} keeps changing {name}{more}; the declared value is restored "
            "less and less often"
        )
        left = max(min(turns) - now, 0.0) + 0.5
        usable = not is_of_credential(open_)
        return Contest(held, Contested(msg, retry_after=left, usable=usable))

    def _lose(self, one: _Field) -> None:
        now = self._clock()
        one.written, one.at = None, now
        one.losses = [*(each for each in one.losses if each > now - WINDOW_S), now]
        if one.delay:
            one.delay = min(CAP_S, 2 * one.delay)
        elif len(one.losses) >= LOSSES:
            one.delay = FIRST_S
        if one.delay:
            one.held_until = now + one.delay

    def _fields(self, spot: Spot) -> dict[str, _Field]:
        return self._known.setdefault(spot, {})

    def _keep_small(self) -> None:
        if len(self._known) <= self._most:
            return
        now = self._clock()
        for spot, known in list(self._known.items()):
            if all(_is_over(one, now) for one in known.values()):
                del self._known[spot]
        # Looked through again when there are twice as many: never all of them at each write.
        self._most = max(MANY, 2 * len(self._known))


def _is_over(one: _Field, now: float) -> bool:
    if one.delay and one.written is not None:
        return now > one.at + one.delay
    return now > one.at + max(WINDOW_S, 2 * one.delay)
