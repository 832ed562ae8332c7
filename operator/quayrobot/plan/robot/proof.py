"""
Does the robot that Quay returns belong to this resource?

A list raises suspicion, a GET proves: the marker is shown for one robot only.
What was proven once is recognised in a list by its creation time together
with a token digest that we know. An adopted robot carries no marker of ours;
it is ours by status alone. The status of another cluster does not count, nor
one of a robot that another resource has.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import QuayRobotError, Reason, Refused
from ...model.names import ANNOTATION_DIGEST, MAIN
from ...model.world import Present, RobotSeen
from ..rights.access import Permit
from ..scene import Scene
from .claim import already_claimed, is_claimed

__all__ = [
    "Foreign",
    "NeedsLook",
    "NeedsOwnerLook",
    "Ours",
    "Proof",
    "adopted_before",
    "ownership",
    "prove",
    "status_proves",
]


@dataclass(frozen=True, slots=True)
class Ours:
    """Proven ours; *adopted* when by status or by a rule, not by our own marker."""

    adopted: bool


@dataclass(frozen=True, slots=True)
class NeedsLook:
    """Only a GET of this robot can tell."""


@dataclass(frozen=True, slots=True)
class NeedsOwnerLook:
    """Only a live read of the resource that the marker names can tell."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Provably not ours, and why it may not become ours."""

    error: QuayRobotError


Proof = Ours | NeedsLook | NeedsOwnerLook | Foreign


def prove(scene: Scene, seen: RobotSeen, permit: Permit | None) -> Proof:  # noqa: PLR0911 - a ladder
    """Return whose robot *seen* is; without a *permit* (deletion) nothing is adopted."""
    if _recognised(scene, seen):
        return Ours(adopted=scene.status.robot is not None and scene.status.robot.adopted)

    if seen.metadata is None:
        return NeedsLook()

    marker = seen.marker
    if marker is not None and marker.same_owner(scene.marker):
        return Ours(adopted=False)

    if adopted_before(scene, seen):
        return Ours(adopted=True)

    if marker is None:
        return _adoptable(scene, permit)

    if marker.cluster != scene.cluster:
        return _takeover(scene, seen, permit)

    if scene.owner_lives is None:
        return NeedsOwnerLook()

    return Foreign(already_claimed(scene)) if scene.owner_lives else _adoptable(scene, permit)


def known_digests(scene: Scene) -> frozenset[str]:
    """Return the token digests that this resource is known to have held."""
    seen = [each.value for each in scene.secrets.values() if isinstance(each, Present)]
    noted = {
        each.annotations[ANNOTATION_DIGEST]
        for each in seen
        if ANNOTATION_DIGEST in each.annotations and each.controller_uid == scene.me.uid
    }
    credential, robot = scene.status.credential, scene.status.robot
    known = {credential.digest if credential else None, robot.token_digest if robot else None}
    return frozenset(noted | {each for each in known if each is not None})


def status_proves(scene: Scene) -> bool:
    """
    Tell whether what the status says of the robot counts.

    One that came along with a copy of the cluster proves nothing, nor does one that a
    backup brought to another name: whose robot it is, another resource says first.
    """
    made = scene.status.connection
    here = made is None or made.cluster in {None, scene.cluster}
    return here and not is_claimed(scene)


def _recognised(scene: Scene, seen: RobotSeen) -> bool:
    robot = scene.status.robot
    return (
        robot is not None
        and status_proves(scene)
        and robot.created_at is not None
        and robot.created_at == seen.created
        and seen.token is not None
        and seen.token.digest in known_digests(scene)
    )


def adopted_before(scene: Scene, seen: RobotSeen) -> bool:
    """
    Tell whether the status says that this resource adopted *seen*.

    What another cluster noted is no adoption here, although a backup may bring its status.
    """
    robot = scene.status.robot
    # Of two that take turns it speaks of one: the other may be of the same second.
    if robot is None or not robot.adopted or robot.slot != scene.slot:
        return False
    return robot.created_at == seen.created and status_proves(scene)


def _adoptable(scene: Scene, permit: Permit | None) -> Proof:
    name = scene.robot_name.full
    # The second of two that take turns is always created again.
    if permit is None or scene.spec.creation_policy == "Create" or scene.slot != MAIN:
        cure = (
            "or creationPolicy: Adopt where the connection allows it"
            if scene.slot == MAIN
            else "or rotation.strategy: InPlace, which needs no second robot"
        )
        msg = (
            f"the robot {name} exists in Quay and was not created by this resource; "
            f"choose another robotName, {cure}"
        )
        return Foreign(Refused(Reason.ROBOT_EXISTS, msg))

    if not permit.adoption:
        return Foreign(adoption_denied(scene))

    # Rivals are no reason here: the claim was decided before, and who lost it is not asked.
    return Ours(adopted=True)


def adoption_denied(scene: Scene) -> Refused:
    """Return the refusal of an adoption that no rule allows."""
    msg = f"no rule of the connection allows adoption of the robot {scene.robot_name.full}"
    return Refused(Reason.ACCESS_DENIED, msg)


def _takeover(scene: Scene, seen: RobotSeen, permit: Permit | None) -> Proof:
    marker = seen.marker
    allowed = (
        permit is not None
        and marker is not None
        and marker.cluster in permit.takeover
        and marker.same_name(scene.marker)
    )
    if allowed:
        return Ours(adopted=True)

    msg = f"the robot {scene.robot_name.full} is marked as owned by a resource of another cluster"
    return Foreign(Refused(Reason.FOREIGN_OWNER, msg))


def ownership(scene: Scene) -> bool | None:
    """Return whether the robot is ours by adoption; None where it is not proven ours."""
    if not isinstance(scene.robot, Present):
        return None
    proof = prove(scene, scene.robot.value, None)
    return proof.adopted if isinstance(proof, Ours) else None
