"""
How does one namespace get its copies of a shared robot's Secrets?

From what is remembered of the robot: no call to Quay is made here. A
credential that is not known to be the robot's own is not copied; the robot's
own pass finds out and wakes the namespaces.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from ...model.actions import (
    Action,
    Component,
    CreateSecret,
    DeleteSecret,
    LinkAccount,
    ReplaceSecret,
)
from ...model.conditions import ConditionType
from ...model.errors import (
    Conflict,
    Contested,
    InvalidSpec,
    QuayRobotError,
    Reason,
    TryLater,
)
from ...model.resources.robot import RobotSpec, links_of
from ...model.secrecy import Token
from ...model.world import Absent, AccountSeen, NamespaceSeen, Present, SecretSeen, Seen
from ...plan.cluster_robot.copies import check_copy, noted_links, plan_copy, plan_copy_removal
from ...plan.credentials.unrepaired import holds_unrepaired
from ...plan.decide import without
from ...plan.scene import Finding, Scene
from ..cache.cluster_robot_memory import ClusterRobotMemory
from ..cache.records import ClusterRobotRecord
from ..connection.context import GATHER_S, UNWATCHED_S, Context, asked_s
from ..robot.contested import known_contests, note_losses, note_write
from ..robot.declared import tell_declared
from ..robot.observe import observe
from ..robot.secret_reads import look_again, read_secret
from ..workqueue.keys import Lane, NamespaceKey

__all__ = ["known_token", "remove_copies", "scene_of_copies", "apply_copies"]

ROUNDS = 6

log = structlog.get_logger(__name__)


async def apply_copies(
    context: Context,
    record: ClusterRobotRecord,
    memory: ClusterRobotMemory,
    namespace: NamespaceSeen,
) -> bool:
    """
    Write the copies in *namespace* as they should be; return whether nothing is left to do.

    Every write is told to *memory*.

    Raises:
        QuayRobotError: What stands in the way.
    """
    spec = record.copied_spec
    if isinstance(spec, InvalidSpec):
        raise spec
    robot, live = await observe(context, record, namespace=namespace)
    scene = await scene_of_copies(context, record, spec, robot)
    check_copy(scene)
    if spec.suspend:
        return True
    token = known_token(scene)
    if token is None or live is None:
        return False
    for _ in range(ROUNDS):
        plan = plan_copy(scene, token, live.spec.registries)
        if (met := await note_losses(context, plan.actions, scene)) is not scene:
            scene = met
            continue
        scene = await _write_all(context, record, memory, plan.actions, scene)
        if not plan.actions:
            _told(context, record, memory, scene, plan.findings)
            break
    return True


async def _write_all(
    context: Context,
    record: ClusterRobotRecord,
    memory: ClusterRobotMemory,
    actions: tuple[Action, ...],
    scene: Scene,
) -> Scene:
    """Return the scene after *actions*; one Secret that cannot be written holds up no other."""
    for action in actions:
        try:
            after = await _carry_out(context, memory, action, scene)
        except QuayRobotError as error:
            if isinstance(error, Conflict) or error.reason is Reason.NOT_LEADER:
                raise
            stopped = without(scene, action, Component.SECRETS, error)
            if Component.SECRETS in stopped.stopped:
                raise
            return stopped
        tell_declared(context, record.body, action, scene)
        scene = note_write(context, action, scene, after)
    return scene


def _told(
    context: Context,
    record: ClusterRobotRecord,
    memory: ClusterRobotMemory,
    scene: Scene,
    findings: tuple[Finding, ...],
) -> None:
    """
    Note what others set back or keep from being repaired; it has its turn later.

    Who has a credential that can be used has it, as with a QuayRobot.

    Raises:
        QuayRobotError: It cannot be used.
    """
    place, errors = scene.namespace.name, [each.error for each in findings]
    works = _was_fine(record, memory, place) and holds_unrepaired(scene)
    for each in errors:
        usable = each.usable if isinstance(each, Contested) else works
        if not usable:
            raise each
    told = next(iter(errors), None)
    credential = scene.status.credential
    digest = credential.digest if errors and credential is not None else None
    if memory.contest(place, _in(place, told), digest=digest):
        context.queue.add(record.key, Lane.DRIFT, delay_s=GATHER_S)
    if errors:
        waits = [asked_s(each) or UNWATCHED_S for each in errors]
        key = NamespaceKey(record.key, place)
        context.queue.add(key, Lane.RESYNC, delay_s=min(waits))


def _in(place: str, error: QuayRobotError | None) -> QuayRobotError | None:
    return error and TryLater(error.reason, f"{place}: {error.message}")


def _was_fine(record: ClusterRobotRecord, memory: ClusterRobotMemory, place: str) -> bool:
    """An edit that is refused is another matter: whoever made it waits for it."""
    if place in memory.settled:
        return memory.settled[place] == record.generation
    return place not in memory.troubles and any(
        each.type is ConditionType.READY
        and (each.status, each.observed_generation) == ("True", record.generation)
        for each in record.status.conditions
    )


async def remove_copies(
    context: Context,
    record: ClusterRobotRecord,
    namespace: NamespaceSeen,
    confirm: Callable[[], Awaitable[None]],
) -> bool:
    """
    Delete what is ours in *namespace*; return whether there was anything.

    Before the first write *confirm* looks whether the namespace is still to lose it.

    Raises:
        QuayRobotError: It could not be done.
    """
    robot, _live = await observe(context, record, namespace=namespace)
    scene = await scene_of_copies(context, record, record.lenient_spec, robot)
    found = False
    for _ in range(ROUNDS):
        actions = plan_copy_removal(scene)
        if not actions:
            break
        if not found:
            await confirm()
        found = True
        for action in actions:
            scene = await _carry_out(context, None, action, scene)
    return found


async def scene_of_copies(
    context: Context, record: ClusterRobotRecord, spec: RobotSpec, robot: Scene
) -> Scene:
    """Return the scene *robot* with the Secrets and ServiceAccounts of the namespace that asks."""
    place = robot.namespace.name
    secrets = {} if record.terminating else await _secrets(context, record, place)
    ours = context.store.secrets_of(place, record.uid)
    spare = tuple(each for each in ours if each.name not in secrets)
    accounts = _accounts(context, place, spec, record.key.name, ours)
    there = replace(robot, spec=spec, secrets=secrets, spare_secrets=spare, accounts=accounts)
    return known_contests(context, there)


async def _secrets(
    context: Context, record: ClusterRobotRecord, place: str
) -> dict[str, Seen[SecretSeen]]:
    return {name: await read_secret(context, place, name) for name in record.secret_names}


def _accounts(
    context: Context, place: str, spec: RobotSpec, name: str, ours: tuple[SecretSeen, ...]
) -> dict[str, Seen[AccountSeen]]:
    links = (*noted_links(ours), *links_of(name, spec))
    found: dict[str, Seen[AccountSeen]] = {}
    for each in {link.service_account for link in links}:
        known = context.store.account(place, each)
        found[each] = Present(known) if known is not None else Absent()
    return found


def known_token(scene: Scene) -> Token | None:
    """Return the credential, if the robot's own pass has proven it and stored its digest."""
    status = scene.status
    if not isinstance(scene.robot, Present) or status.robot is None or status.credential is None:
        return None
    seen = scene.robot.value
    known = seen.token is not None and seen.token.digest == status.credential.digest
    return seen.token if known and seen.created == status.robot.created_at else None


