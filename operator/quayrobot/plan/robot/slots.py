"""
Which of two robots that take turns is the active one, and how is the other looked at?

The active one is whose credential the Secrets carry, else the one in the
status, else the newer. The rules for one robot hold for the other as well:
they are asked about a scene in which it is in front, with a status that says
what is known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...model.names import ANNOTATION_DIGEST, ANNOTATION_ROBOT, MAIN, SLOTS, Slot, other_slot
from ...model.resources.robot import (
    CredentialState,
    RobotState,
    is_keyless,
    robot_name_of,
)
from ...model.resources.rotation import Intent, Retiring, RotationState
from ...model.world import Absent, Missing, Present, RobotView
from ..credentials.secrets import ours_of
from ..scene import Scene
from .proof import NeedsLook, Ours, prove

__all__ = [
    "each_slot",
    "active_first",
    "retiring_state",
    "scene_of_retiring",
    "retiring_of",
    "rotation_of",
    "scene_of_next",
]


def active_first(scene: Scene) -> Scene:
    """Return *scene* with the active robot in front."""
    if scene.other is None or _active(scene) == scene.slot:
        return scene
    return scene.turned()


def rotation_of(scene: Scene) -> RotationState:
    """Return what the status says of rotations, as far as it holds for what is asked now."""
    state = scene.status.rotation or RotationState()
    if state.intent is not None and state.intent.cause == "Switch" and not is_keyless(scene.spec):
        # A token that is wanted again must not be ended for the sake of passwords.
        return state.model_copy(update={"intent": None})
    return state


def retiring_of(scene: Scene) -> Retiring | None:
    """Return the robot that was replaced and is still there, as the status says."""
    retiring = rotation_of(scene).retiring
    return retiring if retiring is not None and retiring.slot != scene.slot else None


def scene_of_next(scene: Scene) -> Scene:
    """Return the other robot's scene as of a resource that has none yet."""
    # Claim and finalizer are the active robot's, and what is asked of it was checked with it.
    return replace(
        _other(scene, None, None),
        me=replace(scene.me, guarded=False),
        spec=scene.spec.model_copy(update={"creation_policy": "Create"}),
        rivals=(),
    )


def scene_of_retiring(scene: Scene, retiring: Retiring) -> Scene:
    """Return the scene of the robot that was replaced."""
    known = RobotState(
        full_name=retiring.full_name,
        created_at=retiring.created_at,
        adopted=retiring.adopted,
        slot=retiring.slot,
    )
    return _other(scene, known, retiring.digest)


def retiring_state(scene: Scene, intent: Intent, until: str) -> Retiring:
    """Return what is to be remembered of the robot that the one in front replaced."""
    before = other_slot(scene.slot)
    return Retiring(
        full_name=robot_name_of(scene.me.name, scene.spec).in_slot(before).full,
        slot=before,
        until=until,
        created_at=intent.created_at,
        digest=intent.digest,
        adopted=intent.adopted,
    )


def each_slot(scene: Scene) -> Iterator[Scene]:
    """Return a scene for each robot that may be there and have to go with the resource."""
    yield scene
    if scene.other is None:
        return
    retiring, intent = retiring_of(scene), rotation_of(scene).intent
    if retiring is not None:
        yield scene_of_retiring(scene, retiring)
    elif intent is not None and intent.slot == scene.slot:
        yield scene_of_retiring(scene, retiring_state(scene, intent, ""))
    elif intent is not None and intent.slot is not None:
        yield _other(scene, None, None)
    elif not scene.status.holds or isinstance(scene.other.robot, Present):
        # Nothing is known of it, or a list shows what nobody expected.
        yield _other(scene, None, None)


def _other(scene: Scene, robot: RobotState | None, digest: str | None) -> Scene:
    known: dict[str, Any] = {
        "robot": robot,
        "credential": CredentialState(digest=digest) if digest else None,
    }
    status = scene.status.model_copy(update=known)
    return replace(scene.turned(), status=status)


def _active(scene: Scene) -> Slot:
    views = _views(scene)
    known = scene.status.robot.slot if scene.status.robot is not None else None
    named = [each for each in _named(scene, known) if _may_be(views[each])]
    intent = rotation_of(scene).intent
    # Some Secrets carry one and some the other: it was on its way to the new one.
    later = (intent.slot if intent is not None else None, known)
    if len(named) > 1:
        return next((each for each in later if each in named), None) or _newer(scene, views)
    if named:
        return named[0]
    if known is not None and not _was_left(scene, views[known]):
        return known
    return _newer(scene, views, otherwise=known or MAIN)


def _views(scene: Scene) -> dict[Slot, RobotView]:
    assert scene.other is not None
    return {scene.slot: scene.robot, other_slot(scene.slot): scene.other.robot}


def _may_be(view: RobotView) -> bool:
    return not isinstance(view, Missing | Absent)


def _named(scene: Scene, known: Slot | None) -> list[Slot]:
    """The slots whose robot a Secret of ours names; not the one that was replaced."""
    retiring, credential = rotation_of(scene).retiring, scene.status.credential
    main = robot_name_of(scene.me.name, scene.spec)
    found = set()
    for secret in ours_of(scene):
        noted = secret.annotations
        for slot in SLOTS:
            if noted.get(ANNOTATION_ROBOT) != main.in_slot(slot).full:
                continue
            # It says another robot's name beside the credential that we know: a slip.
            slip = credential is not None and noted.get(ANNOTATION_DIGEST) == credential.digest
            if not (slip and known not in {None, slot}):
                found.add(slot)
    replaced = retiring.slot if retiring is not None else None
    return [slot for slot in SLOTS if slot in found and (slot != replaced or slot == known)]


def _was_left(scene: Scene, known: RobotView) -> bool:
    """
    Tell whether the robot that the status names went without a turn that the status knows of.

    Then it is a status of before that turn: a restored one, or that of a restored Quay's time.
    """
    state = rotation_of(scene)
    return isinstance(known, Absent) and state.intent is None and state.retiring is None


def _newer(scene: Scene, views: dict[Slot, RobotView], otherwise: Slot = MAIN) -> Slot:
    """Of those that are ours by what was seen, the one that was made last."""
    made = {slot: _made(scene, view) for slot, view in views.items()}
    born = {slot: when for slot, when in made.items() if when is not None}
    return max(_in_order(born), key=lambda slot: born[slot], default=otherwise)


def _in_order(slots: Iterable[Slot]) -> list[Slot]:
    return [each for each in SLOTS if each in set(slots)]


def _made(scene: Scene, view: RobotView) -> float | None:
    if not isinstance(view, Present):
        return None
    # The status says nothing, or speaks of the one that went: none of these was adopted by it.
    bare = replace(scene, status=scene.status.model_copy(update={"robot": None}))
    if not isinstance(prove(bare, view.value, None), Ours | NeedsLook):
        return None
    try:
        return datetime.fromisoformat(view.value.created).timestamp()
    except ValueError:
        return 0.0
