"""
What would come of a ClusterQuayRobot, namespace by namespace, without doing it?

Who is meant, what is made, changed or taken away and what stands in the way is
decided by the code of every pass, over what was peeked at. Of a QuayRobot that
would be made or changed it is told too what its own first pass would refuse,
which costs Quay nothing; the robot that all share is foretold like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ..cluster.kinds import CLUSTER_QUAY_ROBOT, QUAY_ROBOT
from ..model.actions import Action, Component
from ..model.conditions import rfc3339
from ..model.errors import InvalidSpec, QuayRobotError
from ..model.members import DeleteMember, MemberAction, MemberSeen, MemberWanted
from ..model.names import API_VERSION
from ..model.resources.clusterrobot import ClusterRobotSpec
from ..model.secrecy import Token
from ..model.world import ConnectionSeen, NamespaceSeen, Present
from ..plan.copies import plan_copy, plan_copy_leaving
from ..plan.decide import decide
from ..plan.foresight import foresee
from ..plan.scene import Finding, Scene
from .copies import leaving_actions, seen_member, serving_actions
from .foretell import Foretold, Step, foretell
from .keys import ResourceKey
from .memory import FleetMemory
from .observe import observe
from .passes import Tools
from .records import FleetRecord, RobotRecord
from .rolls import CopyRoll, MemberRoll, Roll
from .shared import NOWHERE, left_with_copies, who_asks
from .sharing import known_token, scene_of_copies

__all__ = ["FleetForetold", "MemberStep", "SpaceForetold", "foretell_fleet"]

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class MemberStep:
    """A write of a QuayRobot that would be made, over the one that was *seen* there."""

    action: MemberAction
    seen: MemberSeen | None


@dataclass(slots=True)
class SpaceForetold:
    """What would be done in one namespace, and what stands in its way."""

    namespace: str
    member: MemberStep | None = None
    copies: list[Step] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    leaves: bool = False

    @property
    def busy(self) -> bool:
        """Tell whether something would be done."""
        return self.member is not None or bool(self.copies)


@dataclass(slots=True)
class FleetForetold:
    """
    What would be done in all namespaces, and with the *robot* that all of them share.

    *findings* stand in the way of all of them.
    """

    spaces: list[SpaceForetold] = field(default_factory=list)
    robot: Foretold | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def busy(self) -> bool:
        """Tell whether something would be done."""
        robot = self.robot is not None and bool(self.robot.steps)
        return robot or any(each.busy for each in self.spaces)


async def foretell_fleet(tools: Tools, record: FleetRecord) -> FleetForetold:
    """Return what the next passes over *record* and its namespaces would do."""
    if record.terminating:
        return await _foretell_end(tools, record) if record.shared else FleetForetold()
    if isinstance(record.declared, InvalidSpec):
        return FleetForetold(findings=(Finding(Component.SPEC, record.declared),))
    memory = FleetMemory(record.uid)
    if not record.shared:
        return await _foretell_members(tools, MemberRoll(tools, record, record.declared, memory))
    if isinstance(record.spec, InvalidSpec):
        return FleetForetold(findings=(Finding(Component.SPEC, record.spec),))
    return await _foretell_shared(tools, CopyRoll(tools, record, record.declared, memory))


def _leaving(roll: Roll, told: FleetForetold) -> tuple[str, ...]:
    """Who would be left now; what keeps them from it is told of all."""
    removal = roll.removal()
    if removal.error is not None:
        told.findings = (*told.findings, Finding(Component.SPEC, removal.error))
    return tuple(sorted(roll.leaving)) if removal.allowed else ()


# A QuayRobot for each ---------------------------------------------------------


async def _foretell_members(tools: Tools, roll: MemberRoll) -> FleetForetold:
    told, record = FleetForetold(), roll.record
    assert isinstance(record.declared, ClusterRobotSpec)
    for name in _leaving(roll, told):
        member = _first(tools, record, name, leaving_actions(tools, record, name))
        told.spaces.append(SpaceForetold(name, member, leaves=True))
    for name in sorted(roll.targets):
        told.spaces.append(_serve(tools, record, record.declared, name))
    made = [(each, _as_made(tools, record, each.member)) for each in told.spaces]
    # All of them first: two of them may come to one robot.
    for _each, body in made:
        if body is not None:
            tools.store.observe(QUAY_ROBOT.kind, None, body)
    for each, body in made:
        if body is not None:
            each.findings = (*each.findings, *await _refusals(tools, body))
    told.spaces.sort(key=lambda each: each.namespace)
    return told


def _serve(
    tools: Tools, record: FleetRecord, declared: ClusterRobotSpec, name: str
) -> SpaceForetold:
    try:
        actions = serving_actions(tools, record, declared, name)
    except QuayRobotError as error:
        return SpaceForetold(name, findings=(Finding(Component.ROBOT, error),))
    return SpaceForetold(name, _first(tools, record, name, actions))


def _first(
    tools: Tools, record: FleetRecord, name: str, actions: tuple[MemberAction, ...]
) -> MemberStep | None:
    seen = seen_member(tools, record, name)
    before = seen.value if isinstance(seen, Present) else None
    return next((MemberStep(each, before) for each in actions), None)


def _as_made(tools: Tools, record: FleetRecord, step: MemberStep | None) -> dict[str, Any] | None:
    """The QuayRobot as it is stored then; None for one that stays or goes."""
    if step is None or isinstance(step.action, DeleteMember):
        return None
    wanted: MemberWanted = step.action.wanted
    known = tools.store.robots.get(ResourceKey(QUAY_ROBOT.kind, wanted.namespace, wanted.name))
    if known is not None:
        meta = {**known.meta, "generation": known.generation + 1}
        status = known.body["status"]
    else:
        meta = {
            "name": wanted.name,
            "namespace": wanted.namespace,
            "uid": f"not-made-yet-{wanted.namespace}",
            "resourceVersion": "0",
            "generation": 1,
            "creationTimestamp": rfc3339(tools.now()),
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


async def _refusals(tools: Tools, body: dict[str, Any]) -> tuple[Finding, ...]:
    try:
        scene, _line = await observe(tools, RobotRecord(QUAY_ROBOT.kind, body))
    except InvalidSpec as error:
        return (Finding(Component.SPEC, error),)
    return decide(scene).findings


# One robot for all ------------------------------------------------------------


async def _foretell_shared(tools: Tools, roll: CopyRoll) -> FleetForetold:
    told, record = FleetForetold(), roll.record
    scene, _line = await observe(tools, record, space=NOWHERE)
    asking = who_asks(roll, scene)
    if asking is not None:
        told.robot = await foretell(tools, record, space=asking)
        scene = told.robot.scene or scene
    for name in _leaving(roll, told):
        told.spaces.append(await _leave(tools, record, scene, tools.store.namespaces[name]))
    for name, space in sorted(roll.targets.items()):
        if error := roll.refusals.get(name):
            refused = (Finding(Component.SECRETS, error),)
            told.spaces.append(SpaceForetold(name, findings=refused))
        else:
            told.spaces.append(
                await _copy(tools, record, told.robot, replace(scene, namespace=space))
            )
    told.spaces.sort(key=lambda each: each.namespace)
    return told


async def _foretell_end(tools: Tools, record: FleetRecord) -> FleetForetold:
    """First the copies go, then the robot."""
    told = FleetForetold()
    if not record.guarded:
        return told
    scene, _line = await observe(tools, record, space=NOWHERE)
    for space in sorted(left_with_copies(tools, record), key=lambda each: each.name):
        told.spaces.append(await _leave(tools, record, scene, space))
    told.robot = await foretell(tools, record, space=NOWHERE)
    return told


async def _copy(
    tools: Tools, record: FleetRecord, robot: Foretold | None, scene: Scene
) -> SpaceForetold:
    told = SpaceForetold(scene.namespace.name)
    spec, token = record.copied_spec, _token(robot, scene)
    if isinstance(spec, InvalidSpec) or spec.suspend or token is None:
        return told
    assert isinstance(scene.connection, ConnectionSeen)
    registry = scene.connection.registry_host
    there = await scene_of_copies(tools, record, spec, scene)
    for _ in range(ROUNDS):
        plan = plan_copy(there, token, registry)
        told.findings = plan.findings
        after = _follow(told, plan.actions, there)
        if after is None:
            break
        there = after
    return told


def _token(robot: Foretold | None, scene: Scene) -> Token | None:
    """The credential that the copies are to carry; None where the robot's own pass has none."""
    if not isinstance(scene.connection, ConnectionSeen):
        return None
    held = known_token(scene)
    if held is not None or robot is None or (robot.findings and not robot.answered):
        return held
    return scene.robot.value.token if isinstance(scene.robot, Present) else None


async def _leave(
    tools: Tools, record: FleetRecord, scene: Scene, space: NamespaceSeen
) -> SpaceForetold:
    told = SpaceForetold(space.name, leaves=True)
    asks = replace(scene, namespace=space)
    there: Scene | None = await scene_of_copies(tools, record, record.lenient_spec, asks)
    for _ in range(ROUNDS):
        there = _follow(told, plan_copy_leaving(there), there) if there is not None else None
    return told


def _follow(told: SpaceForetold, actions: tuple[Action, ...], scene: Scene) -> Scene | None:
    """Note *actions* and return the scene after them; None where nothing more can be told."""
    after: Scene | None = scene
    for action in actions:
        if after is None:
            return None
        told.copies.append(Step(action, after))
        after = foresee(action, after)
    return after if actions else None
