"""
What are the steps of one reconciliation of a ClusterQuayRobot with mode Shared?

The robot itself is made, kept, rotated and deleted like a QuayRobot's. It
needs one namespace at least that the rules let have it. When its credential
is another one, all namespaces are woken at once.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from ...model.actions import Action, Regenerate
from ...model.conditions import merge_conditions
from ...model.errors import QuayRobotError
from ...model.resources.clusterrobot import ClusterRobotStatus
from ...model.resources.robot import RobotStatus
from ...model.world import NamespaceSeen
from ...plan.cluster_robot.copies import check_copy
from ...plan.cluster_robot.status import Summary, cluster_robot_conditions, shared_conditions
from ...plan.cluster_robot.targets import RemovalPlan
from ...plan.scene import Finding, Scene
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context, Outcome
from ..connection.pool import LiveConnection
from ..robot.kept import tell_kept
from ..robot.observe import observe
from ..robot.reconciler import RobotPass
from ..workqueue.keys import Lane, NamespaceKey
from .targets import CopyTargets

__all__ = ["NOWHERE", "left_with_copies", "reconcile_shared", "finalize_shared", "who_asks"]

WAIT_S = 5.0
NOWHERE = NamespaceSeen("")

log = structlog.get_logger(__name__)


async def reconcile_shared(context: Context, targets: CopyTargets) -> Outcome:
    """Reconcile the shared robot, and store the state of all its copies."""
    record = targets.record
    scene, live = await observe(context, record, namespace=NOWHERE)
    asking = who_asks(targets, scene)
    this = _SharedPass(context, targets, live)
    if asking is None:
        # Nobody is to have it: it is not made, and one that is there is left alone.
        await this.say_counts()
        outcome = this.unless_unsaid(Outcome())
    else:
        outcome = await this.run(replace(scene, namespace=asking))
    this.tell()
    this.leave()
    waits = [each for each in (outcome.again_s, targets.wait_s()) if each is not None]
    return replace(outcome, again_s=min(waits, default=None))


def who_asks(targets: CopyTargets, scene: Scene) -> NamespaceSeen | None:
    """
    Return the namespace on whose behalf the robot is held; None without a target.

    Notes in *targets* which of the namespaces the rules refuse it to.
    """
    targets.refusals = _refusals(scene, targets)
    allowed = [each for each in targets.selected.values() if each.name not in targets.refusals]
    return min(allowed or targets.selected.values(), key=lambda each: each.name, default=None)


def _refusals(scene: Scene, targets: CopyTargets) -> dict[str, QuayRobotError]:
    found: dict[str, QuayRobotError] = {}
    for name, namespace in targets.selected.items():
        try:
            check_copy(replace(scene, namespace=namespace))
        except QuayRobotError as error:
            found[name] = error
    return found


def left_with_copies(context: Context, record: ClusterRobotRecord) -> list[NamespaceSeen]:
    """Return the namespaces that still have a copy; those that terminate delete their own."""
    return [
        each
        for each in context.store.namespaces.values()
        if not each.terminating and context.store.secrets_of(each.name, record.uid)
    ]


async def finalize_shared(
    context: Context, record: ClusterRobotRecord, memory: ClusterRobotMemory
) -> Outcome:
    """Delete the copies, then the robot; what cannot be deleted goes with the resource."""
    if not record.guarded:
        return await tell_kept(context, record.key, record)
    scene, live = await observe(context, record, namespace=NOWHERE)
    this = RobotPass(context, record, live)
    left = [each for each in left_with_copies(context, record) if each.name not in memory.stuck]
    if not left:
        return await this.run(scene)
    for each in left:
        context.queue.add(NamespaceKey(record.key, each.name), Lane.EDIT)
    await this.say(scene, ())
    return this.unless_unsaid(Outcome(again_s=WAIT_S, settled=False))


class _SharedPass(RobotPass):
    """One pass over the robot, whose status counts the namespaces too."""

    def __init__(
        self, context: Context, targets: CopyTargets, live: LiveConnection | None
    ) -> None:
        super().__init__(context, targets.record, live)
        self.targets = targets
        self.removal: RemovalPlan | None = targets.plan_removal()

    async def run(self, scene: Scene) -> Outcome:
        """Do what can be done now; the counts are stored in any case."""
        outcome = await super().run(scene)
        if self.quiet:
            await self.say_counts()
            outcome = self.unless_unsaid(outcome)
        return outcome

    async def carry_out(
        self, actions: tuple[Action, ...], scene: Scene
    ) -> tuple[Scene, Finding | None]:
        """Carry out *actions*; note when the credential was replaced."""
        after, finding = await super().carry_out(actions, scene)
        if finding is None and any(isinstance(each, Regenerate) for each in actions):
            self.targets.memory.replaced(self.context.clock())
        return after, finding

    def judge(self, scene: Scene, findings: tuple[Finding, ...]) -> RobotStatus:
        """Return the status of the robot and of its copies."""
        robot = super().judge(scene, findings)
        assert isinstance(robot, ClusterRobotStatus)
        status, summary = self._counted(robot)
        if scene.spec.suspend:
            return status
        cluster_robot = cluster_robot_conditions(
            self._stored(), summary, self._held(), generation=scene.me.generation
        )
        conditions = merge_conditions(
            self._stored().conditions,
            shared_conditions(robot.conditions, cluster_robot),
            generation=scene.me.generation,
            now=scene.now,
        )
        return status.model_copy(update={"conditions": conditions})

    async def say_counts(self) -> None:
        """Store only the counts: nothing new is known of the robot."""
        before = self.targets.record.cluster_robot_status
        status, summary = self._counted(before)
        if not self.targets.selected:
            conditions = cluster_robot_conditions(
                before, summary, self._held(), generation=self.targets.record.generation
            )
            merged = merge_conditions(
                before.conditions,
                conditions,
                generation=self.targets.record.generation,
                now=self.context.now(),
            )
            generation = {"observed_generation": self.targets.record.generation}
            status = status.model_copy(update={"conditions": merged, **generation})
        if status == before:
            return
        await self.write(status)

    def tell(self) -> None:
        """Enqueue all namespaces when what they should have has changed."""
        record = self.applier.record
        credential = record.status.credential
        digest = credential.digest if credential else None
        rules = self.context.pool.rules(record.connection_key)
        self.targets.enqueue_all_on(
            (record.generation, digest, rules, sorted(self.targets.refusals))
        )
        took = self.targets.memory.refreshed_s(self.targets.summary().moving_stale)
        if took is not None:
            self.context.memories.refreshed(took)

    def leave(self) -> None:
        """Start the removals that are allowed, once their confirmation is stored."""
        if self.targets.record.lenient_spec.suspend:
            self.targets.memory.removable = frozenset()
            return
        if self.removal is not None and self._stored().removal == self.removal.state:
            self.targets.leave(self.removal)

    def _counted(self, status: ClusterRobotStatus) -> tuple[ClusterRobotStatus, Summary]:
        self.targets.digest = status.credential.digest if status.credential else None
        summary = self.targets.summary()
        state = self.removal.state if self.removal else status.removal
        counted = {"namespaces": summary.counts, "failed": summary.failed, "removal": state}
        return status.model_copy(update=counted), summary

    def _stored(self) -> ClusterRobotStatus:
        status = self.applier.record.status
        assert isinstance(status, ClusterRobotStatus)
        return status

    def _held(self) -> QuayRobotError | None:
        return self.removal.error if self.removal else self.targets.held_before()
