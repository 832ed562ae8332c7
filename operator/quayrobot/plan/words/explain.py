"""
How is an action described to a user, with the reason for it?

One sentence for what is done and one for why, from the scene in which it was
decided. No token, and nothing of what a Secret holds, is ever said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ...model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    Exchange,
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
    RemoveFinalizer,
    ReplaceSecret,
    SecretWanted,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ...model.resources.federation import IdentityState
from ...model.world import Absent, Missing, Present, SecretSeen
from ..rights.grants import known_grants
from ..scene import Scene

__all__ = ["Place", "Explanation", "explain"]


class Place(StrEnum):
    """Where an action changes something."""

    QUAY = "Quay"
    CLUSTER = "the cluster"
    STATUS = "the status"


@dataclass(frozen=True, slots=True)
class Explanation:
    """An action in words: where, *what* as a command, *why* as a clause."""

    place: Place
    what: str
    why: str = ""


def explain(action: Action, scene: Scene) -> Explanation:
    """Return *action*, decided in *scene*, in words."""
    scene = scene.towards(getattr(action, "robot", None))
    for words in (_robot, _secret, _role, _default, _binding, _record):
        told = words(action, scene)
        if told is not None:
            return told
    # An action that has no words yet says what its class says of it.
    first = (type(action).__doc__ or type(action).__name__).strip().splitlines()[0]
    return Explanation(Place.CLUSTER, first[:1].lower() + first[1:].rstrip("."))


def _robot(action: Action, scene: Scene) -> Explanation | None:
    match action:
        case CreateRobot(robot):
            return Explanation(Place.QUAY, f"create the robot {robot.full}", _why_made(scene))
        case DeleteRobot(robot):
            why = "the resource is being deleted and its deletionPolicy is Delete"
            return Explanation(Place.QUAY, f"delete the robot {robot.full}", why)
        case Regenerate(robot):
            why = "a rotation is due; the old token stops working at once"
            return Explanation(Place.QUAY, f"replace the token of {robot.full}", why)
        case Exchange(robot, _, account):
            what = f"get a one-hour password for {robot.full} with ServiceAccount {account}"
            return Explanation(Place.QUAY, what, "the Secrets hold none that lasts long enough")
        case SetFederation(robot, identities):
            what = f"set the outside identities of {robot.full} to {_count(identities)}"
            return Explanation(Place.QUAY, what, _why_federated(scene, identities))
        case _:
            return None


def _why_made(scene: Scene) -> str:
    if scene.status.holds:
        return "Quay says that it no longer exists"
    if isinstance(scene.robot, Absent):
        return "Quay says that it does not exist"
    if isinstance(scene.robot, Missing):
        return "it is not in Quay's list; if it exists after all, nothing is changed"
    return "it is new here; if it already exists in Quay, nothing is changed"


def _count(identities: tuple[IdentityState, ...]) -> str:
    return "none" if not identities else f"{len(identities)} as declared"


def _why_federated(scene: Scene, wanted: tuple[IdentityState, ...]) -> str:
    seen = scene.federation.value if isinstance(scene.federation, Present) else ()
    missing = [each.subject for each in wanted if each not in seen]
    surplus = [each.subject for each in seen if each not in wanted]
    parts = [f"missing: {', '.join(missing)}"] if missing else []
    parts += [f"not declared: {', '.join(surplus)}"] if surplus else []
    return "; ".join(parts)


def _secret(action: Action, scene: Scene) -> Explanation | None:
    match action:
        case CreateSecret(wanted):
            what = f"create the Secret {wanted.name} ({wanted.type})"
            return Explanation(Place.CLUSTER, what, "it does not exist")
        case ReplaceSecret(wanted):
            seen = scene.secrets.get(wanted.name)
            why = _difference(wanted, seen.value) if isinstance(seen, Present) else ""
            return Explanation(Place.CLUSTER, f"update the Secret {wanted.name}", why)
        case DeleteSecret(name=name):
            spare = any(each.name == name for each in scene.spare_secrets)
            why = "it is ours and no longer declared" if spare else "its type has to change"
            return Explanation(Place.CLUSTER, f"delete the Secret {name}", why)
        case LinkAccount(name=name, add=add, drop=drop):
            return Explanation(
                Place.CLUSTER, f"update the links of ServiceAccount {name}", _links(add, drop)
            )
        case _:
            return None


def _difference(wanted: SecretWanted, seen: SecretSeen) -> str:
    parts = []
    if dict(seen.digests) != wanted.digests:
        parts.append("its data differs from the declared credential")
    if not wanted.labels.items() <= seen.labels.items() or seen.our_labels - wanted.labels.keys():
        parts.append("its labels differ")
    stray = seen.our_annotations - wanted.annotations.keys()
    if not wanted.annotations.items() <= seen.annotations.items() or stray:
        parts.append("its annotations differ")
    if (seen.controller_uid is not None) != wanted.controlled:
        parts.append("its deletionPolicy changed")
    return ", ".join(parts)


def _links(add: frozenset[tuple[str, str]], drop: frozenset[tuple[str, str]]) -> str:
    parts = [f"add {secret} to {link}" for link, secret in sorted(add)]
    parts += [f"remove {secret} from {link}" for link, secret in sorted(drop)]
    return ", ".join(parts)


def _role(action: Action, scene: Scene) -> Explanation | None:
    rights = known_grants(scene)
    match action:
        case GiveRole(_, repository, role):
            held = rights.repositories.get(repository) if rights else None
            why = f"it has the role {held}" if held else "it has none"
            return Explanation(
                Place.QUAY, f"grant the role {role} on the repository {repository}", why
            )
        case TakeRole(_, repository):
            what = f"revoke the role on the repository {repository}"
            return Explanation(Place.QUAY, what, _NOT)
        case JoinTeam(_, team):
            return Explanation(Place.QUAY, f"add it to the team {team}", "it is not in it")
        case LeaveTeam(_, team):
            return Explanation(Place.QUAY, f"remove it from the team {team}", _NOT)
        case _:
            return None


_NOT = "it is not declared"


def _default(action: Action, _scene: Scene) -> Explanation | None:
    match action:
        case GiveDefault(_, role, creator):
            what = f"grant it {role} by default on {_makers(creator)}"
            return Explanation(Place.QUAY, what, "it has no such default")
        case ChangeDefault(_, seen, role):
            what = f"grant it {role} by default on {_makers(seen.creator)}"
            return Explanation(Place.QUAY, what, f"it has {seen.role}")
        case TakeDefault(_, seen):
            what = f"revoke its default {seen.role} on {_makers(seen.creator)}"
            return Explanation(Place.QUAY, what, "it is not declared, or a duplicate")
        case _:
            return None


def _makers(creator: str | None) -> str:
    return f"repositories that {creator} creates" if creator else "new repositories"


def _binding(action: Action, _scene: Scene) -> Explanation | None:
    match action:
        case AddFinalizer(noting):
            what = "add the finalizer to the resource"
            if noting is not None:
                what += ", and note where the robot is created"
            return Explanation(Place.CLUSTER, what, "so that it is deleted after the robot")
        case RemoveFinalizer():
            return Explanation(
                Place.CLUSTER,
                "remove the finalizer from the resource",
                "nothing is left to delete",
            )
        case GuardConnection():
            what = "add the finalizer to the connection and its token's Secret"
            return Explanation(
                Place.CLUSTER, what, "so that they exist as long as robots need them"
            )
        case _:
            return None


def _record(action: Action, _scene: Scene) -> Explanation | None:
    match action:
        case RecordProgress(state):
            what = "is adopted" if state.adopted else "is about to be created"
            return Explanation(Place.STATUS, f"record that the robot {what}")
        case RecordIntent(state):
            asked = state.intent is None or state.intent.cause == "Request"
            why = "it was requested" if asked else "the interval is over"
            return Explanation(Place.STATUS, "record that a rotation begins", why)
        case RecordGrants() | RecordFederation() | RecordLinks():
            return Explanation(Place.STATUS, f"record {_NOTED[type(action)]}")
        case _:
            return None


_NOTED = {
    RecordGrants: "which permissions are about to change",
    RecordFederation: "which outside identities are about to change",
    RecordLinks: "which ServiceAccounts are about to be linked",
}
