"""Do changes of identities lead to what is declared, from anywhere and through any crash?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import Action, LookAtFederation, RecordFederation, SetFederation
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import intent_to_federate, status_after
from tests.kit.examples import examples

from ..scenes import held, me, spec, status
from .test_federation import BUILDER, CD, CI, OWN, THEIRS, said_of

many = examples(60)
Identities = tuple[IdentityState, ...]
SLASH = CI.model_copy(update={"issuer": f"{CI.issuer}/"})

some = st.lists(st.sampled_from([CI, CD, SLASH, BUILDER]), unique=True).map(tuple)
others = st.lists(st.sampled_from([THEIRS, CI, CD]), unique=True).map(tuple)
modes = st.sampled_from(["Exact", "Additive"])


@dataclass(frozen=True)
class Wish:
    """What a spec says of federation, and in which generation."""

    identities: Identities
    mode: str
    generation: int = 1


def wishes(generation: int, *only: str) -> st.SearchStrategy[Wish]:
    chosen = st.sampled_from(only) if only else modes
    return st.builds(Wish, some, chosen, st.just(generation))


@dataclass(slots=True)
class Quay:
    """
    What a robot really has, and what the operator's process remembers of it.

    *removed* notes every identity that a write of ours took away.
    """

    there: Identities = ()
    memory: Identities | None = None
    status: RobotStatus = field(default_factory=status)
    removed: set[IdentityState] = field(default_factory=set)

    def look(self, wish: Wish) -> Scene:
        remembered = Unlooked() if self.memory is None else Present(self.memory)
        return held(
            spec=spec(federation=said_of(*wish.identities, mode=wish.mode)),
            me=me(guarded=True, generation=wish.generation),
            rules=None,
            issuer=OWN,
            status=self.status,
            federation=remembered,
        )

    def carry_out(self, action: Action, scene: Scene) -> Scene:
        if isinstance(action, RecordFederation):
            self.status = intent_to_federate(scene, action.identities)
            return replace(scene, status=self.status)
        if isinstance(action, SetFederation):
            self.removed |= set(self.there) - set(action.identities)
            self.there = action.identities
        else:
            assert isinstance(action, LookAtFederation)
        self.memory = self.there
        return replace(
            scene, federation=Present(self.there), federation_due=False, federation_read=True
        )

    def one_pass(self, wish: Wish, *, dies_after: int | None = None) -> list[str]:
        """Make one pass and return what was done; it may die after some steps."""
        scene, done = self.look(wish), []
        for _ in range(6):
            plan = decide(scene)
            assert plan.findings == ()
            for action in plan.actions:
                if len(done) == dies_after:
                    self.memory = None
                    return done
                scene = self.carry_out(action, scene)
                done.append(type(action).__name__)
            if not plan.actions:
                self.status = status_after(scene, (), adopted=False)
                return done
        raise AssertionError(f"no end: {done}")

    def restarted(self) -> Quay:
        """Return what a new process finds."""
        return replace(self, memory=None)


def added(*several: Iterable[IdentityState]) -> set[IdentityState]:
    return {each for identities in several for each in identities}


# The end ----------------------------------------------------------------------------


@many
@given(wishes(1, "Exact"), others)
def test_exact_ends_with_exactly_what_is_declared(wish, there):
    quay = Quay(there)

    quay.one_pass(wish)

    assert set(quay.there) == set(wish.identities)
    assert set(quay.status.federation) == set(wish.identities)


@many
@given(wishes(1, "Additive"), others)
def test_additive_ends_with_what_is_declared_and_what_was_there(wish, there):
    quay = Quay(there)

    quay.one_pass(wish)

    assert set(quay.there) == added(wish.identities, there)
    assert quay.removed == set()


@many
@given(wishes(1), others, st.booleans())
def test_at_the_end_nothing_more_is_due_now_and_after_a_restart(wish, there, restart):
    quay = Quay(there)
    quay.one_pass(wish)
    quay = quay.restarted() if restart else quay

    assert quay.one_pass(wish) == []


@many
@given(wishes(1), others)
def test_the_drift_beat_of_a_converged_robot_is_one_read(wish, there):
    quay = Quay(there)
    quay.one_pass(wish)
    beat = replace(quay.look(wish), federation=Unlooked(), federation_due=True)

    assert decide(beat).actions == (LookAtFederation(beat.robot_name),)
    quay.memory = quay.there
    assert quay.one_pass(wish) == []


@many
@given(wishes(1), others)
def test_all_of_it_takes_one_read_one_record_and_one_write_at_most(wish, there):
    done = Quay(there).one_pass(wish)

    look, *writes = done
    assert look == "LookAtFederation"
    # A list that only gets shorter needs no record.
    assert writes in ([], ["SetFederation"], ["RecordFederation", "SetFederation"])


# What is not ours -------------------------------------------------------------------


@many
@given(wishes(1, "Additive"), wishes(2, "Additive"), others, others, st.booleans())
def test_additive_never_removes_what_was_never_declared(first, second, before, after, restart):
    """Others write between our passes; the list is replaced whole all the same."""
    quay = Quay(before)
    quay.one_pass(first)
    quay = quay.restarted() if restart else quay
    quay.there = tuple(dict.fromkeys((*quay.there, *after)))
    left_alone = added(quay.there) - added(first.identities)

    quay.one_pass(second)

    assert quay.removed <= set(first.identities) - set(second.identities)
    assert set(quay.there) == added(left_alone, second.identities)


@many
@given(wishes(1, "Additive"), wishes(2, "Additive"), others)
def test_what_is_declared_no_longer_is_taken_back(first, second, there):
    quay = Quay(there)
    quay.one_pass(first)

    quay.one_pass(second)

    gone = set(first.identities) - set(second.identities)
    assert not gone & set(quay.there)


# Crashes and edits ------------------------------------------------------------------


@many
@given(wishes(1), wishes(2), others)
def test_an_edit_in_one_process_ends_with_what_is_declared(first, second, there):
    quay = Quay(there)
    quay.one_pass(first)
    foreign = set(quay.there) - set(first.identities)

    quay.one_pass(second)

    kept = foreign if second.mode == "Additive" else set()
    assert set(quay.there) == added(second.identities, kept)


@pytest.mark.parametrize(
    "change",
    [(one, other) for one in ("Exact", "Additive") for other in ("Exact", "Additive")],
    ids=" to ".join,
)
@many
@given(first=some, second=some, there=others)
def test_an_edit_after_a_restart_ends_with_what_is_declared(change, first, second, there):
    quay = Quay(there)
    quay.one_pass(Wish(first, change[0]))
    foreign = set(quay.there) - set(first)

    quay.restarted().one_pass(Wish(second, change[1], 2))
    after = quay.restarted()
    after.one_pass(Wish(second, change[1], 2))

    kept = foreign if change[1] == "Additive" else set()
    assert set(after.there) == added(second, kept)


@many
@given(
    first=wishes(1, "Additive"),
    second=wishes(2, "Additive"),
    third=wishes(3),
    there=others,
    step=st.integers(0, 4),
)
def test_a_crash_at_any_step_leaves_nothing_of_ours_behind(first, second, third, there, step):
    quay = Quay(there)
    quay.one_pass(first)
    foreign = set(quay.there) - added(first.identities, second.identities)

    quay.one_pass(second, dies_after=step)
    quay = quay.restarted()
    quay.one_pass(replace(third, mode="Additive"))

    ours = added(first.identities, second.identities) - set(third.identities)
    left = set(quay.there) - set(third.identities)
    # What was cut off before its record may have been there before: then it is not ours.
    assert left - foreign <= set(there) - set(quay.status.federation)
    assert not left & ours & set(first.identities)


@many
@given(wishes(1), wishes(2), others, st.integers(0, 4))
def test_whatever_is_ours_is_on_record_at_each_instant(first, second, there, step):
    quay = Quay(there)
    quay.one_pass(first)
    foreign = set(quay.there) - set(first.identities)

    quay.one_pass(second, dies_after=step)

    assert set(quay.there) - foreign <= set(quay.status.federation)
