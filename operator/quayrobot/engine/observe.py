"""
What does a pass look at before it decides?

Everything that costs no call to Quay: the resource, its connection, its
rivals, its Secrets and what is remembered of its robot. What costs a call is
asked for by the plan.
"""

from __future__ import annotations

from dataclasses import replace

from ..cluster.kinds import NAMESPACE
from ..model.errors import InvalidSpec, QuayRobotError, Refused, TryLater
from ..model.names import ANNOTATION_ROTATE
from ..model.resources.robot import RobotSpec, links_of, secrets_of
from ..model.world import (
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
from ..plan.access import permit_of
from ..plan.scene import Me, Scene
from .lines import Line
from .passes import Tools
from .store import RobotRecord

__all__ = ["FRESH", "list_due", "observe"]

FRESH = 1.5


async def observe(tools: Tools, record: RobotRecord) -> tuple[Scene, Line | None]:
    """
    Return the scene of *record*, and its line where the connection can be used.

    Raises:
        InvalidSpec: Its spec cannot be one (a terminating one is read leniently).
    """
    spec = _spec(record)
    connection, line = await _connection(tools, record)
    scene = Scene(
        cluster=tools.cluster,
        now=tools.now(),
        me=_me(record),
        spec=spec,
        status=record.status,
        connection=connection,
        rules=tools.lines.rules(record.connection_key),
        namespace=await _namespace(tools, record.key.namespace),
        rivals=_rivals(tools, record, connection),
        robot=line.snapshots.view(record.robot_name) if line else Unlooked(),
        list_due=list_due(line, record) if line else False,
        secrets=await _secrets(tools, record, spec),
        spare_secrets=_spare(tools, record, spec),
        token_user=line.token_user if line else None,
        grants=line.grants.view(record.robot_name) if line and spec.permissions else Unlooked(),
        accounts=_accounts(tools, record, spec),
        issuer=await tools.issuer.read() if spec.federation else None,
    )
    if line is not None and spec.federation is not None:
        scene = _with_federation(line, record, scene)
    return scene, line


def _with_federation(line: Line, record: RobotRecord, scene: Scene) -> Scene:
    name = record.robot_name
    if name not in line.federation:
        return scene
    known = line.federation[name]
    if known is None:
        return replace(scene, federation_due=True)
    return replace(scene, federation=Present(known))


def list_due(line: Line, record: RobotRecord) -> bool:
    """Tell whether what is remembered of the robot's owner is too old to rely on."""
    owner = record.robot_name.owner
    age = line.snapshots.age_s(owner)
    if age is None:
        # Our own answers are as good as a list until the first one is due.
        return isinstance(line.snapshots.view(record.robot_name), Unlooked)
    return age > FRESH * line.resync_s


def _spec(record: RobotRecord) -> RobotSpec:
    if record.terminating:
        return record.lenient_spec
    if isinstance(record.spec, InvalidSpec):
        raise record.spec
    return record.spec


def _me(record: RobotRecord) -> Me:
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
    )


async def _connection(
    tools: Tools, record: RobotRecord
) -> tuple[ConnectionSeen | QuayRobotError, Line | None]:
    key = record.connection_key
    try:
        line = await tools.lines.get(key)
    except QuayRobotError as error:
        return error, None
    if line.denied is not None:
        return line.denied, None
    return line.seen(tools.store.connections[key]), line


async def _namespace(tools: Tools, name: str) -> NamespaceSeen:
    known = tools.store.namespaces.get(name)
    if known is not None:
        return known
    try:
        body = await tools.resources.get(NAMESPACE, None, name)
    except QuayRobotError:
        return NamespaceSeen(name, labels=None)
    if body is None:
        return NamespaceSeen(name, labels=None, terminating=True)
    meta = body["metadata"]
    return NamespaceSeen(name, meta.get("labels") or {}, "deletionTimestamp" in meta)


def _rivals(
    tools: Tools, record: RobotRecord, connection: ConnectionSeen | QuayRobotError
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
            holds=each.status.holds,
            guarded=each.guarded,
        )
        for each in tools.store.namesakes(record)
        if _origin(tools, each) == connection.origin and _stands(tools, each)
    )


def _origin(tools: Tools, rival: RobotRecord) -> str | None:
    if rival.status.connection is not None:
        return rival.status.connection.origin
    record = tools.store.connections.get(rival.connection_key)
    if record is None or isinstance(record.spec, InvalidSpec):
        return None
    return record.spec.origin


def _stands(tools: Tools, rival: RobotRecord) -> bool:
    """A resource that holds the robot, or could have it now; others block nobody."""
    if rival.status.holds or rival.guarded:
        return True
    if rival.terminating or isinstance(rival.spec, InvalidSpec):
        return False

    stalled = [each for each in rival.status.conditions if each.type == "Stalled"]
    if stalled and stalled[0].reason != "AlreadyClaimed":
        return False
    unread = NamespaceSeen(rival.key.namespace, labels=None)
    namespace = tools.store.namespaces.get(rival.key.namespace, unread)
    rules = tools.lines.rules(rival.connection_key)
    try:
        permit_of(rules, namespace, rival.robot_name, connection=rival.connection_key.name)
    except Refused:
        return False
    except TryLater:
        return True
    return True


async def _secrets(
    tools: Tools, record: RobotRecord, spec: RobotSpec
) -> dict[str, Seen[SecretSeen]]:
    if record.terminating:
        return {}
    return {
        name: await look_at_secret(tools, record.key.namespace, name)
        for name in secrets_of(record.key.name, spec)
    }


async def look_at_secret(tools: Tools, namespace: str, name: str) -> Seen[SecretSeen]:
    """Return a Secret as watched, else as read live (one without our label is not watched)."""
    known = tools.store.secret(namespace, name)
    if known is not None:
        return Present(known)
    try:
        return await tools.secrets.look(namespace, name)
    except QuayRobotError as error:
        return Unknown(error)


def _accounts(tools: Tools, record: RobotRecord, spec: RobotSpec) -> dict[str, Seen[AccountSeen]]:
    links = (*record.status.links, *links_of(record.key.name, spec))
    found: dict[str, Seen[AccountSeen]] = {}
    for name in {each.service_account for each in links}:
        known = tools.store.account(record.key.namespace, name)
        found[name] = Present(known) if known is not None else Absent()
    return found


def _spare(tools: Tools, record: RobotRecord, spec: RobotSpec) -> tuple[SecretSeen, ...]:
    if record.terminating:
        return ()
    wanted = secrets_of(record.key.name, spec)
    owned = tools.store.secrets_of(record.key.namespace, record.uid)
    return tuple(each for each in owned if each.name not in wanted)
