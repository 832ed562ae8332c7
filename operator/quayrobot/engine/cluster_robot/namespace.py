"""
How does one namespace get what a ClusterQuayRobot declares for it?

One short pass per namespace, so that a new one never waits for a thousand
others. Whether a namespace that is no longer selected may lose what it has is
decided over all of them, not here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import structlog

from ...cluster.api import Body
from ...model.errors import Conflict, InvalidSpec, QuayRobotError, Refused
from ...model.members import DeleteMember, MemberAction, MemberSeen, MemberWanted
from ...model.names import ANNOTATION_ROTATE, LABEL_MANAGED_BY, OPERATOR
from ...model.resources.clusterrobot import ClusterRobotSpec
from ...model.resources.parse_clusterrobot import name_robot, robot_spec_for
from ...model.world import Absent, NamespaceSeen, Present, Seen
from ...plan.cluster_robot.members import plan_member, plan_member_removal
from ...plan.cluster_robot.targets import is_target
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord, RobotRecord
from ..connection.context import GATHER_S, Context, Outcome, requeue_s
from ..workqueue.keys import Lane, NamespaceKey, ResourceKey
from .contested import contest_about, has_to_wait, note_left, note_written
from .freshness import confirm_namespace, confirm_selecting
from .secret_copies import apply_copies, remove_copies

__all__ = [
    "removal_actions",
    "member_of",
    "reconcile_namespace",
    "seen_member",
    "apply_actions",
    "enqueue_cluster_robot",
]

SLOW_S = 300.0
log = structlog.get_logger(__name__)


async def reconcile_namespace(context: Context, key: NamespaceKey) -> Outcome:
    """Reconcile what one namespace has from its ClusterQuayRobot, as far as possible now."""
    record = context.store.cluster_robots.get(key.resource)
    if record is None or isinstance(record.declared, InvalidSpec):
        return Outcome()
    if record.terminating and not (record.shared and record.guarded):
        return Outcome()

    memory = context.memories.of(record.key, record.uid)
    kind = _Sharing if record.shared else _Member
    try:
        await kind(context, record, record.declared, memory, key.namespace).run()
    except QuayRobotError as error:
        if record.terminating and isinstance(error, Refused):
            memory.stuck |= {key.namespace}
        _tell(key, memory, error)
        if memory.failed(key.namespace, error):
            enqueue_cluster_robot(context, record.key)
        again = _again_s(context, key, error)
        return Outcome(again_s=again, error=error, settled=False)
    if key.namespace in memory.waiting:
        # The robot's own pass wakes all when it knows more; one that came meanwhile waits here.
        return Outcome(again_s=context.queue.backoff_s(key), settled=False)
    context.queue.forgive(key)
    return Outcome()


def _again_s(context: Context, key: NamespaceKey, error: QuayRobotError) -> float:
    if isinstance(error, Conflict):
        return context.queue.conflict_s(key)
    return requeue_s(context, key, error, slow_s=SLOW_S)


def _tell(key: NamespaceKey, memory: ClusterRobotMemory, error: QuayRobotError) -> None:
    """Say what is refused, once for each reason: the status names the reasons alone."""
    told = {each.reason for each in memory.troubles.values()}
    if isinstance(error, Refused) and error.reason not in told:
        who = {"kind": key.resource.kind, "name": key.resource.name, "namespace": key.namespace}
        log.warning("resource.not_ready", reason=error.reason, why=error.message, **who)


def enqueue_cluster_robot(context: Context, key: ResourceKey) -> None:
    """Enqueue the ClusterQuayRobot to count again, a little later: more may change until then."""
    context.queue.add(key, Lane.DRIFT, delay_s=GATHER_S)


def member_of(context: Context, record: ClusterRobotRecord, namespace: str) -> RobotRecord | None:
    """Return the QuayRobot in *namespace* that *record* controls."""
    known = context.store.robots.get(ResourceKey("QuayRobot", namespace, record.key.name))
    if known is None or known.member is None or known.member.controller_uid != record.uid:
        return None
    return known


class _Copy(ABC):
    """One pass over one namespace."""

    def __init__(
        self,
        context: Context,
        record: ClusterRobotRecord,
        declared: ClusterRobotSpec,
        memory: ClusterRobotMemory,
        namespace: str,
    ) -> None:
        self.context, self.record, self.declared = context, record, declared
        self.memory, self.namespace = memory, namespace
        self.seen = NamespaceSeen(namespace, labels=None)

    async def run(self) -> None:
        """Create, change or delete what the namespace has."""
        self.memory.waiting.discard(self.namespace)
        seen = self.context.store.namespaces.get(self.namespace)
        if seen is None or seen.terminating:
            # All that is in it goes with it.
            note_left(self.context, self.record, self.namespace)
            self.memory.forget(self.namespace)
            return
        self.seen = seen
        if self.record.terminating:
            await self._leave()
        elif is_target(self.declared, seen):
            self.memory.removable -= {self.namespace}
            await self._serve()
        elif self.namespace in self.memory.removable:
            await self._leave()

    @abstractmethod
    async def _serve(self) -> None:
        """Make what the namespace is to have."""

    @abstractmethod
    async def _leave(self) -> None:
        """Take away what it has."""

    async def _confirm(self) -> None:
        """What a namespace loses is gone for everybody in it: look once more at both."""
        await confirm_selecting(self.context, self.record, self.memory)
        await confirm_namespace(self.context, self.seen)

    def _ended(self) -> None:
        if self.memory.ended(self.namespace, self.record.generation):
            enqueue_cluster_robot(self.context, self.record.key)

    def _left(self) -> None:
        self.memory.left.append(self.context.clock())


class _Sharing(_Copy):
    """Where all namespaces have copies of one robot's Secrets."""

    async def _serve(self) -> None:
        if await apply_copies(self.context, self.record, self.memory, self.seen):
            self._ended()
        else:
            self.memory.troubles.pop(self.namespace, None)
            self.memory.waiting.add(self.namespace)

    async def _leave(self) -> None:
        if await remove_copies(self.context, self.record, self.seen, self._confirm):
            self._left()
            enqueue_cluster_robot(self.context, self.record.key)
        self.memory.forget(self.namespace)


