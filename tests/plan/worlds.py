"""
Which scenes can there be at all, and what would their world answer?

Strategies that mix everything a look can show, likely or not, and a small
world that carries actions out, so that a plan can be followed to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from hypothesis import strategies as st

from quayrobot.model.actions import (
    Action,
    AddFinalizer,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    GuardConnection,
    ListRobots,
    LookAtOrganization,
    LookAtOwner,
    LookAtRobot,
    LookAtUser,
    RecordProgress,
    RemoveFinalizer,
    ReplaceSecret,
)
from quayrobot.model.errors import Ambiguous, Reason, Refused
from quayrobot.model.names import MARKER_KEY
from quayrobot.model.resources.robot import RobotState, RobotStatus, secrets_of
from quayrobot.model.world import (
    Absent,
    Missing,
    NamespaceSeen,
    Present,
    RobotSeen,
    RobotView,
    SecretSeen,
    Seen,
    Unknown,
    Unlooked,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Finding, Plan, Scene
from quayrobot.plan.verdict import progress

from .scenes import (
    CLUSTER_AWAY,
    CREATED,
    CREATED_ANEW,
    DENIED,
    NO_ORGANIZATION,
    NO_RIGHT,
    NO_SENSE,
    ORIGIN,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    connection,
    foreign,
    fresh,
    got,
    listed,
    marked,
    me,
    noted_secrets,
    rival,
    rule,
    spec,
    status,
    stored,
    stored_all,
)

ERRORS = (OUTAGE, DENIED, NO_RIGHT, NO_ORGANIZATION, NO_SENSE)
MARKERS = (
    marked(),
    marked(uid="an earlier life"),
    marked(name="cd"),
    marked(namespace="bakery"),
    marked(cluster="cluster-2"),
    marked(cluster="cluster-2", name="cd"),
    None,
)

TOKENS = (TOKEN, OTHER_TOKEN, None)
BIRTHS = (CREATED, CREATED_ANEW)
RAW = 96
ROBOTS = (
    *(listed(), got(), got(), got(None)) * 15,
    *(listed(token=token, created=born) for token in TOKENS for born in BIRTHS),
    *(
        got(marker, token=token, created=born)
        for marker in MARKERS
        for token in TOKENS
        for born in BIRTHS
    ),
    got(None, metadata={MARKER_KEY: "garbage"}),
)
ANYTHING = rule(organizations=["*"], users=["*"])
ADOPTING = rule(
    organizations=["*"], users=["*"], adoption=True, robotNames=["*"], takeover=["cluster-2"]
)
RULES = (*(None, (ANYTHING,), (ADOPTING,)) * 4, (), (rule(organizations=["x"]),))
CONNECTIONS = (
    *(connection(),) * 10,
    *(connection(guarded=False),) * 3,
    connection(terminating=True),
    connection(origin="https://new.example:443"),
    OUTAGE,
    DENIED,
    Refused(Reason.CONNECTION_NOT_FOUND, "there is none"),
)
RIVALS = (*((),) * 8, (rival(),), (rival(older=True),), (rival(holds=True),))
REFUSALS = (
    *(None,) * 12,
    Ambiguous(Reason.QUAY_UNREACHABLE, "Quay answered 500"),
    Refused(Reason.NOT_SUPPORTED, "robot accounts are disabled"),
)
SPARES = (
    (),
    (),
    (foreign("old", controller_uid="uid-ci"),),
    (foreign("old", controller_uid="uid-other"),),
)
SPECS = tuple(
    spec(**owner, **secrets, creationPolicy=creation, deletionPolicy=deletion)
    for owner in ({}, {}, {}, {"user": "bob"})
    for secrets in (
        {},
        {"secrets": []},
        {"secrets": [{"name": "ci", "deletionPolicy": "Retain"}]},
        {"secrets": [{"name": "a", "format": "BasicAuth"}, {"name": "b", "format": "Opaque"}]},
    )
    for creation in ("Create", "Adopt", "CreateOrAdopt")
    for deletion in ("Delete", "Delete", "Orphan")
)


class Dice:
    """
    Bytes that choose; a zero chooses the first, so that failures shrink to plain scenes.

    Drawing the bytes at once is a tenth of the cost of drawing each choice.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = iter(raw)

    def pick(self, options: Sequence[Any]) -> Any:
        """Return one of *options*."""
        return options[(next(self._raw) * 256 + next(self._raw)) % len(options)]


