"""
What would a pass do? A dry run.

The looks are real, the decisions are those of every pass, and writes are
foreseen instead of made. Where only Quay's answer could tell what follows,
the end is open. Drift is looked for as at the drift beat.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import get_args

from ...cluster.kinds import NAMESPACE
from ...model.actions import (
    Action,
    Component,
    CreateRobot,
    GiveRole,
    GrantChange,
    JoinTeam,
    ListRobots,
    Look,
    LookAtGrants,
    LookAtHosts,
    RehearseSecrets,
)
from ...model.errors import InvalidSpec, QuayRobotError, Reason, Refused
from ...model.resources.robot import federation_of, permissions_of
from ...model.world import NamespaceSeen, Unknown, Unlooked
from ...plan.decide import decide
from ...plan.rights.by_quay import look_for
from ...plan.rights.grants import target_of
from ...plan.scene import Finding, Plan, Scene
from ...plan.words.dry_run import depends_on_quay, simulate
from ..cache.store import RobotRecord
from ..connection.context import Context
from ..connection.pool import LiveConnection
from ..robot.observe import observe
from ..robot.reads import perform_read

__all__ = ["Preview", "Step", "preview_robot"]

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A write that would be made, and the scene in which it is decided."""

    action: Action
    scene: Scene


@dataclass(slots=True)
class Preview:
    """
    What a pass would do, in order, and what prevents it.

    *open_end* says that what comes after the last step cannot be known before;
    *scene* is how things are then, as far as that is known.
    """

    steps: list[Step] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    open_end: bool = False
    scene: Scene | None = None

    @property
    def answered(self) -> bool:
        """Return whether there is a step whose result only Quay can tell."""
        return any(depends_on_quay(each.action) for each in self.steps)


async def preview_robot(
    context: Context, record: RobotRecord, *, namespace: NamespaceSeen | None = None
) -> Preview:
    """Return what the next pass over *record* would do; *namespace* is as for `observe`."""
    try:
        await _check_namespace(context, record)
        await _look_for_drift(context, record)
        scene, live = await observe(context, record, namespace=namespace)
    except InvalidSpec as error:
        return Preview(findings=(Finding(Component.SPEC, error),))
    return await _unfold(context, live, scene)


async def _check_namespace(context: Context, record: RobotRecord) -> None:
    """
    Return when the namespace is there, or it is not known whether it is.

    Raises:
        InvalidSpec: Nothing can be applied there.
    """
    name = record.key.namespace
    if not name or name in context.store.namespaces:
        return
    try:
        there = await context.resources.get(NAMESPACE, None, name)
    except QuayRobotError:
        return
    if there is None:
        raise InvalidSpec(Reason.INVALID_SPEC, f"the namespace {name} does not exist: create it")


async def _look_for_drift(context: Context, record: RobotRecord) -> None:
    """What the operator believes until its next drift beat is read again here."""
    if record.terminating or not record.status.holds:
        return
    try:
        live = await context.pool.get(record.connection_key)
        if federation_of(record.lenient_spec) is not None:
            live.federation |= dict.fromkeys(record.robot_names)
        if (wanted := permissions_of(record.lenient_spec)) is not None:
            due = look_for(record.active_name, wanted)
            await live.grants.look(
                due.robot, due.repositories, beyond=due.beyond, creators=due.creators
            )
    except QuayRobotError:
        # The pass meets it as well, and tells of it.
        return


async def _unfold(context: Context, live: LiveConnection | None, scene: Scene) -> Preview:
    preview, listed = Preview(), False
    for _ in range(ROUNDS):
        plan, preview.scene = decide(scene), scene
        preview.findings = plan.findings or _unseen(plan, scene)
        if not plan.actions:
            return preview
        looks = () if listed else _looks_before_creation(plan, scene, preview)
        listed = listed or bool(looks)
        for action in looks or plan.actions:
            try:
                after = await _next(context, live, action, scene, preview)
            except QuayRobotError as error:
                preview.findings = (*preview.findings, Finding(Component.ROBOT, error))
                return preview
            if after is None:
                preview.open_end = preview.open_end or bool(plan.actions)
                return preview
            scene = preview.scene = after
    preview.open_end = True
    return preview


def _looks_before_creation(plan: Plan, scene: Scene, preview: Preview) -> tuple[Look, ...]:
    """
    Return the list that shows whether a robot of that name is there already.

    A pass learns it from its creation, which changes nothing of what is there.
    """
    unlooked = any(
        isinstance(each, CreateRobot) and isinstance(scene.towards(each.robot).robot, Unlooked)
        for each in plan.actions
    )
    return (ListRobots(scene.robot_name.owner),) if unlooked and not preview.answered else ()


async def _next(
    context: Context, live: LiveConnection | None, action: Action, scene: Scene, preview: Preview
) -> Scene | None:
    if isinstance(action, RehearseSecrets):
        # Nothing is stored, and who asks for a plan need not be let write.
        return scene
    if isinstance(action, GiveRole | JoinTeam) and live is not None:
        refusal = await _missing(live, action)
        if refusal is not None:
            refusals = {**scene.grant_refusals, target_of(action): refusal}
            return replace(scene, grant_refusals=refusals)
    if not isinstance(action, Look):
        preview.steps.append(Step(action, scene))
        return simulate(action, scene)
    if _too_early(action, preview):
        return None
    return await perform_read(context.resources, context.hosts, live, action, scene)


async def _missing(live: LiveConnection, action: GiveRole | JoinTeam) -> Refused | None:
    """What the write would be refused for, as a read tells: a repository or team that is not."""
    owner, rights = action.robot.owner, live.client.rights
    try:
        if isinstance(action, GiveRole):
            await rights.check_repository(owner, action.repository)
        else:
            await rights.check_team(owner, action.team)
    except Refused as refusal:
        found = refusal.reason in {Reason.REPOSITORY_NOT_FOUND, Reason.TEAM_NOT_FOUND}
        return refusal if found else None
    except QuayRobotError:
        # The pass would meet it as well, when it writes.
        return None
    return None


def _too_early(action: Look, preview: Preview) -> bool:
    """Return whether Quay would show what is not made yet."""
    if isinstance(action, LookAtHosts):
        return False
    return preview.answered or (isinstance(action, LookAtGrants) and _changed_rights(preview))


def _changed_rights(preview: Preview) -> bool:
    return any(isinstance(each.action, get_args(GrantChange)) for each in preview.steps)


def _unseen(plan: Plan, scene: Scene) -> tuple[Finding, ...]:
    """A pass has nothing to say of an outage where nothing is due; a plan has."""
    if not plan.quiet:
        return ()
    if isinstance(scene.connection, QuayRobotError):
        return (Finding(Component.ROBOT, scene.connection),)
    if isinstance(scene.robot, Unknown):
        return (Finding(Component.ROBOT, scene.robot.error),)
    return ()