class _Member(_Copy):
    """Where each namespace has a QuayRobot of its own."""

    async def _serve(self) -> None:
        actions = apply_actions(self.context, self.record, self.declared, self.namespace)
        if actions:
            await confirm_selecting(self.context, self.record, self.memory)
        for action in actions:
            await self._try(action)
        contest = contest_about(self.context, self.record, self.namespace)
        if self.memory.contest(self.namespace, contest):
            enqueue_cluster_robot(self.context, self.record.key)
        self._ended()
        if contest is not None:
            key = NamespaceKey(self.record.key, self.namespace)
            self.context.queue.add(key, Lane.RESYNC, delay_s=contest.retry_after or 1.0)

    async def _try(self, action: MemberAction) -> None:
        """Carry out *action*, unless it has to wait for its turn."""
        sure = self.memory.settled.get(self.namespace) == self.record.generation
        if await has_to_wait(self.context, self.record, action, was_as_wanted=sure):
            return
        body = await self._apply(action)
        if body is not None:
            note_written(self.context, self.record, action, body)

    async def _leave(self) -> None:
        actions = removal_actions(self.context, self.record, self.namespace)
        if actions:
            await self._confirm()
        for action in actions:
            await self._apply(action)
        note_left(self.context, self.record, self.namespace)
        self.memory.forget(self.namespace)

    async def _apply(self, action: MemberAction) -> Body | None:
        body = await self.context.members.apply(action)
        if body is not None:
            self._keep(body)
        elif isinstance(action, DeleteMember):
            self._left()
        return body

    def _keep(self, body: Body) -> None:
        for key, lane in self.context.store.observe("QuayRobot", "MODIFIED", body):
            if key != NamespaceKey(self.record.key, self.namespace):
                self.context.queue.add(key, lane)


def apply_actions(
    context: Context, record: ClusterRobotRecord, declared: ClusterRobotSpec, namespace: str
) -> tuple[MemberAction, ...]:
    """
    Return the writes after which *namespace* has the QuayRobot that it should have.

    Raises:
        QuayRobotError: What stands in the way.
    """
    wanted = _wanted(record, declared, namespace)
    return plan_member(wanted, seen_member(context, record, namespace))


def removal_actions(
    context: Context, record: ClusterRobotRecord, namespace: str
) -> tuple[MemberAction, ...]:
    """Return the writes after which *namespace* has no QuayRobot of *record*."""
    return plan_member_removal(record.uid, seen_member(context, record, namespace))


def seen_member(context: Context, record: ClusterRobotRecord, namespace: str) -> Seen[MemberSeen]:
    """Return the QuayRobot in *namespace* with the name of *record*, whoever owns it."""
    key = ResourceKey("QuayRobot", namespace, record.key.name)
    known = context.store.robots.get(key)
    if known is None:
        return Absent()
    return Present(known.member or _somebody_elses(known))


def _wanted(
    record: ClusterRobotRecord, declared: ClusterRobotSpec, namespace: str
) -> MemberWanted:
    meta = declared.template.metadata
    robot = name_robot(declared, record.key.name, namespace, record.cluster)
    rotate = (record.meta.get("annotations") or {}).get(ANNOTATION_ROTATE)
    return MemberWanted(
        namespace=namespace,
        name=record.key.name,
        spec=robot_spec_for(record.raw_spec, robot),
        labels={**meta.labels, LABEL_MANAGED_BY: OPERATOR},
        annotations={**meta.annotations, **({ANNOTATION_ROTATE: rotate} if rotate else {})},
        owner_name=record.key.name,
        owner_uid=record.uid,
    )


def _somebody_elses(record: RobotRecord) -> MemberSeen:
    return MemberSeen(
        namespace=record.key.namespace,
        name=record.key.name,
        uid=record.uid,
        version=str(record.version),
        controller_uid=None,
        spec=record.raw_spec,
        labels={},
        annotations={},
    )