def _view(dice: Dice) -> RobotView:
    known = (Unlooked(), Missing(), Absent(), Unknown(dice.pick(ERRORS)))
    there = Present(dice.pick(ROBOTS))
    return dice.pick((*known, Absent(), known[-1], *(there,) * 6))


def _status(dice: Dice) -> RobotStatus:
    born = dice.pick((CREATED, CREATED, CREATED_ANEW, None))
    robot = RobotState(full_name="acme+ci", created_at=born, adopted=dice.pick((False, True)))
    full = status(robot=dice.pick((robot, robot, None)))
    changes = (
        {},
        {"credential": None},
        {"connection": None},
        {"conditions": ()},
        {"credential": None, "connection": None},
    )
    changed = full.model_copy(update=dice.pick(changes))
    return dice.pick((full, changed, RobotStatus()))


def _secret(dice: Dice, each: SecretSeen) -> Seen[SecretSeen]:
    return dice.pick(
        (
            *(Absent(),) * 5,
            *(Present(each),) * 8,
            Present(replace(each, digests={})),
            Present(replace(each, type="odd")),
            Present(replace(each, immutable=True, digests={})),
            Present(replace(each, deleting=True)),
            Present(replace(each, controller_uid=None)),
            Present(foreign(each.name)),
            Present(foreign(each.name, controller_uid="uid-other", labels=each.labels)),
            Unknown(CLUSTER_AWAY),
            Unlooked(),
        )
    )


def _secrets(dice: Dice, scene: Scene) -> Scene:
    written = stored_all(scene, dice.pick((TOKEN, OTHER_TOKEN)))
    views = {name: _secret(dice, each) for name, each in written.items()}
    seen = replace(scene, secrets=views, spare_secrets=dice.pick(SPARES))
    noted = seen.status.model_copy(update={"secrets": noted_secrets(seen)})
    return replace(seen, status=dice.pick((noted, seen.status)))


def scene_of(raw: bytes, *, ending: bool | None = None) -> Scene:
    """Return the scene that *raw* chooses."""
    dice = Dice(raw)
    who = me(
        terminating=dice.pick((False, True)) if ending is None else ending,
        guarded=dice.pick((True, False)),
        generation=dice.pick((1, 1, 2)),
    )
    plain = replace(
        fresh(),
        me=who,
        spec=dice.pick(SPECS).model_copy(update={"suspend": dice.pick((*(False,) * 9, True))}),
        status=_status(dice),
        robot=_view(dice),
        connection=dice.pick(CONNECTIONS),
        rules=dice.pick(RULES),
        rivals=dice.pick(RIVALS),
        namespace=NamespaceSeen("shop", terminating=dice.pick((False, False, False, False, True))),
        list_due=dice.pick((*(False,) * 7, True)),
        create_refusal=dice.pick(REFUSALS),
        owner_lives=dice.pick((None, True, False)),
        organization_exists=dice.pick((None, None, True, False)),
        token_user=dice.pick(("bob", "bob", None, "admin")),
        deleted=dice.pick((False, True)),
    )
    return _secrets(dice, plain)


def scenes(*, ending: bool | None = None) -> st.SearchStrategy[Scene]:
    """Return any scene; *ending* says whether the resource is terminating."""
    raw = st.binary(min_size=RAW, max_size=RAW)
    return raw.map(lambda each: scene_of(each, ending=ending))


