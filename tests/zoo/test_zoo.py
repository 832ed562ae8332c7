"""Does a rule go red for every bug that it was made for?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.world import GrantsSeen
from tests.plan import test_invariants as rules
from tests.plan import test_invariants_followed as ends
from tests.plan.scenes import got
from tests.plan.worlds import ERRORS
from tests.soak.zoo import LIVES

from .bugs import BUGS

FEW = 300


def each_scene(rule: Callable[..., None], *more: object, ending: bool | None = None) -> None:
    """Hold *rule* against scenes, the same ones each time; few where each is followed."""
    scenes = rules.crowd(ending=ending)
    for scene in scenes[:FEW] if more else scenes:
        rule.hypothesis.inner_test(scene, *more)


def failed_looks() -> None:
    for error in ERRORS:
        each_scene(rules.test_unknown_is_never_followed_by_a_write, rules.Unknown(error))


def followed() -> None:
    rule = ends.test_every_plan_comes_to_an_end_and_then_to_rest
    for robot in (None, got()):
        each_scene(rule, robot, True, GrantsSeen(), ending=False)


def ended() -> None:
    rule = ends.test_every_deletion_ends_with_the_robot_gone_or_not_ours_or_blocked
    each_scene(rule, got(), ending=True)


def retried() -> None:
    """An hour of failures is a few dozen tries, not thousands."""
    queue, key = Queue(clock=lambda: 0.0, jitter=lambda: 0.0), ResourceKey("QuayRobot", "a", "b")
    assert sum(queue.backoff_s(key) for _try in range(40)) > 3600


def of(name: str, *, ending: bool | None = None) -> Callable[[], None]:
    return lambda: each_scene(getattr(rules, f"test_{name}"), ending=ending)


# By which rule each is found; the invariant that it breaks is in `bugs.py`.
RULES = {
    "B1": followed,
    "B2": followed,
    "B3": of("only_a_robot_proven_ours_is_deleted", ending=True),
    "B4": ended,
    "B5": of("a_live_resource_is_never_deleted_in_quay_nor_let_go", ending=False),
    "B6": failed_looks,
    "B7": of("a_robot_is_made_only_where_every_secret_has_a_place", ending=False),
    "B8": of("a_secret_that_is_not_ours_is_in_no_write", ending=False),
    "B9": of("the_finalizer_goes_only_on_proof", ending=True),
    "B11": of("nothing_is_made_before_the_finalizer_holds_resource_and_connection", ending=False),
    "B12": of("whom_the_rules_do_not_let_in_writes_nothing", ending=False),
    "B14": of("a_terminating_resource_writes_nothing_else", ending=True),
    "B15": followed,
    "B16": of("no_plan_shows_a_token_or_a_rivals_name", ending=False),
    "B17": retried,
    "B18": of("the_finalizer_goes_only_on_proof", ending=True),
}


@pytest.mark.parametrize("row", BUGS)
def test_every_bug_has_a_bench(row: str):
    # What needs more than a plan is lived by `make soak ZOO=1`.
    assert (row in RULES) != (row in LIVES)
    assert callable(BUGS[row].patched())


@pytest.mark.parametrize("rule", dict.fromkeys(RULES.values()))
def test_a_rule_holds_without_a_bug(rule: Callable[[], None]):
    rule()


@pytest.mark.parametrize("row", RULES)
def test_a_rule_fails_with_the_bug(row: str, monkeypatch, record_property):
    bug = BUGS[row]
    holder, name = bug.place()
    monkeypatch.setattr(holder, name, bug.patched())

    with pytest.raises(AssertionError):
        RULES[row]()
    record_property("zoo", f"{row}: {bug.breaks}: {bug.says}")
