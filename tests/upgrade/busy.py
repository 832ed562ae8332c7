"""
What do users ask for while one version takes over from another, and was it all done once?

A thread edits robots of its own: one is made, one rotated, one given a right, one taken away.
Meanwhile Quay cuts connections, and the operator is killed once. What Quay is then asked to
change has to be just the edits.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from tests.kit.fakequay.ledger import Entry
from tests.kit.installation import Body
from tests.kit.processes import wait_for

from .declared import robot_bodies, wait_ready
from .site import ORG, TEAM, Site

__all__ = ["ROBOTS", "Busy", "differing", "is_busy", "short_name", "stocked"]

ROBOTS, EVERY_S, MARK = 24, 0.7, "busy-"
# What an edit has Quay asked to change.
OPERATIONS = {
    "rotate": "robot.regenerate",
    "give": "permission.put",
    "make": "robot.create",
    "take": "robot.delete",
}
CUTS = (r"robot\.(create|delete|regenerate)", r"permission\.put")

Robots = dict[str, Iterator[int]]


def is_busy(name: str) -> bool:
    """Tell whether the object called *name* is of a robot that is edited, or an Event about it."""
    return name.startswith(MARK)


def stocked(site: Site) -> None:
    """Declare the robots that are edited later; each has been asked to rotate before."""
    specs = {f"{MARK}{number}": _rotated("zero") for number in range(ROBOTS)}
    site.plane.apply(*robot_bodies(specs))
    wait_ready(site)


@dataclass
class Busy:
    """A context manager: edits go on inside it, *number* makes them other ones each time.

    *done* are the edits: what, and whose; *cuts* how often Quay was to cut a connection.
    """

    site: Site
    number: int
    done: list[tuple[str, str]] = field(default_factory=list)
    cuts: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join(60)

    def wait_for(self, edits: int) -> None:
        """Wait until there were so many edits."""
        wait_for(lambda: len(self.done) >= edits, f"{edits} edits", timeout_s=120)

    def unexplained(self, called: int) -> list[str]:
        """Return what Quay was asked to change since *called* beyond the edits, or was not yet."""
        calls = self.site.quay.calls
        # What is lost is told by name.
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not differing(calls(called), self.done), "all edits", timeout_s=120)
        return differing(calls(called), self.done)

    def _go(self) -> None:
        # Who has a right keeps it, so that nothing else is to be taken back.
        robots = {"rotate": iter(range(0, ROBOTS, 2)), "give": iter(range(1, ROBOTS, 2))}
        number = 0
        while not self._ended.is_set():
            what = ("rotate", "give", "make", "take")[number % 4]
            name = self._next(what, number, robots)
            if name is None:
                return
            if number % 3 == 0:
                when = ("before", "after")[number % 2]
                fault = {"kind": "cut", "when": when, "count": 1}
                self.cuts += 1
                self.site.quay.admin("fault", operation=CUTS[number // 3 % 2], **fault)
            self._edit(what, name)
            self.done.append((what, name))
            number += 1
            self._ended.wait(EVERY_S)

    def _next(self, what: str, number: int, robots: Robots) -> str | None:
        if what == "make":
            return f"{MARK}new{self.number}-{number}"
        if what == "take":
            # The one that was made before, which may yet be on its way: only if it is there.
            made = f"{MARK}new{self.number}-{number - 1}"
            wait_for(lambda: self._there(made), made, timeout_s=120)
            return made
        chosen = next(robots[what], None)
        return None if chosen is None else f"{MARK}{chosen}"

    def _there(self, name: str) -> bool:
        return self.site.quay.admin("robot/show", name=f"{ORG}+{name}") is not None

    def _edit(self, what: str, name: str) -> None:
        plane = self.site.plane
        if what == "take":
            plane.kubectl("-n", TEAM, "delete", "quayrobot", name, "--wait=false")
        elif what == "make":
            plane.apply(*robot_bodies({name: {}}))
        else:
            spec = _rotated(f"t{self.number}") if what == "rotate" else _right(self.number)
            plane.apply(*robot_bodies({name: spec}))


def differing(calls: Iterable[Entry], edits: Iterable[tuple[str, str]]) -> list[str]:
    """Return where *calls* have changed something else in Quay than *edits* ask for."""
    done = Counter((each.operation, short_name(each.path)) for each in calls if each.effect)
    due = Counter((OPERATIONS[what], name) for what, name in edits)
    return [
        f"in Quay: {operation} of {name}: {done[operation, name]}, not {due[operation, name]}"
        for operation, name in sorted(done.keys() | due.keys())
        if done[operation, name] != due[operation, name]
    ]


def _rotated(trigger: str) -> Body:
    return {"rotation": {"trigger": trigger}}


def _right(number: int) -> Body:
    # Another role each time, so that there is something to give.
    right = {"name": "app", "role": ("read", "write")[number % 2]}
    permissions = {"mode": "Additive", "repositories": [right]}
    return _rotated("zero") | {"permissions": permissions}


def short_name(path: str) -> str:
    """Return the short name of the robot that a call is about."""
    _, _, short = path.partition("/robots/")
    return (short or path.rpartition("+")[2]).partition("/")[0]
