"""
What do two robots that take turns look like, and what would the world answer about them?

`Pair` carries actions out on either robot; `Turns` is a resource whose operator
may die after any step, and a reader who logs in with whatever its Secrets held.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from quayrobot.model.actions import (
    Action,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    ListRobots,
    LookAtFederation,
    RecordFederation,
    RecordIntent,
    Regenerate,
    RemoveFinalizer,
    ReplaceSecret,
    SetFederation,
)
from quayrobot.model.conditions import rfc3339
from quayrobot.model.names import ANNOTATION_DIGEST, ANNOTATION_ROBOT, SLOTS, Slot
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.robot import RobotSpec, RobotStatus
from quayrobot.model.secrecy import Token
from quayrobot.model.world import GrantsSeen, Missing, Present, RobotSeen, SecretSeen, Seen
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.robot.slots import active_first
from quayrobot.plan.scene import Look, Plan, Scene
from quayrobot.plan.words.status import (
    intent_to_federate,
    intent_to_rotate,
    status_after,
    worth_writing,
)
from tests.kit.canary import robot_token

from .answering import SECRET_WRITES, Rights, World
from .scenes import NOW, fresh, me, rule, spec
from .worlds import EVERYTHING

__all__ = ["OVERLAP", "Pair", "Turns", "overlapping"]

OVERLAP = timedelta(minutes=10)
STEP = timedelta(seconds=3)
RIGHTS = {"repositories": [{"name": "app", "role": "read"}], "teams": ["devs"]}
FEDERATION = {"identities": [{"issuer": "https://ci.example.com", "subject": "repo:shop/app"}]}
ALLOWED = rule(**EVERYTHING, federation=True)
STORED = (
    "RecordIntent", "RecordProgress", "RecordGrants", "RecordFederation", "RecordLinks",
)  # fmt: skip


def overlapping(rotation: dict[str, Any] | None = None, **fields: Any) -> RobotSpec:
    """Return a spec with Overlap, rights and an outside identity."""
    turns = {"strategy": "Overlap", "overlap": "10m", **(rotation or {})}
    return spec(**{"rotation": turns, "permissions": RIGHTS, "federation": FEDERATION, **fields})


@dataclass(slots=True)
class One(World):
    """One of two robots; each that is made has a token and a birth of its own."""

    identities: tuple[IdentityState, ...] = ()


@dataclass(slots=True)
class Pair:
    """What is really there, in both slots; *made*, *regenerated* and *deleted* are counts."""

    robots: dict[Slot, One] = field(default_factory=lambda: {each: One(None) for each in SLOTS})
    made: int = 0
    regenerated: int = 0
    deleted: int = 0
    clock: datetime = NOW

    def carry_out(self, action: Action, scene: Scene) -> Scene:  # noqa: PLR0911
        """Return *scene* after *action*, whichever robot it is about."""
        robot = getattr(action, "robot", None)
        if robot is not None and robot != scene.robot_name:
            return self.carry_out(action, scene.turned()).turned()
        here = self.robots[scene.slot]
        match action:
            case ListRobots():
                listed = {each: self._listed(each) for each in SLOTS}
                front = replace(scene, robot=listed[scene.slot], list_due=False)
                if front.other is None:
                    return front
                behind = listed[front.turned().slot]
                return replace(front, other=replace(front.other, robot=behind, list_due=False))
            case CreateRobot() if here.robot is None:
                return self._create(here, action, scene)
            case DeleteRobot():
                self.deleted += 1
                here.identities = ()
                return here.carry_out(action, scene)
            case Regenerate():
                self.regenerated += 1
                assert here.robot is not None
                here.robot = replace(here.robot, token=Token(robot_token()))
                return replace(scene, robot=Present(here.robot))
            case RecordIntent(state):
                return replace(scene, status=intent_to_rotate(scene, state))
            case LookAtFederation() | SetFederation() | RecordFederation():
                return self._federate(here, action, scene)
            case CreateSecret() | ReplaceSecret():
                return replace(here.carry_out(action, scene), now=self.clock)
            case _:
                return here.carry_out(action, scene)

    def _listed(self, slot: Slot) -> Present[RobotSeen] | Missing:
        robot = self.robots[slot].robot
        return Present(replace(robot, metadata=None)) if robot else Missing()

    def _create(self, here: One, action: CreateRobot, scene: Scene) -> Scene:
        self.made += 1
        here.robot = RobotSeen(
            action.robot.full,
            rfc3339(self.clock),
            Token(robot_token()),
            action.description,
            metadata=action.metadata,
        )
        here.rights, here.identities = Rights(missing=here.rights.missing), ()
        return replace(
            scene,
            robot=Present(here.robot),
            grants=Present(GrantsSeen()),
            federation=Present(()),
            federation_read=True,
        )

    def _federate(
        self, here: One, action: LookAtFederation | SetFederation | RecordFederation, scene: Scene
    ) -> Scene:
        if isinstance(action, RecordFederation):
            return replace(scene, status=intent_to_federate(scene, action.identities))
        if isinstance(action, SetFederation):
            here.identities = action.identities
        return replace(scene, federation=Present(here.identities), federation_read=True)


@dataclass(slots=True)
class Turns:
    """
    A resource whose operator may die after any step.

    What outlives it is in Quay and in the cluster. *held* says of each
    credential that a Secret carried until when it did; not *watched*, nobody logs in.
    """

    pair: Pair = field(default_factory=Pair)
    spec: RobotSpec = field(default_factory=lambda: overlapping({"trigger": "0"}))
    status: RobotStatus = field(default_factory=RobotStatus)
    secrets: dict[str, Seen[SecretSeen]] = field(default_factory=dict)
    guarded: bool = False
    terminating: bool = False
    annotation: str | None = None
    generation: int = 1
    held: dict[tuple[str, str], datetime] = field(default_factory=dict)
    logins: int = 0
    watched: bool = True

    def ask(self, wanted: RobotSpec) -> None:
        """Edit the resource."""
        self.spec, self.generation = wanted, self.generation + 1

    def look(self) -> Scene:
        """Return what a pass sees before it asks Quay for anything."""
        plain = fresh(spec=self.spec, now=self.pair.clock, status=self.status, rules=(ALLOWED,))
        who = me(
            guarded=self.guarded,
            terminating=self.terminating,
            rotate=self.annotation,
            generation=self.generation,
        )
        secrets = {} if self.terminating else {**plain.secrets, **self.secrets}
        return replace(
            plain,
            me=who,
            secrets=secrets,
            other=Look(list_due=True),
            list_due=True,
            issuer="https://k8s",
        )

    def one_pass(self, *, dies_after: int | None = None) -> list[str]:
        """Make one pass and return what was done; it may die after some steps."""
        scene, done = self.look(), []
        for _ in range(16):
            scene = active_first(scene)
            plan = decide(scene)
            for action in plan.actions:
                before = scene
                scene = self.pair.carry_out(action, scene)
                done.append(type(action).__name__)
                self.keep(action, before, scene)
                self.check_logins()
                if len(done) == dies_after or isinstance(action, RemoveFinalizer):
                    return done
            if not plan.actions:
                self.say(scene, plan)
                return done
        raise AssertionError(f"no end: {done}")

    def keep(self, action: Action, before: Scene, scene: Scene) -> None:
        """Keep what outlives the operator; time passes."""
        self.pair.clock += STEP
        self.guarded = scene.me.guarded
        if type(action).__name__ in STORED:
            self.status = scene.status
        if isinstance(action, SECRET_WRITES):
            self.secrets = dict(scene.secrets)
            for carried in {*credentials(before.secrets), *credentials(scene.secrets)}:
                self.held[carried] = self.pair.clock

    def say(self, scene: Scene, plan: Plan) -> None:
        """Store what came of a pass."""
        after = status_after(scene, plan.findings, adopted=ownership(scene))
        if not plan.quiet and worth_writing(self.status, after):
            self.status = after

    def rest(self) -> None:
        """Run until nothing changes any more."""
        for _ in range(8):
            before = self.status
            done = self.one_pass()
            if self.terminating and not self.guarded:
                return
            if set(done) <= {"ListRobots", "LookAtRobot"} and not worth_writing(
                before, self.status
            ):
                return
        raise AssertionError("it does not come to rest")

    def wait(self, span: timedelta) -> None:
        """Have time pass."""
        self.check_logins()
        self.pair.clock += span
        self.check_logins()

    def settle(self) -> None:
        """Come to rest, and again when the previous robot may go."""
        self.rest()
        self.wait(OVERLAP + 2 * STEP)
        self.rest()
        self.rest()

    def check_logins(self) -> None:
        """Log in with what the Secrets carry and with what they carried within the overlap."""
        if self.terminating or not self.watched:
            return
        live = {
            (one.robot.full_name, one.robot.token.digest)
            for one in self.pair.robots.values()
            if one.robot is not None
        }
        for carried in credentials(self.secrets):
            self.held[carried] = self.pair.clock
        for carried, until in self.held.items():
            if self.pair.clock - until <= OVERLAP:
                self.logins += 1
                assert carried in live, f"{carried} does not log in any more"

    @property
    def active(self) -> Slot:
        """The slot of the robot that the status names."""
        assert self.status.robot is not None
        return self.status.robot.slot

    def robots(self) -> list[str]:
        """Return the full names of the robots that are there."""
        there = (one.robot for one in self.pair.robots.values())
        return [each.full_name for each in there if each is not None]

    def is_at_rest(self) -> bool:
        """Tell whether one robot is there, as declared, and Secrets and status name it."""
        one = self.pair.robots[self.active]
        state = self.status.rotation
        if one.robot is None or state is None:
            return False
        mine = {(one.robot.full_name, one.robot.token.digest)}
        return (
            self.robots() == [one.robot.full_name]
            and set(credentials(self.secrets)) == mine
            and self.status.robot.full_name == one.robot.full_name
            and self.status.credential.digest == one.robot.token.digest
            and one.robot.metadata["quayrobot.io"]["slot"] == self.active
            and (one.rights.repositories, one.rights.teams) == ({"app": "read"}, {"devs"})
            and [each.issuer for each in one.identities] == ["https://ci.example.com"]
            and (state.intent, state.retiring) == (None, None)
        )


def credentials(secrets: dict[str, Seen[SecretSeen]]) -> list[tuple[str, str]]:
    """Return name and digest of the credentials that *secrets* carry."""
    noted = [each.value.annotations for each in secrets.values() if isinstance(each, Present)]
    return [(each[ANNOTATION_ROBOT], each[ANNOTATION_DIGEST]) for each in noted]
