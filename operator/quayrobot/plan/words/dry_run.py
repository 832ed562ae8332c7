"""
What does the scene contain after a write, as far as it is known?

For plans that are told and not carried out. What a write of ours stores is
known; what Quay answers to the making of a robot or of a token is not, save
for what follows from its having been made: such a scene is marked by its token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    GiveDefault,
    GiveRole,
    GuardConnection,
    JoinTeam,
    LeaveTeam,
    LinkAccount,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    RecordProgress,
    Regenerate,
    RehearseSecrets,
    ReplaceSecret,
    SecretWanted,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ...model.resources.robot import CredentialState, RobotStatus, is_keyless
from ...model.secrecy import Token
from ...model.world import (
    Absent,
    AccountSeen,
    ConnectionSeen,
    GrantsSeen,
    Present,
    RobotSeen,
    SecretSeen,
)
from ..rights.grants import after, known_grants
from ..scene import Scene
from .status import (
    held_at,
    intent_to_federate,
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
    intent_to_rotate,
)

__all__ = ["simulate", "depends_on_quay"]

NOT_YET = "not made yet"


def simulate(action: Action, scene: Scene) -> Scene | None:
    """Return the scene after *action*; None where only the next look can tell."""
    # Of two robots that take turns, the one that it is about.
    after_it = _foresee(action, scene.towards(getattr(action, "robot", None)))
    return None if after_it is None else after_it.towards(scene.robot_name)


def _foresee(action: Action, scene: Scene) -> Scene | None:  # noqa: PLR0911 - one line per kind
    match action:
        case CreateRobot() | Regenerate() | DeleteRobot():
            return _after_quay(action, scene)
        case CreateSecret(wanted) | ReplaceSecret(wanted):
            return scene.with_secret(wanted.name, Present(_stored(wanted, scene)))
        case DeleteSecret(name=name):
            return _without_secret(scene, name)
        case RehearseSecrets():
            return scene
        case SetFederation(identities=identities):
            return replace(scene, federation=Present(tuple(identities)), federation_read=True)
        case LinkAccount():
            return _linked(action, scene)
        case (
            GiveRole()
            | TakeRole()
            | JoinTeam()
            | LeaveTeam()
            | GiveDefault()
            | ChangeDefault()
            | TakeDefault()
        ):
            return replace(scene, grants=Present(after(action, known_grants(scene) or _NONE)))
        case _:
            return _held(action, scene)


def depends_on_quay(action: Action) -> bool:
    """Return whether what follows *action* depends on what Quay answers to it."""
    return isinstance(action, CreateRobot | Regenerate | DeleteRobot)


_NONE = GrantsSeen()


def _held(action: Action, scene: Scene) -> Scene | None:
    """After what is stored in the resource itself, or holds it and its connection."""
    status = _status(action, scene)
    if status is not None:
        return replace(scene, status=status)
    if isinstance(action, AddFinalizer):
        known = scene.status if action.noting is None else held_at(scene, action.noting)
        return replace(scene, me=replace(scene.me, guarded=True), status=known)
    if isinstance(action, GuardConnection) and isinstance(scene.connection, ConnectionSeen):
        return replace(scene, connection=replace(scene.connection, guarded=True))
    return None


def _status(action: Action, scene: Scene) -> RobotStatus | None:
    match action:
        case RecordProgress(state):
            return intent_to_hold(scene, state)
        case RecordIntent(state):
            return intent_to_rotate(scene, state)
        case RecordGrants(grants):
            return intent_to_grant(scene, grants)
        case RecordFederation(identities):
            return intent_to_federate(scene, identities)
        case RecordLinks(links):
            return intent_to_link(scene, links)
        case _:
            return None


def _after_quay(action: CreateRobot | Regenerate | DeleteRobot, scene: Scene) -> Scene | None:
    if isinstance(action, DeleteRobot):
        # Gone, if Quay says so when it is looked at.
        return replace(scene, robot=Absent(), deleted=True)
    token = Token(NOT_YET)
    if isinstance(action, CreateRobot):
        robot = RobotSeen(
            full_name=action.robot.full,
            created=NOT_YET,
            token=token,
            description=action.description,
            metadata=action.metadata,
        )
        robot = robot.without_token() if is_keyless(scene.spec) else robot
        return replace(
            scene,
            robot=Present(robot),
            grants=Present(_NONE),
            federation=Present(()),
            federation_read=True,
        )
    if not isinstance(scene.robot, Present):
        return None
    renewed = replace(scene.robot.value, token=token)
    if is_keyless(scene.spec):
        return replace(scene, robot=Present(renewed.without_token()), status=_ended(scene, token))
    known = {"credential": CredentialState(digest=token.digest)}
    return replace(scene, robot=Present(renewed), status=scene.status.model_copy(update=known))


def _ended(scene: Scene, token: Token) -> RobotStatus:
    robot = scene.status.robot
    known = robot.model_copy(update={"token_digest": token.digest}) if robot else None
    return scene.status.model_copy(update={"robot": known})


def _stored(wanted: SecretWanted, scene: Scene) -> SecretSeen:
    before = scene.secrets.get(wanted.name)
    old = before.value if isinstance(before, Present) else None
    return SecretSeen(
        namespace=wanted.namespace,
        name=wanted.name,
        uid=old.uid if old else NOT_YET,
        version=old.version if old else NOT_YET,
        type=wanted.type,
        controller_uid=wanted.owner_uid if wanted.controlled else None,
        labels=_over(old.labels if old else {}, wanted.labels),
        annotations=_over(old.annotations if old else {}, wanted.annotations),
        digests=wanted.digests,
        our_labels=frozenset(wanted.labels),
        our_annotations=frozenset(wanted.annotations),
    )


def _over(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    return {**old, **new}


def _without_secret(scene: Scene, name: str) -> Scene:
    kept = tuple(each for each in scene.spare_secrets if each.name != name)
    secrets = {**scene.secrets, name: Absent()} if name in scene.secrets else scene.secrets
    return replace(scene, spare_secrets=kept, secrets=secrets)


def _linked(action: LinkAccount, scene: Scene) -> Scene | None:
    before = scene.accounts.get(action.name)
    if not isinstance(before, Present):
        return None
    seen: AccountSeen = before.value
    links = {kind: list(names) for kind, names in seen.links.items()}
    for kind, secret in action.drop:
        links[kind] = [each for each in links.get(kind, ()) if each != secret]
    for kind, secret in sorted(action.add):
        links.setdefault(kind, []).append(secret)
    changed = replace(seen, links={kind: tuple(names) for kind, names in links.items()})
    return replace(scene, accounts={**scene.accounts, action.name: Present(changed)})
