"""Is a credential replaced once per request, wherever the operator dies?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import Action, RecordIntent, Regenerate
from quayrobot.model.resources.robot import CredentialState, RobotSpec, RobotStatus
from quayrobot.model.secrecy import Token
from quayrobot.model.world import (
    Present,
    SecretSeen,
    Seen,
    Unlooked,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Plan, Scene
from quayrobot.plan.words.status import intent_to_rotate, status_after, worth_writing
from tests.kit.canary import robot_token
from tests.kit.examples import examples

from ..answering import SECRET_WRITES, World
from ..rotations import TURN, known, request, turning
from ..scenes import (
    NOW,
    OTHER_TOKEN,
    foreign,
    got,
    held,
    me,
)


@dataclass(slots=True)
class Turning(World):
    """A world that can make a new token, and counts how often it did."""

    made: int = 0

    def carry_out(self, action: Action, scene: Scene) -> Scene:
        if isinstance(action, RecordIntent):
            return replace(scene, status=intent_to_rotate(scene, action.state))
        if not isinstance(action, Regenerate):
            return World.carry_out(self, action, scene)
        assert self.robot is not None
        self.made += 1
        token = Token(robot_token())
        self.robot = replace(self.robot, token=token)
        credential = CredentialState(digest=token.digest)
        return replace(
            scene,
            robot=Present(self.robot),
            status=scene.status.model_copy(update={"credential": credential}),
        )


STORED = ("RecordIntent", "RecordProgress", "RecordGrants", "RecordLinks")


@dataclass(slots=True)
class Life:
    """
    A resource whose operator may die after any step.

    What outlives it is in Quay and in the cluster: *world*, *status* as it was
    stored, *secrets*. The scene does not.
    """

    world: Turning = field(default_factory=lambda: Turning(got()))
    spec: RobotSpec = field(default_factory=lambda: turning(trigger="0"))
    status: RobotStatus = field(default_factory=lambda: known(last_trigger=request(trigger="0")))
    secrets: dict[str, Seen[SecretSeen]] = field(default_factory=lambda: dict(held().secrets))
    annotation: str | None = None
    now: datetime = NOW

    def look(self) -> Scene:
        return replace(
            held(spec=self.spec),
            me=me(guarded=True, rotate=self.annotation),
            status=self.status,
            secrets=self.secrets,
            now=self.now,
            robot=Unlooked(),
            list_due=True,
        )

    def one_pass(self, *, dies_after: int | None = None) -> list[str]:
        """Make one pass and return what was done; it may die after some steps."""
        scene, done = self.look(), []
        for _ in range(12):
            plan = decide(scene)
            for action in plan.actions:
                scene = self.world.carry_out(action, scene)
                done.append(type(action).__name__)
                self.keep(action, scene)
                if len(done) == dies_after:
                    return done
            if not plan.actions:
                self.say(scene, plan)
                return done
        raise AssertionError(f"no end: {done}")

    def keep(self, action: Action, scene: Scene) -> None:
        if type(action).__name__ in STORED:
            self.status = scene.status
        if isinstance(action, SECRET_WRITES):
            self.secrets = dict(scene.secrets)

    def say(self, scene: Scene, plan: Plan) -> None:
        after = status_after(scene, plan.findings, adopted=ownership(scene))
        if not plan.quiet and worth_writing(self.status, after):
            self.status = after

    def rest(self) -> None:
        """Run until nothing changes any more."""
        for _ in range(6):
            before = self.status
            done = self.one_pass()
            if set(done) <= {"ListRobots", "LookAtRobot"} and not worth_writing(
                before, self.status
            ):
                return
        raise AssertionError("it does not come to rest")

    def at_rest(self) -> bool:
        """Tell whether Secrets and status are about the live credential, with nothing open."""
        live = self.world.robot.token.digest
        noted = {
            each.value.annotations["quayrobot.io/credential-digest"]
            for each in self.secrets.values()
        }
        state = self.status.rotation
        return noted == {live} == {self.status.credential.digest} and state.intent is None


crashes = st.lists(st.integers(1, 7), max_size=5)
many = examples(40)


def test_a_rotation_without_trouble_is_three_writes():
    life = Life()
    life.rest()

    life.spec = turning(trigger="1")
    done = life.one_pass()

    assert done == ["ListRobots", *TURN, "ReplaceSecret"]
    assert life.at_rest()
    assert life.one_pass() == ["ListRobots"]


@pytest.mark.parametrize("step", range(1, 6))
def test_a_crash_after_any_step_is_no_second_rotation(step):
    life = Life()
    life.rest()
    life.spec = turning(trigger="1")

    life.one_pass(dies_after=step)
    life.rest()

    assert life.world.made == 1
    assert life.at_rest()


@many
@given(st.lists(st.tuples(st.booleans(), crashes), min_size=1, max_size=5))
def test_each_request_is_one_rotation_whatever_crashes(requests):
    life = Life()
    life.rest()
    for number, (by_annotation, deaths) in enumerate(requests, start=1):
        if by_annotation:
            life.annotation = f"{number}"
        else:
            life.spec = turning(trigger=f"{number}")
        for step in deaths:
            life.one_pass(dies_after=step)
        life.rest()

        assert life.world.made == number
        assert life.at_rest()


@many
@given(st.lists(crashes, min_size=1, max_size=4))
def test_each_interval_is_one_rotation_whatever_crashes(intervals):
    life = Life(spec=turning(trigger="0", interval="24h"))
    life.rest()
    for deaths in intervals:
        # Whole days and the tenth: due again, whatever this resource's share is.
        life.now += timedelta(hours=27)
        before = life.world.made
        for step in deaths:
            life.one_pass(dies_after=step)
        life.rest()

        assert life.world.made == before + 1
        assert life.at_rest()


@many
@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_requests_without_pause_are_at_most_as_many_rotations(deaths):
    life = Life()
    life.rest()
    for number, step in enumerate(deaths, start=1):
        life.spec = turning(trigger=f"{number}")
        life.one_pass(dies_after=step)
    life.rest()

    assert 1 <= life.world.made <= len(deaths)
    assert life.status.rotation.last_trigger == request(trigger=f"{len(deaths)}")
    assert life.at_rest()


@many
@given(st.integers(0, 5), crashes)
def test_a_status_that_is_lost_at_any_time_is_no_rotation_more(step, deaths):
    life = Life()
    life.rest()
    life.spec = turning(trigger="1")
    if step:
        life.one_pass(dies_after=step)
    made = life.world.made
    life.status = RobotStatus()
    for each in deaths:
        life.one_pass(dies_after=each)
    life.rest()

    assert life.world.made == made <= 1
    assert life.at_rest()


@many
@given(crashes)
def test_somebody_elses_new_token_in_between_counts_as_the_rotation(deaths):
    life = Life()
    life.rest()
    life.spec = turning(trigger="1")
    life.one_pass(dies_after=3)
    assert life.status.rotation.intent is not None
    life.world.robot = replace(life.world.robot, token=OTHER_TOKEN)
    for each in deaths:
        life.one_pass(dies_after=each)
    life.rest()

    assert life.world.made == 0
    assert life.at_rest()


def test_a_name_taken_in_the_middle_stops_it_and_frees_it_again():
    life = Life()
    life.rest()
    mine = dict(life.secrets)
    life.spec = turning(trigger="1")
    life.one_pass(dies_after=3)
    life.secrets = {"ci": Present(foreign())}

    life.one_pass()
    assert (life.world.made, life.status.rotation.intent is None) == (0, False)
    life.secrets = mine
    life.rest()

    assert life.world.made == 1
    assert life.at_rest()
