"""
Which names are ours, and which names are legal?

Names here are API: users, dashboards and other tools rely on them, so they
change only with a release note. Quay's grammar for robot names is stricter
than the one Kubernetes has for objects; it is kept here, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ALT",
    "GROUP",
    "MAIN",
    "SLOTS",
    "VERSION",
    "OwnerName",
    "RobotName",
    "Slot",
    "is_robot_short_name",
    "other_slot",
]

GROUP = "quayrobot.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
OPERATOR = "quay-robot-operator"

FINALIZER = f"{GROUP}/finalizer"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
ANNOTATION_OWNER = f"{GROUP}/owner"
ANNOTATION_OWNER_UID = f"{GROUP}/owner-uid"
ANNOTATION_ROBOT = f"{GROUP}/robot"
ANNOTATION_DIGEST = f"{GROUP}/credential-digest"
ANNOTATION_ISSUED_AT = f"{GROUP}/issued-at"
ANNOTATION_EXPIRES_AT = f"{GROUP}/expires-at"
ANNOTATION_ROTATE = f"{GROUP}/rotate"
ANNOTATION_CONFIRM = f"{GROUP}/confirm-removal"
ANNOTATION_MADE_AT = f"{GROUP}/made-at"
ANNOTATION_LINKS = f"{GROUP}/links"
MARKER_KEY = GROUP

OWNER_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$"
ROBOT_PATTERN = r"^[a-z0-9]+([._-][a-z0-9]+)*$"
OBJECT_NAME_PATTERN = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
FULL_NAME_MAX = 255

# Robots that take turns: the second one's name is the first one's and a suffix.
Slot = Literal["main", "alt"]
MAIN: Slot = "main"
ALT: Slot = "alt"
SLOTS: tuple[Slot, ...] = (MAIN, ALT)
ALT_SUFFIX = ".alt"

_ROBOT = re.compile(ROBOT_PATTERN)


@dataclass(frozen=True, slots=True, order=True)
class OwnerName:
    """The namespace in Quay that a robot lives in: an organization or a user."""

    kind: Literal["organization", "user"]
    name: str


@dataclass(frozen=True, slots=True, order=True)
class RobotName:
    """A robot's place in Quay; *short* never holds the `<owner>+` prefix."""

    owner: OwnerName
    short: str

    @property
    def full(self) -> str:
        """The name that logs in, `<owner>+<short>`."""
        return f"{self.owner.name}+{self.short}"

    def in_slot(self, slot: Slot) -> RobotName:
        """Return the name of the robot in *slot*, of the two that take turns under this name."""
        return self if slot == MAIN else RobotName(self.owner, self.short + ALT_SUFFIX)


def other_slot(slot: Slot) -> Slot:
    """Return the slot that is not *slot*."""
    return ALT if slot == MAIN else MAIN


def is_robot_short_name(name: str) -> bool:
    """Return whether Quay takes *name* as a robot's short name (2 to 255 characters)."""
    return 2 <= len(name) <= FULL_NAME_MAX and _ROBOT.fullmatch(name) is not None
