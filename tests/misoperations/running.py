"""
How are many misoperations tried at once?

First each is only tried at the API server, which refuses what it can see, with
words. What it takes is then declared, a wave at a time with each case on a subject
of its own: waited for, judged, taken back, and compared with what was before.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from tests.kit.installation import Body

from .drawing import Case
from .judging import allowed, harm, said, unsettled, without_given
from .looking import Look, changes, facts, looked
from .stage import Stage
from .subjects import Subject, made

__all__ = ["Outcome", "ran", "refusals", "way_back"]

EVERY_S, CALM_S, RESTS = 0.5, 2.0, 5
Judge = Callable[[Subject, Look], list[str]]


@dataclass
class Outcome:
    """What came of one case: `refused`, `matched`, or the reason that was told."""

    case: Case
    ended: str
    wrong: list[str] = field(default_factory=list)


def refusals(stage: Stage, subjects: list[Subject], cases: list[Case]) -> Iterator[Outcome]:
    """Try each case at the API server alone; *subjects* has one of each ground."""
    by_ground = {each.ground.name: each for each in subjects}
    for case in cases:
        answer = by_ground[case.ground.name].declare(case.spec, dry=True)
        if answer.status_code == 200:
            yield Outcome(case, "taken")
            continue
        words = answer.json().get("message", "")
        wrong = []
        if answer.status_code not in {400, 422} or "spec" not in words or len(words) < 40:
            wrong = [f"refused with {answer.status_code}: {words!r}"]
        yield Outcome(case, "refused", wrong)


def ran(
    stage: Stage, cases: list[Case], *, width: int, bound_s: float, tell: Callable[[str], None]
) -> list[Outcome]:
    """Run *cases*, *width* of those that the API server takes at once."""
    grounds = list({each.ground.name: each.ground for each in cases}.values())
    subjects = made(stage, grounds)
    outcomes = list(refusals(stage, subjects, cases))
    taken = defaultdict(list)
    for each in outcomes:
        if each.ended == "taken":
            taken[each.case.ground.name].append(each)
    waves = max(1, -(-sum(map(len, taken.values())) // width))
    more = [
        ground for ground in grounds
        for _ in range(-(-len(taken[ground.name]) // waves) - 1)
    ]  # fmt: skip
    subjects += made(stage, more)
    tell(f"{len(outcomes)} cases, {sum(map(len, taken.values()))} taken, {waves} waves "
         f"of {len(subjects)}")  # fmt: skip
    while any(taken.values()):
        pairs = [(each, taken[each.ground.name].pop()) for each in subjects
                 if taken[each.ground.name]]  # fmt: skip
        spoiled = Wave(stage, pairs, bound_s).run()
        subjects = [each for each in subjects if each not in spoiled]
        subjects += made(stage, [each.ground for each in spoiled if taken[each.ground.name]])
        tell(_told(pairs))
    return outcomes


def way_back(subject: Subject, spec: Body) -> Body:
    """
    Return what brings *subject* back to its ground from *spec*.

    A list of Secrets that vanishes may bring up no other Secret: the one that was there
    by default has to be named, as the API server says.
    """
    ground = deepcopy(subject.ground.spec)
    robot, now = (each.get("template", {}).get("spec", each) for each in (ground, spec))
    names = [each["name"] for each in now.get("secrets") or ()]
    by_default = "secrets" not in robot and not robot.get("noSecret")
    if by_default and "secrets" in now and subject.title not in names:
        robot["secrets"] = [{"name": subject.title}]
    return ground


def _told(pairs: list[tuple[Subject, Outcome]]) -> str:
    wrong = [f"{each.case}: {each.wrong}" for _, each in pairs if each.wrong]
    return "\n".join([f"{len(pairs)} tried, {len(wrong)} wrong", *wrong])


class Wave:
    """One case on each of some subjects, at once."""

    def __init__(self, stage: Stage, pairs: list[tuple[Subject, Outcome]], bound_s: float) -> None:
        self._stage, self._bound_s = stage, bound_s
        self._pairs = {subject.name: (subject, outcome) for subject, outcome in pairs}
        self._before: dict[str, dict[str, object]] = {}

    def run(self) -> list[Subject]:
        """Do all of it; return the subjects that are not as they were."""
        self._begin()
        called = self._stage.house.quay.mark()
        for subject, outcome in self._pairs.values():
            self._declare(subject, outcome, outcome.case.spec)
        self._note(self._settled(unsettled), "")
        look = looked(self._stage)
        for subject, outcome in self._pairs.values():
            found = said(look.main(subject))
            outcome.ended = "matched" if found.ready else found.reason
        for subject, outcome in self._pairs.values():
            self._declare(subject, outcome, way_back(subject, outcome.case.spec))
        self._note(self._settled(self._unlike_before), "after it was taken back: ")
        calls = self._stage.house.quay.calls(called)
        for subject, outcome in self._pairs.values():
            outcome.wrong += harm(subject, calls, allowed(subject, outcome.case.spec))
        self._rest()
        return [subject for subject, outcome in self._pairs.values() if outcome.wrong]

    def _begin(self) -> None:
        late = self._settled(self._unfounded)
        self._note(late, "the ground was not reached: ")
        look = looked(self._stage)
        self._before = {
            name: facts(subject, look) for name, (subject, _) in self._pairs.items()
        }  # fmt: skip

    def _declare(self, subject: Subject, outcome: Outcome, spec: dict[str, object]) -> None:
        answer = subject.declare(spec)
        if answer.status_code != 200:
            outcome.wrong.append(f"refused, though it was taken before: {answer.text[:500]}")

    def _settled(self, judge: Judge) -> dict[str, list[str]]:
        """Wait until *judge* finds nothing at two looks in turn; return what it found at last."""
        pending = {name: subject for name, (subject, _) in self._pairs.items()}
        clean: dict[str, int] = defaultdict(int)
        found: dict[str, list[str]] = {}
        deadline = time.monotonic() + self._bound_s
        while pending and time.monotonic() < deadline:
            time.sleep(EVERY_S)
            look = looked(self._stage)
            for name, subject in list(pending.items()):
                found[name] = judge(subject, look)
                clean[name] = 0 if found[name] else clean[name] + 1
                if clean[name] > 1:
                    del pending[name], found[name]
        return {name: words for name, words in found.items() if words}

    def _note(self, late: dict[str, list[str]], when: str) -> None:
        for name, words in late.items():
            self._pairs[name][1].wrong += [f"{when}{each}" for each in words[:8]]

    def _unfounded(self, subject: Subject, look: Look) -> list[str]:
        found = said(look.main(subject))
        served = subject.ground.serves
        robot = said(look.at(subject, "QuayRobot", "ci")) if served else found
        if found.ready and found.current and robot.ready:
            return unsettled(subject, look)
        return [f"{found} {robot}"]

    def _unlike_before(self, subject: Subject, look: Look) -> list[str]:
        outcome = self._pairs[subject.name][1]
        within = allowed(subject, outcome.case.spec)
        early = self._unfounded(subject, look)
        renewed = bool(within.made or within.regenerated) or within.keyless
        before, now = (
            without_given(subject.ground.spec, each)
            for each in (self._before[subject.name], facts(subject, look))
        )
        return early or changes(before, now, renewed=renewed)

    def _rest(self) -> None:
        """Note who is written about though all is as it was (S14)."""
        found: dict[str, list[str]] = {}
        for _ in range(RESTS):
            written = len(self._stage.house.plane.audit())
            called = self._stage.house.quay.mark()
            time.sleep(CALM_S)
            # What a connection counts may come with any list.
            done = [
                each for each in self._stage.house.operator_writes(written)
                if "connections/status" not in each
            ]  # fmt: skip
            done += [
                f"{each.operation} {each.path}" for each in self._stage.house.quay.calls(called)
                if each.write
            ]  # fmt: skip
            found = {
                name: [each for each in done if name in each] for name in self._pairs
            }  # fmt: skip
            if not any(found.values()):
                return
        self._note({n: words for n, words in found.items() if words}, "at rest: ")
