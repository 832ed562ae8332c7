"""
Which scenes can there be at all?

Strategies that mix everything a look can show, likely or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from quayrobot.model.conditions import Condition, ConditionType, rfc3339
from quayrobot.model.errors import Ambiguous, Reason, Refused
from quayrobot.model.names import MARKER_KEY
from quayrobot.model.resources.permissions import GrantsState, Permissions
from quayrobot.model.resources.robot import (
    LinkState,
    RobotSpec,
    RobotState,
    RobotStatus,
    links_of,
)
from quayrobot.model.world import (
    Absent,
    AccountSeen,
    DefaultSeen,
    GrantsSeen,
    GrantsView,
    Missing,
    NamespaceSeen,
    Present,
    RobotView,
    SecretSeen,
    Seen,
    Unknown,
    Unlooked,
)
from quayrobot.plan.scene import Finding, Scene

from .scenes import (
    BORN,
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
FINISHED = (
    Condition(
        type=ConditionType.GRANTS_READY, status="True", reason=Reason.RECONCILED,
        observed_generation=1, last_transition_time=rfc3339(BORN),
    ),
)  # fmt: skip
BIRTHS = (CREATED, CREATED_ANEW)
RAW = 128
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
EVERYTHING = {
    "organizations": ["*"], "users": ["*"], "maxRole": "admin", "teams": ["*"], "defaults": True,
}  # fmt: skip
ANYTHING = rule(**EVERYTHING)
ADOPTING = rule(**EVERYTHING, adoption=True, robotNames=["*"], takeover=["cluster-2"])
RULES = (
    *(None, (ANYTHING,), (ADOPTING,)) * 4,
    (),
    (rule(organizations=["x"]),),
    (rule(maxRole="read"),),
)
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
        {"secrets": [{"name": "ci", "serviceAccounts": [
            {"name": "builder", "links": ["imagePullSecrets", "secrets"]}, {"name": "late"}]}]},
    )
    for creation in ("Create", "Adopt", "CreateOrAdopt")
    for deletion in ("Delete", "Delete", "Orphan")
)  # fmt: skip
READS = [{"name": "app", "role": "read"}, {"name": "lib", "role": "admin"}]
RIGHTS = (
    *(None,) * 3,
    *(
        Permissions.model_validate({"mode": mode, "repositories": repositories, **more})
        for mode in ("Exact", "Additive")
        for repositories in ([], READS)
        for more in ({}, {"teams": ["devs"], "defaults": [{"role": "write"}]})
    ),
)
GIVEN = (
    None,
    GrantsState(),
    GrantsState.model_validate(
        {"repositories": [*READS, {"name": "old", "role": "read"}], "teams": ["devs", "ops"],
         "defaults": [{"role": "read"}]}
    ),
)  # fmt: skip
GRANTS = (
    *(Unlooked(),) * 3,
    Present(GrantsSeen()),
    Present(GrantsSeen({"app": "write", "old": None}, frozenset({"ops"}))),
    Present(GrantsSeen({"app": None, "lib": "admin"}, frozenset({"devs", "x"}))),
    Present(
        GrantsSeen(defaults=tuple(DefaultSeen(r, None, f"id-{r}") for r in ("read", "admin")))
    ),
)
LINKS = (
    (),
    (),
    (LinkState(service_account="builder", secret="ci", link="secrets"),),
    (LinkState(service_account="former", secret="gone", link="imagePullSecrets"),),
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
    kept = full.model_copy(
        update={
            "grants": dice.pick(GIVEN),
            "links": dice.pick(LINKS),
            "conditions": (*full.conditions, *dice.pick(((), FINISHED))),
        }
    )
    changed = kept.model_copy(update=dice.pick(changes))
    return dice.pick((kept, changed, RobotStatus()))


def _spec(dice: Dice) -> RobotSpec:
    chosen = dice.pick(SPECS)
    rights = dice.pick(RIGHTS)
    if chosen.user is not None and rights is not None:
        rights = rights.model_copy(update={"teams": [], "defaults": []})
    suspend = dice.pick((*(False,) * 9, True))
    return chosen.model_copy(update={"suspend": suspend, "permissions": rights})


def _grants(dice: Dice) -> GrantsView:
    return dice.pick((*GRANTS, Unknown(dice.pick(ERRORS))))


def _account(dice: Dice, name: str) -> Seen[AccountSeen]:
    lists = ({}, {"secrets": ("theirs", "ci")}, {"imagePullSecrets": ("ci", "theirs", "gone")})
    there = Present(AccountSeen("shop", name, f"uid-{name}", "5", dice.pick(lists)))
    return dice.pick((there, there, there, Absent(), Unknown(CLUSTER_AWAY)))


def _accounts(dice: Dice, scene: Scene) -> Scene:
    links = (*links_of(scene.me.name, scene.spec), *scene.status.links)
    names = sorted({each.service_account for each in links})
    return replace(scene, accounts={name: _account(dice, name) for name in names})


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


def _calm(dice: Dice, scene: Scene) -> Scene:
    """Return *scene* with nothing odd but what is said of rights and ServiceAccounts."""
    held = status(grants=scene.status.grants, links=scene.status.links)
    conditions = (*held.conditions, *(FINISHED if scene.me.generation == 1 else ()))
    calm = replace(
        scene,
        me=replace(scene.me, guarded=True),
        status=held.model_copy(update={"conditions": conditions}),
        robot=dice.pick((*(Present(listed()),) * 7, Unknown(OUTAGE))),
        connection=connection(),
        rules=(ANYTHING,),
        rivals=(),
        namespace=NamespaceSeen("shop"),
        list_due=False,
        token_user="bob",
    )
    return replace(calm, secrets={k: Present(v) for k, v in stored_all(calm).items()})


def _in_crowd(dice: Dice, scene: Scene) -> Scene:
    """Return *scene*, in which others may go, too; then a list may be awaited."""
    crowd = replace(scene, in_crowd=dice.pick((False, False, True)))
    if not (crowd.in_crowd and crowd.deleted):
        return crowd
    # A look that nobody took since the deletion was answered.
    return dice.pick((crowd, replace(crowd, robot=Unlooked(), awaited=True)))


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
        spec=_spec(dice),
        status=_status(dice),
        robot=_view(dice),
        connection=dice.pick(CONNECTIONS),
        rules=dice.pick(RULES),
        rivals=dice.pick(RIVALS),
        namespace=NamespaceSeen("shop", terminating=dice.pick((False, False, False, False, True))),
        list_due=dice.pick((*(False,) * 7, True)),
        create_refusal=dice.pick(REFUSALS),
        owner_lives=dice.pick((None, True, False)),
        organization_exists=dice.pick((None, None, None, None, True, False)),
        token_user=dice.pick(("bob", "bob", None, "admin")),
        deleted=dice.pick((False, True)),
        grants=_grants(dice),
    )
    mixed = _accounts(dice, _secrets(dice, plain))
    scene = dice.pick((mixed, mixed, mixed, _calm(dice, mixed)))
    return _in_crowd(dice, scene) if ending else scene


def scenes(*, ending: bool | None = None) -> st.SearchStrategy[Scene]:
    """Return any scene; *ending* says whether the resource is terminating."""
    raw = st.binary(min_size=RAW, max_size=RAW)
    return raw.map(lambda each: scene_of(each, ending=ending))


rights_of = st.sampled_from([each.value for each in GRANTS if isinstance(each, Present)])
failed_looks = st.sampled_from(ERRORS).map(Unknown)
robots = st.sampled_from(ROBOTS)


def errors_of(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    """Return *findings* so that they can be compared."""
    return [(each.component, each.error.reason, each.error.message) for each in findings]


def same_quay(scene: Scene) -> bool:
    """Tell whether the connection leads where the robot was made, as far as is known."""
    made = scene.status.connection
    here = getattr(scene.connection, "origin", ORIGIN)
    return made is None or made.origin == here
