"""How is a life lived to its end, judged, and made shorter where it fails?"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .drawing import Life
from .edits import DOINGS
from .faults import FAULTS, calm
from .referee import broken, dead_token_s, unfinished
from .scene import Scene, prepared
from .stage import Stage

__all__ = ["Outcome", "live", "shortest"]

EVERY_S = 1.0
RESTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one life ended; *violations* begin with the invariant that was broken."""

    life: Life
    violations: list[str]
    faults: Counter[str]
    seconds: float
    settled_s: float
    dead_token_s: float


def live(stage: Stage, life: Life, *, bound_s: float, calm_s: float) -> Outcome:
    """
    Live *life* on *stage*.

    Within *bound_s* after the last fault the world has to be as it was asked for;
    then nothing may be written for *calm_s*, and what is deleted has to go.
    """
    begun = time.monotonic()
    scene = prepared(stage, life)
    try:
        _declare(scene, life)
        for step in life.steps:
            _do(scene, step.what, step.whom, step.how)
            scene.pass_time(step.pause_s)
        calm(scene)
        ceased = time.monotonic()
        found = _wait(scene, unfinished, bound_s)
        settled_s = time.monotonic() - ceased
        found = found or _at_rest(scene, calm_s)
        found += broken(scene)
        longest = dead_token_s(scene)
    finally:
        calm(scene)
        left = _leave(scene, bound_s)
    seconds = time.monotonic() - begun
    return Outcome(life, [*found, *left], scene.faults, seconds, settled_s, longest)


def _declare(scene: Scene, life: Life) -> None:
    scene.apply_fleets()
    scene.apply(*scene.book.values())
    if not life.settled:
        return
    _wait(scene, unfinished, 60.0)
    for each in scene.book.values():
        each.settled = True


def _do(scene: Scene, what: str, whom: str, how: dict[str, object]) -> None:
    if what in FAULTS:
        scene.faults[what] += 1
        FAULTS[what](scene, how)
        return
    one = scene.book[whom]
    if one.alive:
        DOINGS[what](scene, one, how)


def _wait(scene: Scene, judge: Callable[[Scene], list[str]], bound_s: float) -> list[str]:
    """Return what *judge* finds at last, within *bound_s*."""
    deadline = time.monotonic() + bound_s
    while True:
        scene.pass_time()
        found = judge(scene)
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(EVERY_S)


def _at_rest(scene: Scene, calm_s: float) -> list[str]:
    """Return what goes on to be written though all is as it should be (S14, L1)."""
    found: list[str] = []
    for _ in range(RESTS):
        # What was true a list ago may yet have to be said in the status of a connection.
        time.sleep(EVERY_S)
        found = _written(scene, calm_s)
        if not found:
            break
    return found


def _written(scene: Scene, calm_s: float) -> list[str]:
    called, written = scene.house.quay.mark(), len(scene.house.plane.audit())
    time.sleep(calm_s)
    calls = [
        f"S14: {each.operation} {each.path} at rest"
        for each in scene.house.quay.calls(called)
        if each.write and scene.name in each.path
    ]
    writes = [
        f"S14: {each} at rest"
        for each in scene.house.operator_writes(written)
        if f" {scene.name}/" in each
    ]
    return [*calls, *writes, *unfinished(scene)]


def _leave(scene: Scene, bound_s: float) -> list[str]:
    """Delete all that was declared; return what stays (S6, L4)."""
    plane = scene.house.plane
    for cluster_robot in scene.cluster_robots:
        name = f"{scene.name}-{cluster_robot}"
        plane.kubectl("delete", "clusterquayrobot", name, "--wait=false", check=False)
    plane.kubectl("-n", scene.name, "delete", "quayrobots", "--all", "--wait=false")
    for each in scene.book.values():
        each.orphans |= each.alive and each.spec.get("deletionPolicy") == "Orphan"
        each.alive = each.again = False
    for cluster_robot in scene.cluster_robots.values():
        cluster_robot.spaces.clear()
    kept = {each.short for each in scene.book.values() if each.orphans} | {"by-hand"}
    found = _wait(scene, lambda _scene: _left(scene, kept), bound_s)
    for each in (scene.name, *scene.spaces):
        plane.kubectl("delete", "namespace", each, "--wait=false")
    return found


def _left(scene: Scene, kept: set[str]) -> list[str]:
    plane, names = scene.house.plane, scene.house.quay.admin("robots")
    objects = plane.kubectl("-n", scene.name, "get", "quayrobots", "-o", "name").split()
    cluster_robots = [
        each for each in scene.cluster_robots
        if plane.get("clusterquayrobot", f"{scene.name}-{each}") is not None
    ]  # fmt: skip
    mine = [each.partition("+")[2] for each in names if each.startswith(f"{scene.name}+")]
    robots = [each for each in mine if each.removesuffix(".alt") not in kept]
    found = [f"L4: {each} is still there" for each in (*objects, *cluster_robots)]
    return found + [f"S6: the robot {each} was left" for each in robots if not found]


def shortest(fails: Callable[[Life], bool], life: Life) -> Life:
    """Return the shortest prefix of *life* that fails, found by halves."""
    low, high = 0, len(life.steps)
    while low < high:
        middle = (low + high) // 2
        if fails(life.prefix(middle)):
            high = middle
        else:
            low = middle + 1
    return life.prefix(high)
