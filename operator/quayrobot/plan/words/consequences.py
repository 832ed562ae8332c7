"""What does an error mean for a condition, and which of several is told?"""

from __future__ import annotations

from ...model.conditions import Condition, ConditionType
from ...model.errors import Contested, Denied, InvalidSpec, QuayRobotError, Reason, Refused
from ..scene import Scene

__all__ = ["as_asked", "consequence", "failed", "patience", "works_anyway"]


def consequence(scene: Scene, error: QuayRobotError) -> Condition:
    """Return what *error* means for who waits: goes on by itself, or needs somebody."""
    lasts = isinstance(error, InvalidSpec | Refused | Denied) and not scene.waits_until(error)
    kind = ConditionType.STALLED if lasts else ConditionType.RECONCILING
    return Condition(type=kind, status="True", reason=error.reason, message=error.message)


def as_asked(kind: ConditionType, message: str) -> Condition:
    """Return a condition that is as asked."""
    return Condition(type=kind, status="True", reason=Reason.RECONCILED, message=message)


def failed(kind: ConditionType, error: QuayRobotError) -> Condition:
    """Return a condition that is not, because of *error*."""
    return Condition(type=kind, status="False", reason=error.reason, message=error.message)


def works_anyway(error: QuayRobotError) -> bool:
    """Tell whether the credential can be used in spite of *error*."""
    return isinstance(error, Contested) and error.usable


def patience(scene: Scene, error: QuayRobotError) -> int:
    """How long *error* can wait to be told, where there are several."""
    return 2 if works_anyway(error) else int(scene.waits_until(error) is not None)
