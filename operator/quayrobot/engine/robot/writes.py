"""
How is a plan carried out?

One method per action, each returning the scene as it is afterwards. The first
failure ends the plan, and the pass looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from ...cluster.kinds import OURS, Kind
from ...model.actions import (
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
    Look,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    RecordProgress,
    Regenerate,
    RehearseSecrets,
    RemoveFinalizer,
    ReplaceSecret,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ...model.birthplace import birthplace_noted
from ...model.errors import (
    Ambiguous,
    Conflict,
    Denied,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from ...model.names import RobotName
from ...model.resources.base import dump_status
from ...model.resources.robot import RobotState, RobotStatus
from ...model.world import GrantsSeen, Present, RobotSeen, Unlooked
from ...plan.robot.creation import connection_of
from ...plan.scene import Scene
from ...plan.words.status import (
    held_at,
    intent_to_federate,
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
    intent_to_rotate,
)
from ...quay.client import QuayClient
from ..cache.store import Body, RobotRecord
from ..connection.batch_deletion import forget_deletion, leave_to_list
from ..connection.context import GATHER_S, Context
from ..connection.finalizers import guard_for
from ..connection.pool import LiveConnection
from ..workqueue.keys import Lane
from .echoes import echo_of
from .freshness import confirm_live, identity, must_be_live, rests_on_spec
from .grants import change_grant, federate
from .keyless import exchange, received
from .reads import perform_read, usable
from .regeneration import regenerate
from .secret_reads import look_again

__all__ = ["Applier"]

# Somebody may edit the resource between looking and taking back.
UNBINDS = 3


@dataclass(slots=True)
class Applier:
    """
    Carries out actions for one resource; *record* is the object as last written.

    *edited* says that this pass is the first one of its generation. *before* is the
    status until it was stored where the robot is about to be created, *sent* says that a
    write which makes it may have left. *fresh* says that the record was seen to be current;
    *just_written*, that the last action wrote it, which proves that it is.
    """

    context: Context
    record: RobotRecord
    live: LiveConnection | None
    released: bool = False
    before: RobotStatus | None = None
    sent: bool = False
    fresh: bool = False
    just_written: bool = False
    edited: bool = field(init=False)

    def __post_init__(self) -> None:
        self.edited = self.record.status.observed_generation != self.record.generation

    @property
    def _kind(self) -> Kind:
        return OURS[self.record.key.kind]

    async def apply(self, action: Action, scene: Scene) -> Scene:
        """
        Carry out *action* for the robot it names, and return the scene after it.

        Raises:
            QuayRobotError: It could not be done.
        """
        there = scene.towards(getattr(action, "robot", None))
        await self._confirm(action, scene)
        before = self.record
        with self.context.in_flight.writing(echo_of(action, before.key)):
            after = (await self._apply(action, there)).towards(scene.robot_name)
        new = self.record is not before
        if new:
            # What was held back counts more.
            self.record = self.context.store.robots.get(before.key, self.record)
        self.just_written = new and identity(self.record) == identity(scene.me)
        return after

    async def _confirm(self, action: Action, scene: Scene) -> None:
        this = self.record
        if must_be_live(action):
            if not self.just_written:
                await confirm_live(self.context, this.key, scene.me)
        elif rests_on_spec(action) and not self.fresh:
            await confirm_live(self.context, this.key, scene.me, version=this.version)
            self.fresh = True

    async def _apply(self, action: Action, scene: Scene) -> Scene:  # noqa: C901, PLR0911, PLR0912 - one line per part
        if isinstance(action, Look):
            context = self.context
            return await perform_read(context.resources, context.hosts, self.live, action, scene)
        owner = scene.robot_name.owner
        match action:
            case CreateRobot() | DeleteRobot() | Regenerate():
                return await self._write_robot(action, scene)
            case RecordIntent(state):
                return await self._store(intent_to_rotate(scene, state), scene)
            case CreateSecret() | ReplaceSecret() | DeleteSecret():
                return await self._write_secret(action, scene)
            case RehearseSecrets():
                await self.context.secrets.rehearse(action.writes)
                return scene
            case RecordProgress() | GuardConnection() | AddFinalizer() | RemoveFinalizer():
                return await self._bind(action, scene)
            case RecordFederation(identities):
                return await self._store(intent_to_federate(scene, identities), scene)
            case SetFederation():
                # What was refused before may be taken now.
                again = replace(scene, exchange=Unlooked())
                return await federate(usable(self.live, owner), action, again)
            case Exchange():
                return await exchange(self.context, usable(self.live), action, scene)
            case RecordGrants(grants):
                return await self._store(intent_to_grant(scene, grants), scene)
            case (
                GiveRole()
                | TakeRole()
                | JoinTeam()
                | LeaveTeam()
                | GiveDefault()
                | ChangeDefault()
                | TakeDefault()
            ):
                live = usable(self.live, owner)
                return await change_grant(live, action, scene, edited=self.edited)
            case RecordLinks() | LinkAccount():
                return await self._link(action, scene)
            case _:
                assert_never(action)

    # Quay --------------------------------------------------------------

    async def _write_robot(
        self, action: CreateRobot | DeleteRobot | Regenerate, scene: Scene
    ) -> Scene:
        live = usable(self.live, action.robot.owner)
        live.snapshots.begin_write(action.robot)
        try:
            match action:
                case CreateRobot():
                    return await self._create_robot(live, action, scene)
                case Regenerate(robot):
                    return await regenerate(live, robot, scene)
                case DeleteRobot():
                    return await self._delete_robot(live, action.robot, scene)
        except QuayRobotError as error:
            if error.did_nothing:
                live.snapshots.wrote_nothing(action.robot)
            raise

    async def _delete_robot(self, live: LiveConnection, robot: RobotName, scene: Scene) -> Scene:
        live.grants.forget(robot)
        live.federation.pop(robot, None)
        await live.client.delete_robot(robot)
        awaited = leave_to_list(self.context, live, self.record, robot)
        return replace(scene, robot=Unlooked(), deleted=True, awaited=awaited)

    async def _create_robot(
        self, live: LiveConnection, action: CreateRobot, scene: Scene
    ) -> Scene:
        sent, self.sent, client = self.sent, True, live.client
        try:
            seen = await client.create_robot(action.robot, action.description, action.metadata)
        except Ambiguous as error:
            return replace(scene, robot=Unlooked(), create_refusal=error.refusal or error)
        except Refused as error:
            barred = error.reason is Reason.INSUFFICIENT_SCOPE
            # Quay looks at who asks before anything else.
            self.sent = sent or (error.may_have_left and not barred)
            if not barred:
                raise
            # It may be that there is no such organization.
            return replace(scene, create_refusal=error)
        except QuayRobotError as error:
            nothing_made = isinstance(error, Denied | InvalidSpec)
            self.sent = sent or (error.may_have_left and not nothing_made)
            raise
        await self._check_marked(client, scene, seen)
        seen = received(scene, seen)
        live.snapshots.saw(action.robot, Present(seen))
        # A robot created again has no rights, whatever one of that name had before.
        live.grants.wrote(action.robot, GrantsSeen())
        live.federation[action.robot] = ()
        return replace(
            scene,
            robot=Present(seen),
            grants=Present(GrantsSeen()),
            federation=Present(()),
            federation_read=True,
        )

    async def _check_marked(self, client: QuayClient, scene: Scene, seen: RobotSeen) -> None:
        """
        A body that Quay could not read is taken for none: a robot without marker.

        It was made a moment ago by this very call, so it is provably ours to delete.
        """
        if seen.marker is not None and seen.marker.same_owner(scene.marker):
            return
        await client.delete_robot(scene.robot_name)
        msg = "Quay created the robot without its marker; it was deleted and is created again"
        raise TryLater(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, msg)

    # Status --------------------------------------------------------------

    async def _store(self, status: RobotStatus, scene: Scene) -> Scene:
        body = self.record.body
        self.keep(await self.context.resources.write_status(self._kind, body, dump_status(status)))
        return replace(scene, status=status)

    async def _link(self, action: RecordLinks | LinkAccount, scene: Scene) -> Scene:
        if isinstance(action, RecordLinks):
            return await self._store(intent_to_link(scene, action.links), scene)
        seen = await self.context.accounts.change(action)
        return replace(scene, accounts={**scene.accounts, action.name: seen})

    # Secrets -----------------------------------------------------------

    async def _write_secret(
        self, action: CreateSecret | ReplaceSecret | DeleteSecret, scene: Scene
    ) -> Scene:
        secrets, store = self.context.secrets, self.context.store
        try:
            if isinstance(action, DeleteSecret):
                await secrets.delete(*action.place, action.uid, action.version)
                store.drop_secret(*action.place)
                return scene.without_secret(action.name)
            if isinstance(action, CreateSecret):
                seen = await secrets.create(action.wanted)
            else:
                seen = await secrets.replace(action.wanted, action.uid, action.version)
        except Conflict:
            await look_again(self.context, *action.place)
            raise
        store.keep_secret(seen)
        # From this moment on somebody may have read it.
        later = replace(scene, now=self.context.now())
        return later.with_secret(seen.name, Present(seen))

    # The resource itself ----------------------------------------------

    async def _bind(
        self,
        action: RecordProgress | GuardConnection | AddFinalizer | RemoveFinalizer,
        scene: Scene,
    ) -> Scene:
        resources, body = self.context.resources, self.record.body
        match action:
            case RecordProgress(state):
                if scene.status.connection is None and state.created_at is None:
                    self.before = scene.status
                return await self._store(intent_to_hold(scene, state), scene)
            case AddFinalizer(state):
                return await self._hold(state, scene)
            case RemoveFinalizer():
                after = await resources.remove_finalizer(self._kind, body)
                self.released = True
                if after is not None:
                    # Finalizers of others keep it: who waits for its robot has to know.
                    self.keep(after)
                forget_deletion(self.live, self.record)
                return replace(scene, me=replace(scene.me, guarded=False))
            case GuardConnection():
                return await self._guard_connection(scene)

    async def _hold(self, state: RobotState | None, scene: Scene) -> Scene:
        guarded, noted = replace(scene, me=replace(scene.me, guarded=True)), None
        if state is not None:
            self.before = scene.status
            guarded = replace(guarded, status=held_at(scene, state))
            noted = birthplace_noted(self.record.uid, connection_of(scene).origin)
        body = self.record.body
        self.keep(await self.context.resources.add_finalizer(self._kind, body, noted))
        return guarded

    async def unbind(self, scene: Scene) -> Scene:
        """
        Return the scene after what was stored for a write that did nothing is taken back.

        It never left, or Quay refused who asked.

        Nothing was made anywhere, so the robot may be made elsewhere, and the resource
        may go at once. Where it cannot be taken back now, it is as if the write had been done.
        """
        for _ in range(UNBINDS):
            try:
                return await self._unbind(scene)
            except Conflict:
                body = await self._read_again()
                if body is None:
                    return scene
                self.keep(body)
                self._serve_edit(scene)
            except QuayRobotError:
                return scene
        return scene

    async def _read_again(self) -> Body | None:
        """Return the resource as it is now; None where it went, or cannot be read."""
        key = self.record.key
        try:
            body = await self.context.resources.get(self._kind, key.namespace, key.name)
        except QuayRobotError:
            return None
        return body if body is not None and body["metadata"]["uid"] == self.record.uid else None

    def _serve_edit(self, scene: Scene) -> None:
        """Their event is as what was read here, so nobody else tells of the edit."""
        if self.record.generation != scene.me.generation:
            self.context.queue.forgive(self.record.key)
            self.context.queue.add(self.record.key, Lane.EDIT)

    async def _unbind(self, scene: Scene) -> Scene:
        # The status first: a finalizer alone holds nothing to where the connection leads.
        stored, before = self.record.stored_status, self.before or RobotStatus()
        noted = {"grants": before.grants, "federation": before.federation}
        status = stored.model_copy(update={"robot": None, "connection": None, **noted})
        if status != stored:
            await self._store(status, scene)
        body = await self.context.resources.remove_finalizer(self._kind, self.record.body)
        if body is None:
            self.released = True
        else:
            self.keep(body)
        return replace(scene, status=status, me=replace(scene.me, guarded=False))

    async def _guard_connection(self, scene: Scene) -> Scene:
        live = usable(self.live)
        record = await guard_for(self.context, live, self.record.key)
        return replace(scene, connection=live.seen(record))

    def keep(self, body: Body) -> None:
        """Keep the object as the API server returned it after our write."""
        if body is self.record.body:
            # Nothing was written: it may be gone by now, and would come back to stay.
            return
        for key, lane in self.context.store.observe(self.record.key.kind, None, body):
            if key != self.record.key:
                # The watch brings what is known by then: nobody else tells of it.
                self.context.queue.add(key, lane, delay_s=GATHER_S)
        self.record = self.context.store.robots[self.record.key]
        self.fresh = True
