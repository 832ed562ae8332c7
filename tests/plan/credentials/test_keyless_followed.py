"""Does what a Secret holds work at any time, wherever the operator dies?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import (
    Action,
    Exchange,
    LookAtFederation,
    RecordFederation,
    SetFederation,
)
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.robot import RobotSpec, RobotStatus, is_keyless
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent, Password, Present, SecretSeen, Seen, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Plan, Scene
from quayrobot.plan.words.status import intent_to_federate, status_after, worth_writing
from tests.kit.canary import robot_token
from tests.kit.examples import examples

from ..answering import SECRET_WRITES
from ..passwords import ACCOUNTS, HOUR, keyless
from ..rights.test_federation import BUILDER, OWN
from ..rotation.test_rotation_followed import STORED, Turning
from ..scenes import NOW, got, held, me, spec, status

NO_EXCHANGE = TryLater(Reason.QUAY_UNREACHABLE, "Quay cannot be reached")


@dataclass(slots=True)
class Quay(Turning):
    """
    A Quay that exchanges tokens, and knows which credentials let in.

    *passwords* maps the digest of each to its end; *reads* of the robot hand its
    token out only to who may have it.
    """

    there: tuple[IdentityState, ...] = ()
    passwords: dict[str, datetime] = field(default_factory=dict)
    exchanges: int = 0
    away: bool = False

    def lets_in(self, digest: str, now: datetime) -> bool:
        assert self.robot is not None
        ends = self.passwords.get(digest)
        return digest == self.robot.token.digest or (ends is not None and now < ends)

    def carry_out(self, action: Action, scene: Scene) -> Scene:
        match action:
            case RecordFederation(identities):
                return replace(scene, status=intent_to_federate(scene, identities))
            case SetFederation(_, identities):
                self.there = identities
                after = replace(scene, exchange=Unlooked())
            case LookAtFederation():
                after = scene
            case Exchange():
                return replace(scene, exchange=self._exchange(scene))
            case _:
                after = Turning.carry_out(self, action, scene)
                return self._kept(action, after)
        seen = Present(self.there)
        return replace(after, federation=seen, federation_due=False, federation_read=True)

    def _kept(self, action: Action, scene: Scene) -> Scene:
        """As the engine keeps it: without the token where nobody needs it."""
        if not is_keyless(scene.spec) or not isinstance(scene.robot, Present):
            return scene
        robot = Present(scene.robot.value.without_token())
        known = scene.status.robot
        if type(action).__name__ != "Regenerate" or known is None:
            return replace(scene, robot=robot)
        known = known.model_copy(update={"token_digest": robot.value.token.digest})
        return replace(scene, robot=robot, status=scene.status.model_copy(update={"robot": known}))

    def _exchange(self, scene: Scene) -> Present[Password] | Unknown:
        if self.away:
            return Unknown(NO_EXCHANGE)
        if BUILDER not in self.there:
            return Unknown(Refused(Reason.EXCHANGE_REFUSED, "not among its identities"))
        self.exchanges += 1
        password = Password(Token(robot_token()), scene.now, scene.now + HOUR)
        self.passwords[password.token.digest] = password.expires_at
        return Present(password)


STATIC, FEDERATED = spec(), keyless()


@dataclass(slots=True)
class Life:
    """A resource whose operator may die after any step; what outlives it is in these fields."""

    quay: Quay = field(default_factory=lambda: Quay(got()))
    spec: RobotSpec = STATIC
    status: RobotStatus = field(default_factory=status)
    secrets: dict[str, Seen[SecretSeen]] = field(default_factory=lambda: dict(held().secrets))
    generation: int = 1
    now: datetime = NOW

    def becomes(self, wanted: RobotSpec) -> None:
        self.spec = wanted
        self.generation += 1

    def look(self) -> Scene:
        return replace(
            held(spec=self.spec),
            me=me(guarded=True, generation=self.generation),
            rules=None,
            issuer=OWN,
            accounts=ACCOUNTS,
            status=self.status,
            secrets=self.secrets,
            now=self.now,
            robot=Unlooked(),
            list_due=True,
        )

    def one_pass(self, *, dies_after: int | None = None) -> list[str]:
        """Make one pass and return what was done; it may die after some steps."""
        scene, done = self.look(), []
        for _ in range(14):
            plan = decide(scene)
            for action in plan.actions:
                scene = self.quay.carry_out(action, scene)
                done.append(type(action).__name__)
                self.keep(action, scene)
                if len(done) == dies_after:
                    return done
            if not plan.actions:
                self.say(scene, plan)
                return done
        raise AssertionError(f"no end: {done}")

    def keep(self, action: Action, scene: Scene) -> None:
        """Keep what outlives the process; what the Secrets hold works at any time."""
        if type(action).__name__ in {*STORED, "RecordFederation"}:
            self.status = scene.status
        if isinstance(action, SECRET_WRITES):
            self.secrets = dict(scene.secrets)
        assert self.works()

    def works(self) -> bool:
        return all(self.quay.lets_in(each, self.now) for each in self.carried())

    def carried(self) -> set[str]:
        """Return the digests of what the Secrets hold."""
        return {
            each.value.annotations["quayrobot.io/credential-digest"]
            for each in self.secrets.values()
            if isinstance(each, Present)
        }

    def say(self, scene: Scene, plan: Plan) -> None:
        after = status_after(scene, plan.findings, adopted=ownership(scene))
        if not plan.quiet and worth_writing(self.status, after):
            self.status = after

    def rest(self) -> None:
        """Run until nothing changes any more."""
        for _ in range(6):
            before = self.status
            done = self.one_pass()
            looks = {"ListRobots", "LookAtRobot"}
            if set(done) <= looks and not worth_writing(before, self.status):
                return
        raise AssertionError("it does not come to rest")

    def ready(self) -> str:
        return next(each.status for each in self.status.conditions if each.type == "Ready")

    def carries_password(self) -> bool:
        return self.carried() == {self.status.credential.digest} <= set(self.quay.passwords)


def static() -> Life:
    life = Life()
    life.rest()
    return life


def federated() -> Life:
    life = Life(spec=FEDERATED, status=status(credential=None), secrets={"ci": Absent()})
    life.quay.robot = got()
    life.rest()
    assert life.quay.made == 0
    return life


crashes = st.lists(st.integers(1, 9), max_size=5)
many = examples(60)


def test_a_new_robot_costs_one_exchange_and_then_none():
    life = federated()

    assert life.quay.exchanges == 1
    assert life.carries_password()
    assert life.one_pass() == ["ListRobots"]
    assert life.ready() == "True"


@many
@given(crashes)
def test_the_way_there_is_one_regenerate_whatever_crashes(deaths):
    life = static()
    before = life.quay.robot.token.digest
    life.becomes(FEDERATED)
    for step in deaths:
        life.one_pass(dies_after=step)
    life.rest()

    assert life.quay.made == 1
    assert not life.quay.lets_in(before, life.now)
    assert life.carries_password()
    assert life.status.rotation.intent is None


@many
@given(crashes)
def test_the_way_back_is_no_regenerate_whatever_crashes(deaths):
    life = federated()
    life.becomes(STATIC)
    for step in deaths:
        life.one_pass(dies_after=step)
    life.rest()

    assert life.quay.made == 0
    assert life.carried() == {life.quay.robot.token.digest} == {life.status.credential.digest}
    assert life.quay.there == ()
    assert life.status.credential.expires_at is None


@many
@given(st.lists(st.tuples(st.booleans(), crashes), min_size=1, max_size=6))
def test_to_and_fro_there_is_at_most_one_regenerate_for_each_way_there(ways):
    life = static()
    there = 0
    for to_federated, deaths in ways:
        there += to_federated and not is_keyless(life.spec)
        life.becomes(FEDERATED if to_federated else STATIC)
        for step in deaths:
            life.one_pass(dies_after=step)
    life.rest()

    assert life.quay.made <= there
    assert life.works()
    assert is_keyless(life.spec) == life.carries_password()


@many
@given(st.lists(st.tuples(st.integers(1, 70), crashes, st.booleans()), min_size=1, max_size=8))
def test_what_a_secret_holds_is_replaced_before_it_ends(hours):
    """Looked at every few minutes, with outages that end before the password does."""
    life = federated()
    for minutes, deaths, away in hours:
        ends = datetime.fromisoformat(life.status.credential.expires_at)
        life.now = min(life.now + timedelta(minutes=minutes), ends - timedelta(seconds=1))
        life.quay.away = away
        for step in deaths:
            life.one_pass(dies_after=step)
        life.one_pass()
        assert life.ready() == "True"
        assert life.works()
        life.quay.away = False
        life.rest()

    assert life.quay.made == 0
    assert life.carries_password()


@pytest.mark.parametrize("step", range(1, 8))
def test_a_request_is_one_regenerate_and_a_new_password_wherever_it_dies(step):
    life = Life(
        spec=keyless(rotation={"trigger": "one"}),
        status=status(credential=None),
        secrets={"ci": Absent()},
    )
    life.rest()
    first = life.carried()
    life.becomes(keyless(rotation={"trigger": "two"}))

    life.one_pass(dies_after=step)
    life.rest()

    assert life.quay.made == 1
    assert life.carried() != first
    assert life.carries_password()
    assert life.status.rotation.intent is None


@many
@given(crashes, crashes)
def test_a_lost_status_is_no_regenerate(before, after):
    life = federated()
    for step in before:
        life.one_pass(dies_after=step)
    life.status = RobotStatus()
    for step in after:
        life.one_pass(dies_after=step)
    life.rest()

    assert life.quay.made == 0
    assert life.carries_password()
