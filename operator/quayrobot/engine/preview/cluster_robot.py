"""
What would a pass over a ClusterQuayRobot do in each namespace, without doing it?

Who is selected, what is created, changed or removed and what stands in the way is
decided by the code of every pass, over a one-shot cache. For a QuayRobot that
would be created or changed, the preview also has what its own first pass would
refuse, which costs Quay nothing; a shared robot's preview is that of any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ...cluster.kinds import CLUSTER_QUAY_ROBOT, QUAY_ROBOT
from ...model.actions import Action, Component
from ...model.conditions import rfc3339
from ...model.errors import InvalidSpec, QuayRobotError
from ...model.members import DeleteMember, MemberAction, MemberSeen, MemberWanted
from ...model.names import API_VERSION
from ...model.resources.clusterrobot import ClusterRobotSpec
from ...model.secrecy import Token
from ...model.world import ConnectionSeen, NamespaceSeen, Present
from ...plan.cluster_robot.copies import plan_copy, plan_copy_removal
from ...plan.decide import decide
from ...plan.scene import Finding, Scene
from ...plan.words.dry_run import simulate
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord, RobotRecord
from ..cluster_robot.namespace import apply_actions, removal_actions, seen_member
from ..cluster_robot.secret_copies import known_token, scene_of_copies
from ..cluster_robot.shared import NOWHERE, left_with_copies, who_asks
from ..cluster_robot.targets import CopyTargets, MemberTargets, Targets
from ..connection.context import Context
from ..robot.observe import observe
from ..workqueue.keys import ResourceKey
from .robot import Preview, Step, preview_robot

__all__ = ["ClusterRobotPreview", "MemberStep", "NamespacePreview", "preview_cluster_robot"]

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class MemberStep:
    """A write of a QuayRobot that would be made, over the one that was *seen* there."""

    action: MemberAction
    seen: MemberSeen | None


@dataclass(slots=True)
class NamespacePreview:
    """What would be done in one namespace, and what prevents it."""

    namespace: str
    member: MemberStep | None = None
    copies: list[Step] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    leaves: bool = False

    @property
    def busy(self) -> bool:
        """Return whether anything would be done."""
        return self.member is not None or bool(self.copies)


@dataclass(slots=True)
class ClusterRobotPreview:
    """
    What would be done in all namespaces, and with the *robot* that they share.

    *findings* stand in the way of all of them.
    """

    namespaces: list[NamespacePreview] = field(default_factory=list)
    robot: Preview | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def busy(self) -> bool:
        """Return whether anything would be done."""
        robot = self.robot is not None and bool(self.robot.steps)
        return robot or any(each.busy for each in self.namespaces)


async def preview_cluster_robot(
    context: Context, record: ClusterRobotRecord
) -> ClusterRobotPreview:
    """Return what the next passes over *record* and its namespaces would do."""
    if record.terminating:
        return await _preview_end(context, record) if record.shared else ClusterRobotPreview()
    if isinstance(record.declared, InvalidSpec):
        return ClusterRobotPreview(findings=(Finding(Component.SPEC, record.declared),))
    memory = ClusterRobotMemory(record.uid)
    if not record.shared:
        return await _preview_members(
            context, MemberTargets(context, record, record.declared, memory)
        )
    if isinstance(record.spec, InvalidSpec):
        return ClusterRobotPreview(findings=(Finding(Component.SPEC, record.spec),))
    return await _preview_shared(context, CopyTargets(context, record, record.declared, memory))


def _leaving(targets: Targets, preview: ClusterRobotPreview) -> tuple[str, ...]:
    """Who would be left now; what keeps them from it is told of all."""
    removal = targets.removal()
    if removal.error is not None:
        preview.findings = (*preview.findings, Finding(Component.SPEC, removal.error))
    return tuple(sorted(targets.leaving)) if removal.allowed else ()


# A QuayRobot for each ---------------------------------------------------------


async def _preview_members(context: Context, targets: MemberTargets) -> ClusterRobotPreview:
    preview, record = ClusterRobotPreview(), targets.record
    assert isinstance(record.declared, ClusterRobotSpec)
    for name in _leaving(targets, preview):
        member = _first(context, record, name, removal_actions(context, record, name))
        preview.namespaces.append(NamespacePreview(name, member, leaves=True))
    for name in sorted(targets.selected):
        preview.namespaces.append(_serve(context, record, record.declared, name))
    made = [(each, _as_made(context, record, each.member)) for each in preview.namespaces]
    # All of them first: two of them may come to one robot.
    for _each, body in made:
        if body is not None:
            context.store.observe(QUAY_ROBOT.kind, None, body)
    for each, body in made:
        if body is not None:
            each.findings = (*each.findings, *await _refusals(context, body))
    preview.namespaces.sort(key=lambda each: each.namespace)
    return preview


def _serve(
    context: Context, record: ClusterRobotRecord, declared: ClusterRobotSpec, name: str
) -> NamespacePreview:
    try:
        actions = apply_actions(context, record, declared, name)
    except QuayRobotError as error:
        return NamespacePreview(name, findings=(Finding(Component.ROBOT, error),))
    return NamespacePreview(name, _first(context, record, name, actions))


def _first(
    context: Context, record: ClusterRobotRecord, name: str, actions: tuple[MemberAction, ...]
) -> MemberStep | None:
    seen = seen_member(context, record, name)
    before = seen.value if isinstance(seen, Present) else None
    return next((MemberStep(each, before) for each in actions), None)


def _as_made(
    context: Context, record: ClusterRobotRecord, step: MemberStep | None
) -> dict[str, Any] | None:
    """The QuayRobot as it is stored then; None for one that stays or goes."""
    if step is None or isinstance(step.action, DeleteMember):
        return None
    wanted: MemberWanted = step.action.wanted
    known = context.store.robots.get(ResourceKey(QUAY_ROBOT.kind, wanted.namespace, wanted.name))
    if known is not None:
        meta = {**known.meta, "generation": known.generation + 1}
        status = known.raw_status
    else:
        meta = {
            "name": wanted.name,
            "namespace": wanted.namespace,
            "uid": f"not-made-yet-{wanted.namespace}",
            "resourceVersion": "0",
            "generation": 1,
            "creationTimestamp": rfc3339(context.now()),
        }
        status = {}
    owner = {
        "apiVersion": API_VERSION,
        "kind": CLUSTER_QUAY_ROBOT.kind,
        "name": wanted.owner_name,
        "uid": record.uid,
        "controller": True,
    }
    return {
        "metadata": {**meta, "ownerReferences": [owner]},
        "spec": wanted.spec,
        "status": status,
    }


async def _refusals(context: Context, body: dict[str, Any]) -> tuple[Finding, ...]:
    try:
        scene, _live = await observe(context, RobotRecord(QUAY_ROBOT.kind, body))
    except InvalidSpec as error:
        return (Finding(Component.SPEC, error),)
    return decide(scene).findings


# One robot for all ------------------------------------------------------------


async def _preview_shared(context: Context, targets: CopyTargets) -> ClusterRobotPreview:
    preview, record = ClusterRobotPreview(), targets.record
    scene, _live = await observe(context, record, namespace=NOWHERE)
    asking = who_asks(targets, scene)
    if asking is not None:
        preview.robot = await preview_robot(context, record, namespace=asking)
        scene = preview.robot.scene or scene
    for name in _leaving(targets, preview):
        preview.namespaces.append(
            await _leave(context, record, scene, context.store.namespaces[name])
        )
    for name, namespace in sorted(targets.selected.items()):
        if error := targets.refusals.get(name):
            refused = (Finding(Component.SECRETS, error),)
            preview.namespaces.append(NamespacePreview(name, findings=refused))
        else:
            preview.namespaces.append(
                await _copy(context, record, preview.robot, replace(scene, namespace=namespace))
            )
    preview.namespaces.sort(key=lambda each: each.namespace)
    return preview


async def _preview_end(context: Context, record: ClusterRobotRecord) -> ClusterRobotPreview:
    """First the copies go, then the robot."""
    preview = ClusterRobotPreview()
    if not record.guarded:
        return preview
    scene, _live = await observe(context, record, namespace=NOWHERE)
    for namespace in sorted(left_with_copies(context, record), key=lambda each: each.name):
        preview.namespaces.append(await _leave(context, record, scene, namespace))
    preview.robot = await preview_robot(context, record, namespace=NOWHERE)
    return preview


async def _copy(
    context: Context, record: ClusterRobotRecord, robot: Preview | None, scene: Scene
) -> NamespacePreview:
    preview = NamespacePreview(scene.namespace.name)
    spec, token = record.copied_spec, _token(robot, scene)
    if isinstance(spec, InvalidSpec) or spec.suspend or token is None:
        return preview
    assert isinstance(scene.connection, ConnectionSeen)
    registries = scene.connection.registry_hosts
    there = await scene_of_copies(context, record, spec, scene)
    for _ in range(ROUNDS):
        plan = plan_copy(there, token, registries)
        preview.findings = plan.findings
        after = _follow(preview, plan.actions, there)
        if after is None:
            break
        there = after
    return preview


def _token(robot: Preview | None, scene: Scene) -> Token | None:
    """The credential that the copies are to carry; None where the robot's own pass has none."""
    if not isinstance(scene.connection, ConnectionSeen):
        return None
    held = known_token(scene)
    if held is not None or robot is None or (robot.findings and not robot.answered):
        return held
    return scene.robot.value.token if isinstance(scene.robot, Present) else None


async def _leave(
    context: Context, record: ClusterRobotRecord, scene: Scene, namespace: NamespaceSeen
) -> NamespacePreview:
    preview = NamespacePreview(namespace.name, leaves=True)
    asks = replace(scene, namespace=namespace)
    there: Scene | None = await scene_of_copies(context, record, record.lenient_spec, asks)
    for _ in range(ROUNDS):
        there = _follow(preview, plan_copy_removal(there), there) if there is not None else None
    return preview


def _follow(preview: NamespacePreview, actions: tuple[Action, ...], scene: Scene) -> Scene | None:
    """Note *actions* and return the scene after them; None where nothing more can be told."""
    after: Scene | None = scene
    for action in actions:
        if after is None:
            return None
        preview.copies.append(Step(action, after))
        after = simulate(action, after)
    return after if actions else None
