"""
What does a pass read before it decides?

Everything that costs no call to Quay: the resource, its connection, its
rivals, its Secrets and what is remembered of its robot. What costs a call is
asked for by the plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeGuard

from ...cluster.kinds import NAMESPACE
from ...model.errors import InvalidSpec, QuayRobotError, Reason, Refused, TryLater
from ...model.grace import COMES_LATER
from ...model.names import ALT, ANNOTATION_ROBOT, ANNOTATION_ROTATE, MAIN, RobotName
from ...model.resources.robot import (
    RobotSpec,
    accounts_of,
    federation_of,
    is_keyless,
    secrets_of,
)
from ...model.resources.slots import takes_turns
from ...model.world import (
    Absent,
    AccountSeen,
    Claimant,
    ConnectionSeen,
    NamespaceSeen,
    Present,
    SecretSeen,
    Seen,
    Unknown,
    Unlooked,
)
from ...plan.rights.access import connection_not_found, may_know, permit_of
from ...plan.rights.grants import managed_rights
from ...plan.robot.claim import held_by
from ...plan.robot.slots import active_first
from ...plan.scene import Look, Me, Scene
from ...quay.snapshot import Fate
from ..cache.store import RobotRecord
from ..connection.batch_deletion import goes_in_batch
from ..connection.context import Context
from ..connection.pool import LiveConnection
from .contested import known_contests
from .secret_reads import known_secrets, presumes_free, read_secrets

__all__ = ["FRESH", "FRESH_ENOUGH", "list_due", "me_of", "observe"]

FRESH = 1.5
# Who holds nothing has no resync of its own: what it knows is renewed when it comes again.
FRESH_ENOUGH = 0.85


async def observe(
    context: Context,
    record: RobotRecord,
    *,
    namespace: NamespaceSeen | None = None,
    presuming: bool = False,
) -> tuple[Scene, LiveConnection | None]:
    """
    Return the scene of *record*, and its connection if that can be used.

    *namespace* is the namespace that asks; by default the one that *record* is in.
    *presuming* leaves out reads that the trial before a creation makes needless.

    Raises:
        InvalidSpec: Its spec cannot be one (a terminating one is read leniently).
    """
    spec = _spec(record)
    unread = presuming and presumes_free(record)
    asking = namespace or await _namespace(context, record.key.namespace)
    connection, live = await _connection(context, record, asking)
    if live is not None and is_keyless(spec):
        for name in filter(context.store.drops_token, record.robot_names):
            live.snapshots.drop_token(name)
    scene = Scene(
        cluster=context.cluster,
        now=context.now(),
        me=me_of(record),
        spec=spec,
        status=record.status,
        connection=connection,
        rules=context.pool.rules(record.connection_key),
        namespace=asking,
        rivals=_rivals(context, record, connection),
        secrets=known_secrets(context, record, spec)
        if unread
        else await read_secrets(context, record, spec),
        spare_secrets=_spare(context, record, spec),
        token_user=live.whose.name_for(record.robot_name.owner) if live else None,
        accounts=_accounts(context, record, spec),
        issuer=await context.issuer.read() if federation_of(spec) else None,
        grace=context.grace,
        in_crowd=record.terminating and goes_in_batch(context, record),
    )
    return known_contests(context, active_first(_with_robots(scene, live, record))), live


def _with_robots(scene: Scene, live: LiveConnection | None, record: RobotRecord) -> Scene:
    """What is remembered of the robot, and of the one that takes turns with it."""
    main = scene.robot_name
    if live is None:
        return replace(scene, other=Look() if takes_turns(scene.spec, scene.status) else None)
    due = list_due(live, record, main)
    seen = replace(scene, **_remembered(scene, live, main), list_due=due)
    if not _may_have_two(seen, live):
        return seen
    alt = main.in_slot(ALT)
    due = list_due(live, record, alt)
    return replace(seen, other=Look(**_remembered(scene, live, alt), list_due=due))


def _may_have_two(scene: Scene, live: LiveConnection) -> bool:
    alt = scene.robot_name.in_slot(ALT)
    if takes_turns(scene.spec, scene.status):
        return True
    if scene.me.terminating:
        # The status was lost: what is listed under our second name may be ours.
        return not scene.status.holds and isinstance(live.snapshots.view(alt), Present)
    named = (each.value.annotations for each in scene.secrets.values() if _is_there(each))
    return any(each.get(ANNOTATION_ROBOT) == alt.full for each in named)


def _is_there(seen: Seen[SecretSeen]) -> TypeGuard[Present[SecretSeen]]:
    return isinstance(seen, Present)


def _remembered(scene: Scene, live: LiveConnection, name: RobotName) -> dict[str, Any]:
    known: dict[str, Any] = {"robot": live.snapshots.view(name)}
    if scene.me.terminating:
        known |= _since_deletion(live, name)
    if managed_rights(scene) is not None:
        known["grants"] = live.grants.view(name)
    wanted = federation_of(scene.spec) is not None or scene.status.federation
    if wanted and name in live.federation:
        found = live.federation[name]
        refresh_all = {"federation_due": True} if found is None else {"federation": Present(found)}
        known |= refresh_all
    return known


def _since_deletion(live: LiveConnection, name: RobotName) -> dict[str, Any]:
    """What is known since Quay answered a deletion that an earlier pass asked for."""
    mark = live.snapshots.deletion(name)
    if mark is None:
        return {}
    if (error := live.snapshots.take_error(name)) is not None:
        return {"robot": Unknown(error), "deleted": True}
    if mark.fate is Fate.AWAITED:
        return {"robot": Unlooked(), "deleted": True, "awaited": True}
    if mark.fate is Fate.GONE:
        return {"robot": Absent(), "deleted": True}
    # A list shows it still, or proves nothing: this pass goes on as the one that deleted it.
    live.snapshots.forget_deletion(name)
    return {"deleted": True}


def list_due(live: LiveConnection, record: RobotRecord, name: RobotName) -> bool:
    """Return whether what is remembered of the robot *name* is too old to rely on."""
    view = live.snapshots.view(name)
    # Our own answers are as good as a list until the first one is due.
    present, expected = isinstance(view, Present), _is_expected(record, name)
    if not (present or expected):
        # Its first PUT is the look.
        return False
    age = live.snapshots.known_s(name) if present else live.snapshots.age_s(name.owner)
    if age is None:
        return isinstance(view, Unlooked)
    return age > (FRESH if expected else FRESH_ENOUGH) * live.resync_s


def _is_expected(record: RobotRecord, name: RobotName) -> bool:
    """Return whether the status knows of the robot *name*, one of the two that may take turns."""
    robot, rotation = record.status.robot, record.status.rotation
    if robot is None or not record.status.holds:
        return False
    turns = (rotation.retiring, rotation.intent) if rotation is not None else ()
    known = {robot.slot, *(each.slot for each in turns if each is not None)}
    return (MAIN if name == record.robot_name else ALT) in known


def _spec(record: RobotRecord) -> RobotSpec:
    if record.terminating:
        return record.lenient_spec
    if isinstance(record.spec, InvalidSpec):
        raise record.spec
    return record.spec


def me_of(record: RobotRecord) -> Me:
    """Return what a pass goes by of the resource of *record* itself."""
    return Me(
        kind=record.key.kind,
        namespace=record.key.namespace,
        name=record.key.name,
        uid=record.uid,
        generation=record.generation,
        created=record.created,
        terminating=record.terminating,
        guarded=record.guarded,
        rotate=(record.meta.get("annotations") or {}).get(ANNOTATION_ROTATE),
        edited=record.edited,
    )


async def _connection(
    context: Context, record: RobotRecord, asking: NamespaceSeen
) -> tuple[ConnectionSeen | QuayRobotError, LiveConnection | None]:
    key = record.connection_key
    bound = record.terminating or record.guarded or record.status.holds
    # Of a shared robot the rules say, namespace by namespace, who has it.
    tenant = record.key.namespace != ""
    if tenant and not bound and not may_know(context.pool.rules(key), asking):
        # Nothing is read for who may not know of it: neither time nor work tells of it.
        return _not_found(context, record, bound=bound), None
    try:
        live = await context.pool.get(key)
    except QuayRobotError as error:
        missing = error.reason is Reason.CONNECTION_NOT_FOUND
        return _not_found(context, record, bound=bound) if missing else error, None
    if live.refusal is not None:
        return live.refusal, None
    found = context.store.connections.get(key)
    if found is None:
        return _not_found(context, record, bound=bound), None
    return live.seen(found), live


def _not_found(context: Context, record: RobotRecord, *, bound: bool) -> Refused:
    # Who has a robot keeps its connection: another may lead elsewhere.
    place = record.key.namespace
    own = [
        each.name
        for each in context.store.connections
        if each.kind == "QuayConnection" and each.namespace == place and not bound
    ]
    key = record.connection_key
    return connection_not_found(key.kind, key.name, own)


async def _namespace(context: Context, name: str) -> NamespaceSeen:
    known = context.store.namespaces.get(name)
    if known is not None:
        return known
    try:
        body = await context.resources.get(NAMESPACE, None, name)
    except QuayRobotError:
        return NamespaceSeen(name, labels=None)
    if body is None:
        return NamespaceSeen(name, labels=None, terminating=True)
    meta = body["metadata"]
    return NamespaceSeen(name, meta.get("labels") or {}, "deletionTimestamp" in meta)


def _rivals(
    context: Context, record: RobotRecord, connection: ConnectionSeen | QuayRobotError
) -> tuple[Claimant, ...]:
    if not isinstance(connection, ConnectionSeen):
        return ()
    return tuple(
        Claimant(
            kind=each.key.kind,
            namespace=each.key.namespace,
            name=each.key.name,
            uid=each.uid,
            created=each.created,
            holds=bool(held_by(each.status) & (contested := _contested(record, each))),
            guarded=each.guarded,
            contested=contested,
        )
        for each in context.store.namesakes(record)
        if _origin(context, each) == connection.origin and _stands(context, each)
    )


def _contested(record: RobotRecord, rival: RobotRecord) -> frozenset[str]:
    both = set(record.robot_names) & set(rival.robot_names)
    return frozenset(each.full for each in both)


def _origin(context: Context, rival: RobotRecord) -> str | None:
    # A note can be forged: nobody claims by it a robot at a Quay that they have no way to.
    if rival.birthplace is None and rival.status.connection is not None:
        return rival.status.connection.origin
    made = rival.stored_status.connection
    if made is not None:
        return made.origin
    record = context.store.connections.get(rival.connection_key)
    if record is None or isinstance(record.spec, InvalidSpec):
        return None
    return record.spec.origin


def _stands(context: Context, rival: RobotRecord) -> bool:
    """A resource that holds the robot, or could have it now; others block nobody."""
    if rival.guarded or rival.terminating:
        # Who goes without our finalizer has let go of the robot, whatever the status says.
        return rival.guarded
    if rival.status.holds:
        return True
    if isinstance(rival.spec, InvalidSpec) or _is_held_up(rival):
        return False

    unread = NamespaceSeen(rival.key.namespace, labels=None)
    namespace = context.store.namespaces.get(rival.key.namespace, unread)
    rules = context.pool.rules(rival.connection_key)
    try:
        for name in rival.robot_names:
            permit_of(rules, namespace, name, connection=rival.connection_key.name)
    except Refused:
        return False
    except TryLater:
        return True
    return True


def _is_held_up(rival: RobotRecord) -> bool:
    """Return whether it lacks something else than the robot: it could not have it now."""
    return any(
        (each.type == "Stalled" and each.reason != "AlreadyClaimed")
        or (each.type == "Reconciling" and each.reason in COMES_LATER)
        for each in rival.status.conditions
    )


def _accounts(
    context: Context, record: RobotRecord, spec: RobotSpec
) -> dict[str, Seen[AccountSeen]]:
    found: dict[str, Seen[AccountSeen]] = {}
    for name in accounts_of(record.key.name, spec, record.status):
        known = context.store.account(record.key.namespace, name)
        found[name] = Present(known) if known is not None else Absent()
    return found


def _spare(context: Context, record: RobotRecord, spec: RobotSpec) -> tuple[SecretSeen, ...]:
    if record.terminating:
        return ()
    wanted = secrets_of(record.key.name, spec)
    owned = context.store.secrets_of(record.key.namespace, record.uid)
    return tuple(each for each in owned if each.name not in wanted)
