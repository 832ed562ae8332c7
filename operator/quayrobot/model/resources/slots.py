"""
Which robots does a resource name?

One, or with Overlap two that take turns. The second name stays the resource's
for as long as a robot of it may be there, whatever the spec says by now.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..names import ALT, MAIN, SLOTS, RobotName, Slot
from .robot import RobotSpec, RobotStatus, robot_name_of
from .rotation import Rotation

__all__ = ["active_name_of", "lenient_rotation", "overlaps", "robot_names_of", "takes_turns"]


def overlaps(spec: RobotSpec) -> bool:
    """Return whether *spec* asks for two robots that take turns."""
    return spec.rotation is not None and spec.rotation.strategy == "Overlap"


def takes_turns(spec: RobotSpec, status: RobotStatus) -> bool:
    """Return whether there may be a second robot."""
    rotation = status.rotation
    begun = rotation is not None and rotation.intent is not None and rotation.intent.slot
    retiring = rotation is not None and rotation.retiring is not None
    return overlaps(spec) or bool(begun) or retiring or _slot(status) == ALT


def robot_names_of(name: str, spec: RobotSpec, status: RobotStatus) -> tuple[RobotName, ...]:
    """Return every robot that the resource called *name* has or may come to have."""
    main = robot_name_of(name, spec)
    slots = SLOTS if takes_turns(spec, status) else (MAIN,)
    return tuple(main.in_slot(slot) for slot in slots)


def active_name_of(name: str, spec: RobotSpec, status: RobotStatus) -> RobotName:
    """Return the robot whose credential is in the Secrets, as the status says."""
    return robot_name_of(name, spec).in_slot(_slot(status))


def lenient_rotation(spec: Mapping[str, object]) -> Rotation | None:
    """Return what of a rotation a deletion needs: whether there may be a second robot."""
    rotation = spec.get("rotation")
    asked = rotation.get("strategy") if isinstance(rotation, Mapping) else None
    return Rotation(strategy="Overlap") if asked == "Overlap" else None


def _slot(status: RobotStatus) -> Slot:
    return status.robot.slot if status.robot is not None else MAIN