failed_looks = st.sampled_from(ERRORS).map(Unknown)
robots = st.sampled_from(ROBOTS)


# A world that answers ------------------------------------------------------


@dataclass(slots=True)
class World:
    """What is really there; *writes* says what was written, in order."""

    robot: RobotSeen | None
    owner_lives: bool = True
    organization: bool = True
    user: str = "bob"
    writes: list[str] | None = None

    def follow(self, scene: Scene, rounds: int = 12) -> tuple[Scene, Plan]:
        """Carry out what is decided until nothing more is, and return the last look."""
        self.writes = []
        for _ in range(rounds):
            plan = decide(scene)
            if not plan.actions:
                return scene, plan
            for action in plan.actions:
                if not isinstance(action, LOOKS):
                    self.writes.append(type(action).__name__)
                scene = self.carry_out(action, scene)
                if isinstance(action, RemoveFinalizer):
                    return scene, Plan()
        raise AssertionError(f"no end in {rounds} rounds: {self.writes}")

    def carry_out(self, action: Action, scene: Scene) -> Scene:  # noqa: C901, PLR0911, PLR0912
        """Return *scene* after *action*."""
        match action:
            case ListRobots():
                view = Present(replace(self.robot, metadata=None)) if self.robot else Missing()
                return replace(scene, robot=view, list_due=False)
            case LookAtRobot():
                seen = Present(self.robot) if self.robot else Absent()
                return replace(scene, robot=seen, owner_lives=None)
            case LookAtOrganization():
                return replace(scene, organization_exists=self.organization)
            case LookAtUser():
                return replace(scene, token_user=self.user)
            case LookAtOwner():
                return replace(scene, owner_lives=self.owner_lives)
            case RecordProgress(state):
                return replace(scene, status=progress(scene, state))
            case GuardConnection():
                return replace(scene, connection=replace(scene.connection, guarded=True))
            case AddFinalizer():
                return replace(scene, me=replace(scene.me, guarded=True))
            case RemoveFinalizer():
                return replace(scene, me=replace(scene.me, guarded=False))
            case CreateRobot() | DeleteRobot():
                return self._write_robot(action, scene)
            case CreateSecret(wanted) | ReplaceSecret(wanted):
                return scene.with_secret(wanted.name, Present(stored(wanted)))
            case DeleteSecret(name=name):
                kept = tuple(each for each in scene.spare_secrets if each.name != name)
                known = name in secrets_of(scene.me.name, scene.spec)
                gone = scene.with_secret(name, Absent()) if known else scene
                return replace(gone, spare_secrets=kept)
            case _:
                assert_never(action)

    def _write_robot(self, action: CreateRobot | DeleteRobot, scene: Scene) -> Scene:
        if isinstance(action, DeleteRobot):
            self.robot = None
            return replace(scene, robot=Unlooked(), deleted=True)
        if self.robot is not None:
            taken = Ambiguous(Reason.ROBOT_EXISTS, "a robot of that name exists")
            return replace(scene, robot=Unlooked(), create_refusal=taken)
        self.robot = RobotSeen(
            action.robot.full, CREATED_ANEW, TOKEN, action.description, metadata=action.metadata
        )
        return replace(scene, robot=Present(self.robot))


LOOKS = (ListRobots, LookAtRobot, LookAtOrganization, LookAtUser, LookAtOwner)
QUAY_WRITES = (CreateRobot, DeleteRobot)
SECRET_WRITES = (CreateSecret, ReplaceSecret, DeleteSecret)


def errors_of(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    """Return *findings* so that they can be compared."""
    return [(each.component, each.error.reason, each.error.message) for each in findings]


def same_quay(scene: Scene) -> bool:
    """Tell whether the connection leads where the robot was made, as far as is known."""
    made = scene.status.connection
    here = getattr(scene.connection, "origin", ORIGIN)
    return made is None or made.origin == here
