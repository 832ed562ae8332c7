"""
Which changes of a status are told to people, and in which words?

One Event for each change, never for a retry: what the status before says
already is no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...model.conditions import ConditionType
from ...model.errors import Reason
from ...model.resources.robot import RobotStatus

__all__ = ["News", "change_of_ready", "news", "rotation_waits_for"]

# Said while a pass is on its way; its end is what counts.
_BEGUN = {Reason.CREATING, Reason.PROGRESSING}
_UNDER_WAY = {*_BEGUN, Reason.ROTATING}


class News(NamedTuple):
    """One Event: *reason* for machines, *note* for people."""

    reason: str
    note: str
    warning: bool


class _Said(NamedTuple):
    status: str
    reason: str
    message: str


def news(before: RobotStatus, after: RobotStatus) -> tuple[News, ...]:
    """Return what is worth an Event between the status *before* and the one *after*."""
    return tuple(_news(before, after))


def change_of_ready(before: RobotStatus, after: RobotStatus) -> News | None:
    """Return what Ready says now, if its status or its reason is another; None if not."""
    old, new = _ready(before), _ready(after)
    if new is None or new.reason in _BEGUN or (old and old[:2] == new[:2]):
        return None
    return _told(new)


def rotation_waits_for(status: RobotStatus) -> str | None:
    """Return the reason why a rotation that is due is not done; None where none waits."""
    late = _put_off(status)
    return None if late is None else late.reason


def _news(before: RobotStatus, after: RobotStatus) -> Iterator[News]:
    if _is_another_robot(before, after):
        yield _recreated(after)
    elif _is_regenerated(before, after):
        yield _regenerated(after)
    if _rotated_at(before) != _rotated_at(after):
        yield News(Reason.ROTATING, "the credential was rotated", warning=False)
    old, new = _ready(before), _ready(after)
    contest = _contest(after)
    if contest is not None and _contest(before) is None and new != contest:
        yield News(contest.reason, contest.message, warning=True)
    if (late := _put_off(after)) is not None and _put_off(before) != late:
        yield News(late.reason, late.message, warning=True)
    if new is None or old == new or new.reason in _BEGUN:
        return
    # Another version's words, for all robots at once, are no news.
    if new.status != "True" or old is None or old[:2] != new[:2]:
        yield _told(new)


def _is_regenerated(before: RobotStatus, after: RobotStatus) -> bool:
    """Tell whether the same robot has a token that no rotation of ours gave it."""
    old, new = before.robot, after.robot
    if (
        old is None
        or new is None
        or (old.full_name, old.created_at)
        != (
            new.full_name,
            new.created_at,
        )
    ):
        return False
    was, now = _token_digest(before), _token_digest(after)
    ours = _rotated_at(before) != _rotated_at(after) or _rotates(before) or _rotates(after)
    return None not in {was, now} and was != now and not ours


def _regenerated(after: RobotStatus) -> News:
    assert after.robot is not None
    note = (
        f"the token of the robot {after.robot.full_name} was replaced in Quay, and not by this "
        "resource; copies of its former credential stopped working"
    )
    return News(Reason.REGENERATED, note, warning=True)


def _token_digest(status: RobotStatus) -> str | None:
    """The digest of the robot's own token; of a password that ends none is known here."""
    robot, credential = status.robot, status.credential
    if robot is not None and robot.token_digest is not None:
        return robot.token_digest
    lasting = credential is not None and credential.expires_at is None
    return credential.digest if credential is not None and lasting else None


def _rotates(status: RobotStatus) -> bool:
    return status.rotation is not None and status.rotation.intent is not None


def _told(ready: _Said) -> News:
    fine = ready.status == "True" or ready.reason in {Reason.DELETING, Reason.SUSPENDED}
    return News(ready.reason, ready.message, warning=not fine)


def _is_another_robot(before: RobotStatus, after: RobotStatus) -> bool:
    """Return whether the robot that was known is one that had to be created again."""
    old, new = before.robot, after.robot
    if old is None or new is None or new.adopted or old.full_name != new.full_name:
        return False
    return None not in {old.created_at, new.created_at} and old.created_at != new.created_at


def _recreated(after: RobotStatus) -> News:
    assert after.robot is not None
    note = (
        f"the robot {after.robot.full_name} was no longer in Quay and was created again; "
        "copies of its former credential stopped working"
    )
    return News(Reason.RECREATED, note, warning=True)


def _put_off(status: RobotStatus) -> _Said | None:
    """What keeps a rotation from being done, while the credential works."""
    ready, told = _ready(status), _said(status, ConditionType.RECONCILING)
    if ready is None or told is None or ready.status != "True" or told.reason in _UNDER_WAY:
        return None
    return told


def _ready(status: RobotStatus) -> _Said | None:
    return _said(status, ConditionType.READY)


def _contest(status: RobotStatus) -> _Said | None:
    """What is told of others who set our writes back."""
    told = _said(status, ConditionType.SECRETS_READY)
    return told if told is not None and told.reason == Reason.CONTESTED else None


def _said(status: RobotStatus, kind: ConditionType) -> _Said | None:
    for each in status.conditions:
        if each.type is kind:
            return _Said(each.status, each.reason, each.message)
    return None


def _rotated_at(status: RobotStatus) -> str | None:
    return status.rotation.last_at if status.rotation else None
