"""
How does one namespace come to have its copies of a shared robot's Secrets?

From what is remembered of the robot: no call to Quay is made here. A
credential that is not known to be the robot's own is not copied; the robot's
own pass finds out and wakes the namespaces.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from ..model.actions import (
    Action,
    CreateSecret,
    DeleteSecret,
    LinkAccount,
    ReplaceSecret,
)
from ..model.errors import Conflict, InvalidSpec, QuayRobotError
from ..model.resources.robot import RobotSpec, links_of
from ..model.secrecy import Token
from ..model.world import Absent, AccountSeen, NamespaceSeen, Present, SecretSeen, Seen
from ..plan.copies import check_copy, noted_links, plan_copy, plan_copy_leaving
from ..plan.scene import Scene
from .memory import FleetMemory
from .observe import look_at_secret, observe
from .passes import Tools
from .records import FleetRecord

__all__ = ["known_token", "leave_copies", "scene_of_copies", "serve_copies"]

ROUNDS = 6

log = structlog.get_logger(__name__)


async def serve_copies(
    tools: Tools, record: FleetRecord, memory: FleetMemory, space: NamespaceSeen
) -> bool:
    """
    Make the copies in *space* as they are to be; tell whether that came to an end.

    Every write is told to *memory*.

    Raises:
        QuayRobotError: What stands in the way.
    """
    spec = record.copied_spec
    if isinstance(spec, InvalidSpec):
        raise spec
    robot, line = await observe(tools, record, space=space)
    scene = await scene_of_copies(tools, record, spec, robot)
    check_copy(scene)
    if spec.suspend:
        return True
    token = known_token(scene)
    if token is None or line is None:
        return False
    for _ in range(ROUNDS):
        plan = plan_copy(scene, token, line.spec.registry)
        for action in plan.actions:
            scene = await _carry_out(tools, memory, action, scene)
        if plan.findings and not plan.actions:
            raise plan.findings[0].error
        if not plan.actions:
            break
    return True


async def leave_copies(tools: Tools, record: FleetRecord, space: NamespaceSeen) -> bool:
    """
    Take away what is ours in *space*; tell whether there was anything.

    Raises:
        QuayRobotError: It could not be done.
    """
    robot, _line = await observe(tools, record, space=space)
    scene = await scene_of_copies(tools, record, record.lenient_spec, robot)
    found = False
    for _ in range(ROUNDS):
        actions = plan_copy_leaving(scene)
        if not actions:
            break
        found = True
        for action in actions:
            scene = await _carry_out(tools, None, action, scene)
    return found


async def scene_of_copies(
    tools: Tools, record: FleetRecord, spec: RobotSpec, robot: Scene
) -> Scene:
    """Return the scene *robot*, with what there is of it in the namespace that asks."""
    place = robot.namespace.name
    secrets = {} if record.terminating else await _secrets(tools, record, place)
    ours = tools.store.secrets_of(place, record.uid)
    spare = tuple(each for each in ours if each.name not in secrets)
    accounts = _accounts(tools, place, spec, record.key.name, ours)
    return replace(robot, spec=spec, secrets=secrets, spare_secrets=spare, accounts=accounts)


async def _secrets(tools: Tools, record: FleetRecord, place: str) -> dict[str, Seen[SecretSeen]]:
    return {name: await look_at_secret(tools, place, name) for name in record.secret_names}


def _accounts(
    tools: Tools, place: str, spec: RobotSpec, name: str, ours: tuple[SecretSeen, ...]
) -> dict[str, Seen[AccountSeen]]:
    links = (*noted_links(ours), *links_of(name, spec))
    found: dict[str, Seen[AccountSeen]] = {}
    for each in {link.service_account for link in links}:
        known = tools.store.account(place, each)
        found[each] = Present(known) if known is not None else Absent()
    return found


def known_token(scene: Scene) -> Token | None:
    """Return the credential, if the robot's own pass has proven it and told of it."""
    status = scene.status
    if not isinstance(scene.robot, Present) or status.robot is None or status.credential is None:
        return None
    seen = scene.robot.value
    known = seen.token is not None and seen.token.digest == status.credential.digest
    return seen.token if known and seen.created == status.robot.created_at else None


async def _carry_out(
    tools: Tools, memory: FleetMemory | None, action: Action, scene: Scene
) -> Scene:
    match action:
        case LinkAccount():
            seen = await tools.accounts.change(action)
            return replace(scene, accounts={**scene.accounts, action.name: seen})
        case CreateSecret() | ReplaceSecret():
            after = await _write(tools, action, scene)
            if memory is not None:
                memory.copied(scene.namespace.name, tools.clock())
            return after
        case DeleteSecret():
            return await _delete(tools, action, scene)
        case _:
            raise AssertionError(type(action).__name__)


async def _write(tools: Tools, action: CreateSecret | ReplaceSecret, scene: Scene) -> Scene:
    wanted = action.wanted
    try:
        if isinstance(action, CreateSecret):
            seen = await tools.secrets.create(wanted)
        else:
            seen = await tools.secrets.replace(wanted, action.uid, action.version)
    except Conflict:
        tools.store.drop_secret(wanted.namespace, wanted.name)
        raise
    word = "secret.created" if isinstance(action, CreateSecret) else "secret.replaced"
    log.info(word, namespace=wanted.namespace, name=scene.me.name, uid=scene.me.uid)
    tools.store.keep_secret(seen)
    return scene.with_secret(seen.name, Present(seen))


async def _delete(tools: Tools, action: DeleteSecret, scene: Scene) -> Scene:
    try:
        await tools.secrets.delete(action.namespace, action.name, action.uid, action.version)
    except QuayRobotError:
        tools.store.drop_secret(action.namespace, action.name)
        raise
    log.info("secret.deleted", namespace=action.namespace, name=scene.me.name, uid=scene.me.uid)
    tools.store.drop_secret(action.namespace, action.name)
    kept = tuple(each for each in scene.spare_secrets if each.name != action.name)
    secrets = dict(scene.secrets)
    if action.name in secrets:
        secrets[action.name] = Absent()
    return replace(scene, spare_secrets=kept, secrets=secrets)