async def _carry_out(
    context: Context, memory: ClusterRobotMemory | None, action: Action, scene: Scene
) -> Scene:
    match action:
        case LinkAccount():
            seen = await context.accounts.change(action)
            return replace(scene, accounts={**scene.accounts, action.name: seen})
        case CreateSecret() | ReplaceSecret():
            after = await _write(context, action, scene)
            if memory is not None:
                memory.copied(scene.namespace.name, context.clock())
            return after
        case DeleteSecret():
            return await _delete(context, action, scene)
        case _:
            raise AssertionError(type(action).__name__)


async def _write(context: Context, action: CreateSecret | ReplaceSecret, scene: Scene) -> Scene:
    wanted = action.wanted
    try:
        if isinstance(action, CreateSecret):
            seen = await context.secrets.create(wanted)
        else:
            seen = await context.secrets.replace(wanted, action.uid, action.version)
    except Conflict:
        await look_again(context, wanted.namespace, wanted.name)
        raise
    word = "secret.created" if isinstance(action, CreateSecret) else "secret.replaced"
    who = {"namespace": wanted.namespace, "name": scene.me.name, "uid": scene.me.uid}
    log.info(word, **who, secret=wanted.name)
    context.store.keep_secret(seen)
    return scene.with_secret(seen.name, Present(seen))


async def _delete(context: Context, action: DeleteSecret, scene: Scene) -> Scene:
    try:
        await context.secrets.delete(action.namespace, action.name, action.uid, action.version)
    except QuayRobotError:
        await look_again(context, action.namespace, action.name)
        raise
    who = {"namespace": action.namespace, "name": scene.me.name, "uid": scene.me.uid}
    log.info("secret.deleted", **who, secret=action.name)
    context.store.drop_secret(action.namespace, action.name)
    kept = tuple(each for each in scene.spare_secrets if each.name != action.name)
    secrets = dict(scene.secrets)
    if action.name in secrets:
        secrets[action.name] = Absent()
    return replace(scene, spare_secrets=kept, secrets=secrets)
