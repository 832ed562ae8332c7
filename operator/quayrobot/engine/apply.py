"""
How is a plan carried out?

One method per action, each returning the scene as it is afterwards. Nothing is
decided here but the order given; the first failure ends the plan, and the pass
looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from ..cluster.kinds import OURS, QUAY_CONNECTION, Kind
from ..model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    Exchange,
    GiveDefault,
    GiveRole,
    GuardConnection,
    JoinTeam,
    LeaveTeam,
    LinkAccount,
    ListRobots,
    LookAtFederation,
    LookAtGrants,
    LookAtHosts,
    LookAtOrganization,
    LookAtOwner,
    LookAtRobot,
    LookAtUser,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    RecordProgress,
    Regenerate,
    RemoveFinalizer,
    ReplaceSecret,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ..model.errors import Ambiguous, Conflict, Reason, TryLater
from ..model.names import RobotName
from ..model.resources.base import Part
from ..model.resources.robot import CredentialState, RobotStatus, is_keyless
from ..model.world import Absent, GrantsSeen, Present, RobotSeen, Unlooked
from ..plan.scene import Scene
from ..plan.verdict import federating, linking, progress, recording, rotating
from .granting import change_grant, federate
from .keyless import exchange, received
from .lines import Line
from .looking import look, usable
from .passes import GATHER_S, Tools
from .store import Body, RobotRecord

__all__ = ["Applier"]


@dataclass(slots=True)
class Applier:
    """
    Carries out actions for one resource; *record* is the object as last written.

    *edited* says that this pass is the first one of its generation.
    """

    tools: Tools
    record: RobotRecord
    line: Line | None
    released: bool = False
    edited: bool = field(init=False)

    def __post_init__(self) -> None:
        self.edited = self.record.status.observed_generation != self.record.generation

    @property
    def _kind(self) -> Kind:
        return OURS[self.record.key.kind]

    async def apply(self, action: Action, scene: Scene) -> Scene:
        """
        Carry out *action*, whichever robot it is about, and return the scene after it.

        Raises:
            QuayRobotError: It could not be done.
        """
        there = scene.towards(getattr(action, "robot", None))
        return (await self._apply(action, there)).towards(scene.robot_name)

    async def _apply(self, action: Action, scene: Scene) -> Scene:  # noqa: C901, PLR0911 - one line per part
        match action:
            case (
                ListRobots()
                | LookAtRobot()
                | LookAtOrganization()
                | LookAtUser()
                | LookAtOwner()
                | LookAtGrants()
                | LookAtFederation()
                | LookAtHosts()
            ):
                tools = self.tools
                return await look(tools.resources, tools.hosts, self.line, action, scene)
            case CreateRobot() | DeleteRobot() | Regenerate():
                return await self._write_robot(action, scene)
            case RecordIntent(state):
                return await self._store(rotating(scene, state), scene)
            case CreateSecret() | ReplaceSecret() | DeleteSecret():
                return await self._write_secret(action, scene)
            case RecordProgress() | GuardConnection() | AddFinalizer() | RemoveFinalizer():
                return await self._bind(action, scene)
            case RecordFederation(identities):
                return await self._store(federating(scene, identities), scene)
            case SetFederation():
                # What was refused before may be taken now.
                again = replace(scene, exchange=Unlooked())
                return await federate(usable(self.line), action, again)
            case Exchange():
                return await exchange(self.tools, usable(self.line), action, scene)
            case RecordGrants(grants):
                return await self._store(recording(scene, grants), scene)
            case (
                GiveRole()
                | TakeRole()
                | JoinTeam()
                | LeaveTeam()
                | GiveDefault()
                | ChangeDefault()
                | TakeDefault()
            ):
                return await change_grant(usable(self.line), action, scene, edited=self.edited)
            case RecordLinks() | LinkAccount():
                return await self._link(action, scene)
            case _:
                assert_never(action)

    # Quay --------------------------------------------------------------

    async def _write_robot(
        self, action: CreateRobot | DeleteRobot | Regenerate, scene: Scene
    ) -> Scene:
        await self._confirm_live(scene)
        line = usable(self.line)
        line.snapshots.begin_write(action.robot)
        match action:
            case CreateRobot():
                return await self._create_robot(line, action, scene)
            case Regenerate(robot):
                return await self._regenerate(line, robot, scene)
            case DeleteRobot(robot):
                line.grants.forget(robot)
                line.federation.pop(robot, None)
                await line.client.delete_robot(robot)
                return replace(scene, robot=Unlooked(), deleted=True)

    async def _create_robot(self, line: Line, action: CreateRobot, scene: Scene) -> Scene:
        try:
            seen = await line.client.create_robot(
                action.robot, action.description, action.metadata
            )
        except Ambiguous as error:
            return replace(scene, robot=Unlooked(), create_refusal=error.refusal or error)
        await self._check_marked(line, scene, seen)
        seen = received(scene, seen)
        line.snapshots.saw(action.robot, Present(seen))
        # A robot made anew has no rights, whatever one of that name had before.
        line.grants.wrote(action.robot, GrantsSeen())
        line.federation[action.robot] = ()
        return replace(
            scene,
            robot=Present(seen),
            grants=Present(GrantsSeen()),
            federation=Present(()),
            federation_read=True,
        )

    async def _regenerate(self, line: Line, robot: RobotName, scene: Scene) -> Scene:
        before = scene.robot.value if isinstance(scene.robot, Present) else None
        seen = await line.client.regenerate(robot)
        # The answer leaves out the metadata, which never changes.
        seen = received(scene, replace(seen, metadata=before.metadata if before else None))
        line.snapshots.saw(robot, Present(seen))
        return replace(scene, robot=Present(seen), status=_known_by(scene, seen))

    async def _check_marked(self, line: Line, scene: Scene, seen: RobotSeen) -> None:
        """
        A body that Quay could not read is taken for none: a robot without marker.

        It was made a moment ago by this very call, so it is provably ours to delete.
        """
        if seen.marker is not None and seen.marker.same_owner(scene.marker):
            return
        await line.client.delete_robot(scene.robot_name)
        msg = "Quay made the robot without its marker; it was deleted and is made again"
        raise TryLater(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, msg)

    async def _confirm_live(self, scene: Scene) -> None:
        """No robot is made or deleted on a view of the resource that is out of date."""
        key = self.record.key
        live = await self.tools.resources.get(self._kind, key.namespace, key.name)
        meta = live["metadata"] if live else {}
        same = meta.get("uid") == scene.me.uid
        if not same or ("deletionTimestamp" in meta) != scene.me.terminating:
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the resource changed meanwhile")
        if int(meta.get("generation", 1)) != scene.me.generation:
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the resource was edited meanwhile")

    # Status --------------------------------------------------------------

    async def _store(self, status: RobotStatus, scene: Scene) -> Scene:
        body = self.record.body
        self.keep(await self.tools.resources.write_status(self._kind, body, dump_status(status)))
        return replace(scene, status=status)

    # ServiceAccounts -----------------------------------------------------

    async def _link(self, action: RecordLinks | LinkAccount, scene: Scene) -> Scene:
        if isinstance(action, RecordLinks):
            return await self._store(linking(scene, action.links), scene)
        seen = await self.tools.accounts.change(action)
        accounts = {**scene.accounts, action.name: seen}
        return replace(scene, accounts=accounts)

    # Secrets -----------------------------------------------------------

    async def _write_secret(
        self, action: CreateSecret | ReplaceSecret | DeleteSecret, scene: Scene
    ) -> Scene:
        secrets, store = self.tools.secrets, self.tools.store
        try:
            if isinstance(action, DeleteSecret):
                namespace, name = action.namespace, action.name
                await secrets.delete(namespace, name, action.uid, action.version)
                store.drop_secret(namespace, name)
                return _without_secret(scene, name)
            if isinstance(action, CreateSecret):
                seen = await secrets.create(action.wanted)
            else:
                seen = await secrets.replace(action.wanted, action.uid, action.version)
        except Conflict:
            store.drop_secret(*_place(action))
            raise
        store.keep_secret(seen)
        # From this moment on somebody may have read it.
        later = replace(scene, now=self.tools.now())
        return later.with_secret(seen.name, Present(seen))

    # The resource itself ----------------------------------------------

    async def _bind(
        self,
        action: RecordProgress | GuardConnection | AddFinalizer | RemoveFinalizer,
        scene: Scene,
    ) -> Scene:
        resources, body = self.tools.resources, self.record.body
        match action:
            case RecordProgress(state):
                return await self._store(progress(scene, state), scene)
            case AddFinalizer():
                self.keep(await resources.add_finalizer(self._kind, body))
                return replace(scene, me=replace(scene.me, guarded=True))
            case RemoveFinalizer():
                await resources.remove_finalizer(self._kind, body)
                self.released = True
                return replace(scene, me=replace(scene.me, guarded=False))
            case GuardConnection():
                return await self._guard_connection(scene)

    async def _guard_connection(self, scene: Scene) -> Scene:
        line = usable(self.line)
        record = self.tools.store.connections.get(line.key)
        if record is None:
            raise Conflict(Reason.CONNECTION_NOT_FOUND, "the connection was deleted meanwhile")
        # The Secret first: a guarded connection without its key is no use.
        await self.tools.secrets.guard(line.place.namespace, line.place.name)
        after = await self.tools.resources.add_finalizer(QUAY_CONNECTION, record.body)
        self.tools.store.observe(line.key.kind, None, after)
        line.credential = replace(line.credential, guarded=True)
        record = self.tools.store.connections.get(line.key, record)
        return replace(scene, connection=line.seen(record))

    def keep(self, body: Body) -> None:
        """Take in the object as the API server answered a write of ours."""
        for key, lane in self.tools.store.observe(self.record.key.kind, None, body):
            if key != self.record.key:
                # The watch brings what is known by then: nobody else tells of it.
                self.tools.queue.add(key, lane, delay_s=GATHER_S)
        self.record = self.tools.store.robots[self.record.key]


def _known_by(scene: Scene, seen: RobotSeen) -> RobotStatus:
    """What tells the robot by its new token, until the status is written."""
    if seen.token is None:
        return scene.status
    digest, robot = seen.token.digest, scene.status.robot
    if is_keyless(scene.spec):
        known = robot.model_copy(update={"token_digest": digest}) if robot else None
        return scene.status.model_copy(update={"robot": known})
    return scene.status.model_copy(update={"credential": CredentialState(digest=digest)})


def dump_status(status: Part) -> Body:
    """Return a status as it goes over the wire: nothing that is None or empty."""
    dumped: Body = status.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {key: value for key, value in dumped.items() if value not in ([], {})}


def _place(action: CreateSecret | ReplaceSecret | DeleteSecret) -> tuple[str, str]:
    if isinstance(action, DeleteSecret):
        return action.namespace, action.name
    return action.wanted.namespace, action.wanted.name


def _without_secret(scene: Scene, name: str) -> Scene:
    kept = tuple(each for each in scene.spare_secrets if each.name != name)
    secrets = {**scene.secrets, name: Absent()} if name in scene.secrets else scene.secrets
    return replace(scene, spare_secrets=kept, secrets=secrets)
