"""
What are the steps of one reconciliation of a QuayRobot?

Observe, decide, act, and observe again until nothing is due; then store the status.
A restart, an edit and a repair take the same path. The first failure ends the
actions, and the status is stored all the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from ...cluster.kinds import OURS
from ...model.actions import (
    Action,
    AddFinalizer,
    Component,
    GuardConnection,
    Look,
    RehearseSecrets,
    RemoveFinalizer,
)
from ...model.conditions import ConditionType
from ...model.errors import (
    Conflict,
    Contested,
    Denied,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from ...model.resources.base import dump_status
from ...model.resources.robot import RobotSpec, RobotStatus
from ...model.world import Absent, NamespaceSeen, Unlooked
from ...plan.credentials.keyless import next_look, refresh_at
from ...plan.decide import decide, stands, unlooked, without
from ...plan.robot.proof import ownership
from ...plan.robot.slots import active_first
from ...plan.rotation.rotation import is_asked
from ...plan.scene import Finding, Scene
from ...plan.words.status import status_after, worth_writing
from ..cache.store import Body, RobotRecord
from ..connection.batch_deletion import await_proof
from ..connection.context import UNWATCHED_S, Context, Outcome, requeue_s
from ..connection.pool import LiveConnection
from ..connection.reconciler import deny
from ..connection.status import lacks_scope
from ..connection.unsaid import after_unsaid, tell_unsaid
from ..workqueue.keys import Lane, OwnerKey, ResourceKey
from .components import component_of, goes_on, most_urgent
from .contested import note_losses, note_write
from .declared import tell_declared
from .effects import log_effect
from .events import tell_news
from .freshness import take_over
from .kept import look_again_s, tell_kept
from .observe import me_of, observe
from .secret_reads import presumes_free, read_secrets
from .writes import Applier

__all__ = ["RobotPass", "reconcile_robot"]

ROUNDS = 16
BLOCKED_CAP_S = 30.0
UNKNOWN_RESYNC_S = 300.0
UNPROVEN_S = 60.0
DAY_S = 86400.0
TOLD_S = 2.0

log = structlog.get_logger()


async def reconcile_robot(context: Context, key: ResourceKey) -> Outcome:
    """Reconcile one QuayRobot as far as that can be done now, and store the result."""
    record = context.store.robots.get(key)
    if record is None or (record.terminating and not record.guarded):
        return await tell_kept(context, key, record)

    try:
        scene, live = await observe(context, record, presuming=True)
    except InvalidSpec as error:
        return await _say_invalid(context, record, error)
    return await RobotPass(context, record, live).run(scene)


class RobotPass:
    """One pass over one QuayRobot."""

    def __init__(self, context: Context, record: RobotRecord, live: LiveConnection | None) -> None:
        self.context, self.first, self.live = context, record, live
        self.applier = Applier(context, record, live)
        self.quiet = False
        # Why the status after this pass is not stored.
        self.unsaid: QuayRobotError | None = None
        self.contended = False
        self._presumed = presumes_free(record)
        # A second look in the same pass would tell no more.
        self._unlooked = False

    async def run(self, scene: Scene) -> Outcome:
        """Do what can be done now, store the result, and return how the pass ended."""
        try:
            scene, findings = await self.rounds(scene)
        finally:
            if self.live is not None:
                self.live.needed_by.discard(self.first.key)
        scene = active_first(scene)
        if self.applier.before is not None and not self.applier.sent:
            scene = await self.applier.unbind(scene)
        if self.applier.released:
            return self._released()
        if not self.quiet:
            await self.say(scene, findings)
        elif scene.awaits_list:
            await_proof(self.context, self.first)
        self._watch_owner(scene)
        outcome = self.unless_unsaid(self._outcome(scene, findings))
        return replace(outcome, again_s=0.0) if self._asked_meanwhile(scene) else outcome

    async def rounds(self, scene: Scene) -> tuple[Scene, tuple[Finding, ...]]:
        """Decide and act until nothing is due; return the last scene and what is in the way."""
        unsaid = False
        for _ in range(ROUNDS):
            scene = active_first(scene)
            plan = decide(scene)
            self.quiet = plan.quiet or (unsaid and not plan.findings)
            met = await note_losses(self.context, plan.actions, scene)
            if met is not scene:
                # Somebody sets it back each time: what else is there to do?
                scene = met
                continue
            if not plan.actions:
                return scene, plan.findings
            before = scene
            scene, finding = await self.carry_out(plan.actions, scene)
            if finding is not None and (self._unlooked or not goes_on(before, finding)):
                return scene, (*plan.findings, finding)
            unsaid = finding is not None and self.quiet
            if self.applier.released:
                return scene, ()
        error = TryLater(
            Reason.INTERNAL_ERROR, "the reconciliation did not finish; it continues later"
        )
        return scene, (Finding(Component.ROBOT, error),)

    async def carry_out(
        self, actions: tuple[Action, ...], scene: Scene
    ) -> tuple[Scene, Finding | None]:
        """Carry out *actions* until one fails; return the scene then, and the failure."""
        for action in actions:
            before = scene
            try:
                scene = await self.applier.apply(action, scene)
            except QuayRobotError as error:
                if (seen := await self._with_secrets_read(action, scene)) is not None:
                    return seen, None
                finding = await self._stopped(action, scene, error)
                told = None if self.quiet else finding.error
                return without(scene, action, finding.component, told), finding
            scene = note_write(self.context, action, before, scene)
            log_effect(action, scene, _who(self.first))
            tell_declared(self.context, self.applier.record.body, action, before)
        return scene, None

    async def _with_secrets_read(self, action: Action, scene: Scene) -> Scene | None:
        """Return the scene after names that were presumed to be free proved not to be."""
        if not (self._presumed and isinstance(action, RehearseSecrets)):
            return None
        self._presumed = False
        secrets = await read_secrets(self.context, self.first, scene.spec)
        known = all(isinstance(each, Absent) for each in secrets.values())
        return None if known else replace(scene, secrets=secrets)

    async def _stopped(self, action: Action, scene: Scene, error: QuayRobotError) -> Finding:
        if isinstance(error, Denied):
            error = await self._denied(error)
        # An outage is no news for what is as it should be: the connection tells of it.
        outage = isinstance(action, Look | GuardConnection) and stands(scene, error)
        if outage and (waits := unlooked(scene, error)) is not None:
            self._unlooked = True
            return waits
        overtaken = self._overtaken(action, error)
        if overtaken:
            await take_over(self.context, self.first)
        self.quiet = outage or overtaken
        part = component_of(action, scene)
        if isinstance(action, RehearseSecrets) and part is Component.ROTATION:
            error = _put_off(error)
        return Finding(part, error)

    def _overtaken(self, action: Action, error: QuayRobotError) -> bool:
        """Return whether somebody wrote the resource first: no news, their event wakes it."""
        binds = isinstance(action, AddFinalizer | RemoveFinalizer)
        again = self.context.queue.failing(self.first.key)
        return binds and isinstance(error, Conflict) and not again

    async def _denied(self, error: Denied) -> QuayRobotError:
        """A refusal is believed after the credential's Secret was read once more."""
        if self.live is None:
            return error
        return await deny(self.context, self.live, error)

    def judge(self, scene: Scene, findings: tuple[Finding, ...]) -> RobotStatus:
        """Return the status after this pass."""
        return status_after(scene, findings, adopted=ownership(scene))

    async def say(self, scene: Scene, findings: tuple[Finding, ...]) -> None:
        """Write the status after this pass, if it says more than the stored one."""
        before = self.applier.record.status
        after = self.judge(scene, findings)
        if not worth_writing(before, after):
            return
        body = await self.write(after)
        if body is None:
            return
        tell_news(self.context, self.first, body, after)
        self._enqueue_rivals(self.first.status, after)

    async def write(self, after: RobotStatus) -> Body | None:
        """Store the status *after*, and return the resource then; None where it is not taken."""
        context, kind, body = self.context, self.first.key.kind, self.applier.record.body
        try:
            body = await context.resources.write_status(OURS[kind], body, dump_status(after))
        except Conflict:
            # Somebody edited it: the next pass goes by what it is now.
            self.contended = True
            delay_s = context.queue.conflict_s(self.first.key) / 2
            context.queue.add(self.first.key, Lane.EDIT, delay_s=delay_s)
            await take_over(context, self.first)
            return None
        except QuayRobotError as error:
            self.unsaid = error
            tell_unsaid(context, kind, body, error)
            return None
        context.unsaid.discard(self.first.uid)
        self.applier.keep(body)
        return body

    def _enqueue_rivals(self, before: RobotStatus, after: RobotStatus) -> None:
        if lacks_scope(before) != lacks_scope(after):
            # The connection tells what its token lacks.
            self.context.queue.add(self.first.connection_key, Lane.RESYNC, delay_s=TOLD_S)
        if _stalled(before) != _stalled(after) or before.holds != after.holds:
            for rival in self.context.store.namesakes(self.first):
                self.context.queue.add(rival.key, Lane.DRIFT)

    def _watch_owner(self, scene: Scene) -> None:
        if self.applier.record.status.holds or ownership(scene) is not None:
            key = OwnerKey(self.first.connection_key, self.first.robot_name.owner)
            resync = self.context.spread(self._resync_s)
            self.context.queue.add(key, Lane.RESYNC, delay_s=resync)

    def _released(self) -> Outcome:
        log.info("resource.released", **_who(self.first))
        self.context.queue.add(self.first.connection_key, Lane.DRIFT)
        for rival in self.context.store.namesakes(self.first):
            self.context.queue.add(rival.key, Lane.DRIFT, delay_s=0.5)
        return Outcome(again_s=look_again_s(self.applier.record))

    def _rotation_s(self) -> float | None:
        """When a rotation goes on, or the next is due; never more than a day ahead."""
        record = self.applier.record
        state = record.status.rotation
        if state is None or record.terminating or record.lenient_spec.suspend:
            return None
        moments = [state.next_at, state.retiring.until if state.retiring else None]
        due = min((datetime.fromisoformat(each) for each in moments if each), default=None)
        if due is None:
            return None
        return min(max((due - self.context.now()).total_seconds(), 1.0), DAY_S)

    def _under_way(self, scene: Scene) -> bool:
        """Return whether a rotation was begun or asked for, or its end is due."""
        state = self.applier.record.status.rotation
        begun = state is not None and state.intent is not None
        return begun or is_asked(scene) or self._rotation_s() == 1.0

    def _asked_meanwhile(self, scene: Scene) -> bool:
        """Return whether a rotation ended, and another was asked for since it began."""
        began, record = self.first.status.rotation, self.applier.record
        ended = record.status.rotation
        if began is None or began.intent is None or ended is None or ended.intent is not None:
            return False
        return is_asked(replace(scene, status=record.status))

    def _refresh_s(self) -> float | None:
        """When the password has to be looked at next, if there is one."""
        record = self.applier.record
        due = next_look(record.status, record.uid, self.context.now())
        if due is None or record.terminating:
            return None
        return max((due - self.context.now()).total_seconds(), 1.0)

    def _refresh_is_late(self) -> bool:
        record = self.applier.record
        credential = record.status.credential
        due = refresh_at(credential, record.uid) if credential else None
        return due is not None and due <= self.context.now()

    def _late_s(self, scene: Scene, findings: tuple[Finding, ...]) -> float | None:
        """When to come again for what may come later; None where it is not that alone."""
        if any(isinstance(each.error, Conflict) for each in findings):
            return None
        ends = [scene.waits_until(each.error) for each in findings]
        until = [each for each in ends if each is not None]
        if len(until) < len(ends):
            return None
        left = max((min(until) - self.context.now()).total_seconds(), 0.0) + 1.0
        if all(each.error.reason is Reason.CONNECTION_NOT_FOUND for each in findings):
            # Its first pass wakes all who wait for it: ten thousand need not ask.
            return left
        return min(self.context.queue.backoff_s(self.first.key), left)

    def _failed_s(self, error: QuayRobotError) -> float:
        if isinstance(error, Conflict):
            return self.context.queue.conflict_s(self.first.key)
        if isinstance(error, Contested):
            return error.retry_after or UNWATCHED_S
        return requeue_s(self.context, self.first.key, error, slow_s=self._resync_s)

    @property
    def _resync_s(self) -> float:
        return self.live.resync_s if self.live else UNKNOWN_RESYNC_S

    def unless_unsaid(self, outcome: Outcome) -> Outcome:
        """Return *outcome*, or when to come again where the status could not be stored."""
        if self.unsaid is None:
            return outcome
        key, error = self.first.key, self.unsaid
        return after_unsaid(self.context, key, outcome, error, slow_s=self._resync_s)

    def _outcome(self, scene: Scene, findings: tuple[Finding, ...]) -> Outcome:
        key = self.first.key
        if not findings and scene.awaits_list:
            # The list that tells wakes it; this is for when that is lost.
            return Outcome(again_s=UNPROVEN_S, settled=False)
        if not findings and self.quiet and self._under_way(scene):
            # It stays as it is told; what was begun is tried again like what failed.
            return Outcome(again_s=self.context.queue.backoff_s(key), settled=False)
        if not findings:
            due = _sooner(self._rotation_s(), self._refresh_s())
            if not self.quiet and self.unsaid is None and not self.contended:
                self.context.queue.forgive(key)
            elif self._refresh_is_late():
                due = _sooner(due, self.context.queue.backoff_s(key))
            return Outcome(again_s=due, settled=not self.quiet)
        error = most_urgent(findings)
        again = self._failed_s(error) if (late := self._late_s(scene, findings)) is None else late
        if isinstance(error, TryLater) and error.retry_after == 0.0:
            again = 0.0
        if scene.me.terminating:
            again = min(again, BLOCKED_CAP_S)
        elif (due := self._rotation_s()) is not None and due > 1.0:
            again = min(again, due)
        again = _sooner(again, self._refresh_s()) or again
        return Outcome(again_s=again, error=error, settled=False)


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((each for each in (one, other) if each is not None), default=None)


async def _say_invalid(context: Context, record: RobotRecord, error: InvalidSpec) -> Outcome:
    scene = Scene(
        cluster=context.cluster,
        now=context.now(),
        me=me_of(record),
        spec=RobotSpec.model_construct(suspend=False),
        status=record.status,
        connection=error,
        rules=None,
        namespace=NamespaceSeen(record.key.namespace),
        robot=Unlooked(),
    )
    this = RobotPass(context, record, None)
    await this.say(scene, (Finding(Component.SPEC, error),))
    return this.unless_unsaid(Outcome(error=error, settled=False))


def _put_off(error: QuayRobotError) -> QuayRobotError:
    """The credential goes on to work, so there is time until somebody lets us replace it."""
    if not isinstance(error, Refused):
        return error
    msg = f"the credential is not replaced, because it could not be stored: {error.message}"
    return TryLater(error.reason, msg)


def _stalled(status: RobotStatus) -> bool:
    return any(each.type is ConditionType.STALLED for each in status.conditions)


def _who(record: RobotRecord) -> dict[str, str]:
    return {"namespace": record.key.namespace, "name": record.key.name, "uid": record.uid}
