"""
How does one pass over a ClusterQuayRobot whose robot all namespaces share go?

The robot itself is made, kept, rotated and deleted like a QuayRobot's. It
needs one namespace at least that the rules let have it. When its credential
is another one, all namespaces are woken at once.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from ...cluster.kinds import CLUSTER_QUAY_ROBOT
from ...model.actions import Action, Regenerate
from ...model.conditions import merge_conditions
from ...model.errors import QuayRobotError
from ...model.resources.base import dump_status
from ...model.resources.clusterrobot import ClusterRobotStatus
from ...model.resources.robot import RobotStatus
from ...model.world import NamespaceSeen
from ...plan.cluster_robot.census import Census, cluster_robot_conditions, shared_conditions
from ...plan.cluster_robot.copies import check_copy
from ...plan.cluster_robot.targets import RemovalPlan
from ...plan.scene import Finding, Scene
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context, Outcome
from ..connection.pool import LiveConnection
from ..robot.observe import observe
from ..robot.reconciler import RobotPass
from ..workqueue.keys import Lane, NamespaceKey
from .targets import CopyTargets

__all__ = ["NOWHERE", "left_with_copies", "run_shared", "run_shared_end", "who_asks"]

WAIT_S = 5.0
NOWHERE = NamespaceSeen("")

log = structlog.get_logger(__name__)


async def run_shared(context: Context, roll: CopyTargets) -> Outcome:
    """Bring the shared robot up to date, and say how all of its copies stand."""
    record = roll.record
    scene, live = await observe(context, record, space=NOWHERE)
    asking = who_asks(roll, scene)
    this = _SharedPass(context, roll, live)
    if asking is None:
        # Nobody is to have it: it is not made, and one that is there is left alone.
        await this.say_counts()
        outcome = Outcome()
    else:
        outcome = await this.run(replace(scene, namespace=asking))
    this.tell()
    this.leave()
    waits = [each for each in (outcome.again_s, roll.wait_s()) if each is not None]
    return replace(outcome, again_s=min(waits, default=None))


def who_asks(roll: CopyTargets, scene: Scene) -> NamespaceSeen | None:
    """
    Return the namespace in whose name the robot is had; None where none is meant.

    The *roll* is told which of the namespaces the rules refuse it to.
    """
    roll.refusals = _refusals(scene, roll)
    allowed = [each for each in roll.targets.values() if each.name not in roll.refusals]
    return min(allowed or roll.targets.values(), key=lambda each: each.name, default=None)


def _refusals(scene: Scene, roll: CopyTargets) -> dict[str, QuayRobotError]:
    found: dict[str, QuayRobotError] = {}
    for name, space in roll.targets.items():
        try:
            check_copy(replace(scene, namespace=space))
        except QuayRobotError as error:
            found[name] = error
    return found


def left_with_copies(context: Context, record: ClusterRobotRecord) -> list[NamespaceSeen]:
    """Return the namespaces that still have a copy; what is going takes its own along."""
    return [
        each
        for each in context.store.namespaces.values()
        if not each.terminating and context.store.secrets_of(each.name, record.uid)
    ]


async def run_shared_end(
    context: Context, record: ClusterRobotRecord, memory: ClusterRobotMemory
) -> Outcome:
    """Take the copies away, then the robot; what cannot be taken goes with the resource."""
    if not record.guarded:
        return Outcome()
    scene, live = await observe(context, record, space=NOWHERE)
    this = RobotPass(context, record, live)
    left = [each for each in left_with_copies(context, record) if each.name not in memory.stuck]
    if not left:
        return await this.run(scene)
    for each in left:
        context.queue.add(NamespaceKey(record.key, each.name), Lane.EDIT)
    await this.say(scene, ())
    return Outcome(again_s=WAIT_S, settled=False)


class _SharedPass(RobotPass):
    """One pass over the robot, whose verdict counts the namespaces too."""

    def __init__(self, context: Context, roll: CopyTargets, live: LiveConnection | None) -> None:
        super().__init__(context, roll.record, live)
        self.roll = roll
        self.removal: RemovalPlan | None = roll.plan_removal()

    async def run(self, scene: Scene) -> Outcome:
        """Run to the end of what can be done now; the counts are told in any case."""
        outcome = await super().run(scene)
        if self.quiet:
            await self.say_counts()
        return outcome

    async def carry_out(
        self, actions: tuple[Action, ...], scene: Scene
    ) -> tuple[Scene, Finding | None]:
        """Carry out *actions*; note when the credential was replaced."""
        after, finding = await super().carry_out(actions, scene)
        if finding is None and any(isinstance(each, Regenerate) for each in actions):
            self.roll.memory.replaced(self.context.clock())
        return after, finding

    def judge(self, scene: Scene, findings: tuple[Finding, ...]) -> RobotStatus:
        """Return the status of the robot and of its copies."""
        robot = super().judge(scene, findings)
        assert isinstance(robot, ClusterRobotStatus)
        status, census = self._counted(robot)
        if scene.spec.suspend:
            return status
        fleet = cluster_robot_conditions(
            self._stored(), census, self._held(), generation=scene.me.generation
        )
        conditions = merge_conditions(
            self._stored().conditions,
            shared_conditions(robot.conditions, fleet),
            generation=scene.me.generation,
            now=scene.now,
        )
        return status.model_copy(update={"conditions": conditions})

    async def say_counts(self) -> None:
        """Store the counts alone: nothing new is known of the robot."""
        before = self.roll.record.fleet_status
        status, census = self._counted(before)
        if not self.roll.targets:
            conditions = cluster_robot_conditions(
                before, census, self._held(), generation=self.roll.record.generation
            )
            merged = merge_conditions(
                before.conditions,
                conditions,
                generation=self.roll.record.generation,
                now=self.context.now(),
            )
            generation = {"observed_generation": self.roll.record.generation}
            status = status.model_copy(update={"conditions": merged, **generation})
        if status == before:
            return
        body = await self.context.resources.write_status(
            CLUSTER_QUAY_ROBOT, self.applier.record.body, dump_status(status)
        )
        self.applier.keep(body)

    def tell(self) -> None:
        """Wake all namespaces when what they are to have is something else."""
        record = self.applier.record
        credential = record.status.credential
        digest = credential.digest if credential else None
        rules = self.context.pool.rules(record.connection_key)
        self.roll.tell_all((record.generation, digest, rules, sorted(self.roll.refusals)))
        took = self.roll.memory.refreshed_s(self.roll.census().moving_stale)
        if took is not None:
            self.context.memories.refreshed(took)

    def leave(self) -> None:
        """Let go what may be left, once it is stored that it was confirmed."""
        if self.removal is not None and self._stored().removal == self.removal.state:
            self.roll.leave(self.removal)

    def _counted(self, status: ClusterRobotStatus) -> tuple[ClusterRobotStatus, Census]:
        self.roll.digest = status.credential.digest if status.credential else None
        census = self.roll.census()
        state = self.removal.state if self.removal else status.removal
        counted = {"namespaces": census.counts, "failed": census.failed, "removal": state}
        return status.model_copy(update=counted), census

    def _stored(self) -> ClusterRobotStatus:
        status = self.applier.record.status
        assert isinstance(status, ClusterRobotStatus)
        return status

    def _held(self) -> QuayRobotError | None:
        return self.removal.error if self.removal else self.roll.held_before()
