"""
How are many plans carried out at once?

Each has a tenant of its own. What ends or blinds the whole process (a kill, a restart) is
done once for all plans of a batch, when each has come to the point that it is about.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.kit.processes import wait_for

from .lens import Key
from .lives import LIVES
from .plans import PATTERNS, Plan, Record, plans
from .referee import WHICH, End, counted, differing, looked, masked, surplus
from .stage import Site, Stage

__all__ = ["Outcome", "carried_out", "ran", "recorded", "summary"]

QUIET_S, ACT_S, LATE_S, END_S, BEFORE_S = 1.0, 25.0, 120.0, 90.0, 60.0
# Drift and what no watch showed are found within this time.
SETTLE_S = 25.0
# An old view shows a robot that is gone: the token's Secret is held for it, and let go, and
# once more where the list and then the watch are old.
AGAIN = {"stale": ("secrets.patch",) * 4}
EVERY_S = 0.1


@dataclass
class Outcome:
    """How one plan ended; not *met*: the life did not come to the point that it is about."""

    plan: Plan
    met: bool
    unequal: list[str] = field(default_factory=list)
    surplus: dict[str, int] = field(default_factory=dict)
    # Which operations these were.
    more: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> bool:
        """Tell whether it ended otherwise, or by a longer way."""
        return bool(self.unequal or self.surplus)


@dataclass
class _Lived:
    """One plan under way; *left* are the acts that are to come."""

    plan: Plan
    site: Site
    left: list[Callable[[Site], object]]
    called: int = 0
    audited: int = 0
    acting_since: float = 0.0
    old: dict[Key, int] = field(default_factory=dict)


def recorded(
    stage: Stage, names: list[str], *, settle_s: float = SETTLE_S
) -> list[tuple[Record, str]]:
    """Live each life twice and undisturbed; return what was seen, and who the first was."""
    lived = [_prepared(stage, Plan(name, "none")) for name in names for _ in range(2)]
    _begin(stage, lived)
    _act(stage, lived)
    time.sleep(settle_s)
    _wait_quiet(stage, lived)
    found = []
    for one, other in zip(lived[::2], lived[1::2], strict=True):
        name = one.site.name
        # Between two lives that went alike, either is as good.
        record = Record(
            one.plan.life,
            # What is seen when the tenants leave is no part of the life.
            list(stage.gate.writes[name]),
            list(stage.lens.events[name]),
            stage.lens.history(name),
            one.old,
            [_end(each) for each in (one, other)],
        )
        found.append((record, name))
    _leave(stage, lived)
    return found


def ran(stage: Stage, batch: list[Plan], records: dict[str, Record]) -> list[Outcome]:
    """Carry out *batch*, with a restart or without; *records* are those of its lives."""
    lived = [_prepared(stage, each) for each in batch]
    _begin(stage, lived)
    for each in lived:
        if each.plan.after is not None:
            stage.gate.points[each.site.name] = each.plan.after
        stage.lens.withheld[each.site.name] = set(each.plan.withheld)
    _act(stage, lived)
    met = {each.site.name for each in lived if _met(stage, each)}
    if batch[0].pattern != "unobserved":
        _restart(stage, lived)
    _act(stage, lived)
    outcomes = _ended(stage, lived, records, met)
    _leave(stage, lived)
    return outcomes


def _met(stage: Stage, one: _Lived) -> bool:
    name = one.site.name
    if one.plan.after is not None:
        return name in stage.gate.held
    return bool(one.plan.at) or stage.lens.hidden[name] > 0


def _prepared(stage: Stage, plan: Plan) -> _Lived:
    life, site = LIVES[plan.life], stage.site()
    life.begin(site)
    return _Lived(plan, site, list(life.acts))


def _keep_running(stage: Stage) -> None:
    """Do what a kubelet does: an operator that sees an old list ends, to begin with nothing."""
    if not stage.house.operator.running():
        stage.house.operator.start()


def _begin(stage: Stage, lived: list[_Lived]) -> None:
    """Wait until what was declared before the acts is done, and count from then on."""
    _keep_running(stage)
    for each in lived:
        life, site = LIVES[each.plan.life], each.site
        wait_for(lambda life=life, site=site: life.begun(site), f"{each.plan}", timeout_s=BEFORE_S)
    _wait_quiet(stage, lived)
    for each in lived:
        each.called = stage.house.quay.mark()
        each.audited = len(stage.house.plane.audit())
        each.old = {k: len(v) for k, v in stage.lens.history(each.site.name).items()}
        stage.gate.follow(each.site.name)
        stage.lens.follow(each.site.name)


def _act(stage: Stage, lived: list[_Lived]) -> None:
    """Do the acts that are left, each when the operator is done with the one before."""
    while True:
        waiting = [each for each in lived if each.left and not _held(stage, each)]
        if not waiting:
            break
        for each in waiting:
            each.acting_since = each.acting_since or time.monotonic()
            late = time.monotonic() - each.acting_since > LATE_S
            if each.left[0](each.site) is not False or late:
                each.left.pop(0)
                each.acting_since = 0.0
        _wait_quiet(stage, waiting)
    _wait_quiet(stage, lived)


def _held(stage: Stage, one: _Lived) -> bool:
    return one.site.name in stage.gate.held


def _wait_quiet(stage: Stage, lived: list[_Lived]) -> None:
    """Wait until each had a moment of quiet; who goes on and on is not waited for."""
    deadline = time.monotonic() + ACT_S
    time.sleep(QUIET_S)
    restless = [each.site.name for each in lived if not _held(stage, each)]
    while restless and time.monotonic() < deadline:
        time.sleep(EVERY_S)
        restless = [
            each for each in restless
            if each not in stage.gate.held and stage.gate.quiet_s(each) < QUIET_S
        ]  # fmt: skip


def _restart(stage: Stage, lived: list[_Lived]) -> None:
    """End the process, and have the next one see what the plans say, for a while."""
    stage.house.operator.kill()
    for each in lived:
        for key, index in _frozen(stage, each):
            known = stage.lens.history(each.site.name)[key]
            stage.lens.freeze(key, known[index] if 0 <= index < len(known) else None)
    stage.gate.let_go()
    stage.house.operator.start()
    _wait_quiet(stage, lived)
    stage.cluster.release()


def _frozen(stage: Stage, one: _Lived) -> Iterator[tuple[Key, int]]:
    name = one.site.name
    for key in stage.lens.history(name):
        for kind, named, index in one.plan.at:
            if (key.kind, key.name) == (kind, named.replace("<tenant>", name)):
                yield key, index


def _end(one: _Lived) -> End:
    return End(looked(one.site), counted(one.site, one.called, one.audited))


def _ended(
    stage: Stage, lived: list[_Lived], records: dict[str, Record], met: set[str]
) -> list[Outcome]:
    """Wait until each is as it was undisturbed and stays so, or for long; judge."""
    deadline, found = time.monotonic() + END_S, dict[str, Outcome]()
    while True:
        _keep_running(stage)
        _wait_quiet(stage, lived)
        for each in lived:
            found[each.site.name] = _judged(each, records[each.plan.life], met)
        if not any(each.unequal for each in found.values()) or time.monotonic() > deadline:
            return list(found.values())


def _judged(one: _Lived, record: Record, met: set[str]) -> Outcome:
    wanted, end = masked(record.ends), _end(one)
    life = LIVES[one.plan.life]
    return Outcome(
        one.plan,
        one.site.name in met,
        differing(wanted, end.facts, record.ends, life.loose),
        surplus(wanted, end.counts, life.again + AGAIN.get(one.plan.pattern, ())),
        end.counts - wanted.counts,
    )


def _leave(stage: Stage, lived: list[_Lived]) -> None:
    stage.lens.withheld.clear()
    for each in lived:
        each.site.leave()
    deadline = time.monotonic() + ACT_S
    while time.monotonic() < deadline:
        if all(each.site.tenant.get() is None for each in lived):
            return
        time.sleep(EVERY_S)


def carried_out(
    stage: Stage, names: list[str], width: int, chosen: Callable[[Plan], bool]
) -> list[Outcome]:
    """Record the lives *names*, draw the plans, and carry out those that are *chosen*."""
    records: dict[str, Record] = {}
    drawn: list[Plan] = []
    for some in _batches(names, max(width // 2, 1)):
        for record, name in recorded(stage, some):
            records[record.life] = record
            drawn += [each for each in plans(record, name) if chosen(each)]
    print(f"{len(drawn)} plans of {len(records)} lives", flush=True)
    outcomes: list[Outcome] = []
    for pattern in PATTERNS:
        of_it = [each for each in drawn if each.pattern == pattern]
        for batch in _batches(of_it, width):
            done = ran(stage, batch, records)
            for each in filter(lambda each: each.wrong, done):
                print(f"{each.plan}: {each.unequal[:6]} surplus {dict(each.more)}", flush=True)
            outcomes += done
            wrong = sum(each.wrong for each in outcomes)
            print(f"{pattern}: {len(outcomes)} of {len(drawn)} plans, {wrong} wrong", flush=True)
    return outcomes


def _batches(of: list[Any], width: int) -> list[list[Any]]:
    return [of[at : at + width] for at in range(0, len(of), width)]


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Return how many plans of each pattern ended how."""
    surplus_of = sum((Counter(each.surplus) for each in outcomes), Counter[str]())
    return {
        "plans": dict(Counter(each.plan.pattern for each in outcomes)),
        "lives": len({each.plan.life for each in outcomes}),
        "missed": sum(not each.met for each in outcomes),
        "unequal": sum(bool(each.unequal) for each in outcomes),
        "surplus": {what: surplus_of[what] for what in (*WHICH, "others")},
        "wrong": sum(each.wrong for each in outcomes),
    }
