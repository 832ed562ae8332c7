"""
How is the state of a resource reported to users and programs?

Conditions are observations keyed by type. The rules of the field are kept in
one place: one condition per type, sorted with Ready first, `lastTransitionTime`
moves exactly when the status value does, messages are ours and short.
`Reconciling` and `Stalled` (kstatus) are present only when true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from .errors import Reason
from .resources.base import Part

__all__ = ["Condition", "ConditionType", "merge_conditions", "rfc3339"]

MESSAGE_MAX = 1000
Status = Literal["True", "False", "Unknown"]


class ConditionType(StrEnum):
    """The condition types that our kinds carry."""

    READY = "Ready"
    ROBOT_READY = "RobotReady"
    GRANTS_READY = "GrantsReady"
    FEDERATION_READY = "FederationReady"
    SECRETS_READY = "SecretsReady"
    REACHABLE = "Reachable"
    AUTHORIZED = "Authorized"
    RENEWED = "Renewed"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


_ORDER = {kind: place for place, kind in enumerate(ConditionType)}


class Condition(Part):
    """One observation, in the shape of Kubernetes' metav1.Condition."""

    type: ConditionType
    """The aspect that the condition is about."""
    status: Status
    """True, False or Unknown."""
    reason: Reason
    """Why, in one word. docs/operations.md has cause and fix of each reason."""
    message: str = ""
    """Why, in a sentence."""
    observed_generation: int | None = None
    """The generation of the spec that the condition describes."""
    last_transition_time: str | None = None
    """When `status` last changed."""


def rfc3339(moment: datetime) -> str:
    """Return *moment* as Kubernetes writes times, in UTC and whole seconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def merge_conditions(
    before: Iterable[Condition],
    wanted: Iterable[Condition],
    *,
    generation: int,
    now: datetime,
) -> tuple[Condition, ...]:
    """
    Return *wanted* as it is to be stored over *before*.

    A condition that *wanted* lacks is dropped. The transition time is kept
    while the status value stays the same.
    """
    known = {condition.type: condition for condition in before}
    merged = [_stamp(known.get(each.type), each, generation, now) for each in wanted]
    return tuple(sorted(merged, key=lambda each: _ORDER[each.type]))


def _stamp(old: Condition | None, new: Condition, generation: int, now: datetime) -> Condition:
    keeps = old is not None and old.status == new.status and old.last_transition_time
    return new.model_copy(
        update={
            "message": new.message[:MESSAGE_MAX],
            "observed_generation": generation,
            "last_transition_time": keeps or rfc3339(now),
        }
    )
