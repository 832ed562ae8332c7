"""
What has to happen to the QuayRobot that a namespace gets from a ClusterQuayRobot?

Its spec is the template's and nothing else; of labels and annotations only
what we set is ours. One of that name that we do not control is never touched,
save one that we made and that a backup brought back without its controller.
What the API server would not let change is refused in words, with nothing sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import assert_never

from pydantic import ValidationError

from ...model.errors import QuayRobotError, Reason, Refused, TryLater
from ...model.members import (
    CreateMember,
    DeleteMember,
    MemberAction,
    MemberSeen,
    MemberWanted,
    ReplaceMember,
)
from ...model.names import LABEL_MANAGED_BY, OPERATOR
from ...model.resources.newer import known_part
from ...model.resources.parse import lenient_robot
from ...model.resources.robot import RobotSpec, robot_name_of, secrets_of
from ...model.world import Absent, Missing, Present, Seen, Unknown, Unlooked

__all__ = ["differences", "lost_fields", "plan_member_removal", "plan_member"]


def plan_member(wanted: MemberWanted, seen: Seen[MemberSeen]) -> tuple[MemberAction, ...]:
    """
    Return the writes that turn *seen* into *wanted*.

    Raises:
        Refused: The name is taken, or what differs cannot be changed.
        TryLater: What is there could not be read, or is on its way out.
    """
    match seen:
        case Unknown(error):
            raise error
        case Unlooked() | Missing():
            raise TryLater(Reason.CLUSTER_UNAVAILABLE, "the QuayRobot could not be read")
        case Absent():
            return (CreateMember(wanted),)
        case Present(member):
            return _change(wanted, member)
        case _:
            assert_never(seen)


def plan_member_removal(uid: str, seen: Seen[MemberSeen]) -> tuple[MemberAction, ...]:
    """Return the deletion of the QuayRobot in a namespace that is no longer a target."""
    match seen:
        case Present(member) if member.controller_uid == uid and not member.deleting:
            return (DeleteMember(member.namespace, member.name, member.uid),)
        case _:
            return ()


def _change(wanted: MemberWanted, seen: MemberSeen) -> tuple[MemberAction, ...]:
    restored = _is_restored(wanted, seen)
    if seen.controller_uid != wanted.owner_uid and not restored:
        msg = (
            f"QuayRobot {wanted.name} exists and does not belong to this ClusterQuayRobot; it is "
            "left alone: delete it, or give the ClusterQuayRobot another name"
        )
        raise Refused(Reason.QUAY_ROBOT_NOT_OWNED, msg)
    if seen.held_by:
        msg = (
            f"the QuayRobot is being deleted and {seen.held_by}; a new one is created when it is "
            "gone"
        )
        raise TryLater(Reason.DELETION_BLOCKED, msg)
    if seen.deleting:
        raise TryLater(
            Reason.CREATING, "the QuayRobot is being deleted; a new one is created when it is gone"
        )
    if not restored and _agrees(wanted, seen):
        return ()
    refusal = _refusal(wanted, seen)
    if refusal is not None:
        raise refusal
    return (ReplaceMember(wanted, seen),)


def _is_restored(wanted: MemberWanted, seen: MemberSeen) -> bool:
    """Return whether *seen* has our label, nobody's control, and the robot that it is to have."""
    marked = seen.labels.get(LABEL_MANAGED_BY) == OPERATOR
    return marked and seen.controller_uid is None and _refusal(wanted, seen) is None


def differences(wanted: MemberWanted, seen: MemberSeen) -> tuple[str, ...]:
    """Return what of *seen* is not as *wanted*, by the names of the fields."""
    before, after = _fields(seen.spec), _fields(wanted.spec)
    if before is None or after is None:
        before, after = dict(seen.spec), dict(wanted.spec)
    keys = dict.fromkeys((*after, *before))
    found = [f"spec.{key}" for key in keys if after.get(key) != before.get(key)]
    for what, ours, theirs, set_by_us in (
        ("labels", wanted.labels, seen.labels, seen.our_labels),
        ("annotations", wanted.annotations, seen.annotations, seen.our_annotations),
    ):
        if not (ours.items() <= theirs.items() and set_by_us <= ours.keys()):
            found.append(what)
    if seen.controller_uid != wanted.owner_uid:
        found.append("ownerReferences")
    return tuple(found)


def lost_fields(wanted: MemberWanted, seen: MemberSeen) -> dict[str, str]:
    """Return the fields that *seen* has otherwise than *wanted*, with what is wanted of each."""
    found = {}
    for each in differences(wanted, seen):
        key = each.removeprefix("spec.")
        if key != each:
            found[each] = json.dumps(wanted.spec.get(key), sort_keys=True)
    for part, ours, theirs, set_by_us in (
        ("labels", wanted.labels, seen.labels, seen.our_labels),
        ("annotations", wanted.annotations, seen.annotations, seen.our_annotations),
    ):
        late = {key for key, value in ours.items() if theirs.get(key) != value}
        for key in late | (set_by_us - ours.keys()):
            found[f"metadata.{part}[{key}]"] = str(ours.get(key))
    return found


def _fields(spec: Mapping[str, object]) -> dict[str, object] | None:
    """All fields that the model knows, with their defaults; None where it refuses one."""
    try:
        return RobotSpec.model_validate(known_part(RobotSpec, spec)).model_dump(by_alias=True)
    except ValidationError:
        return None


def _agrees(wanted: MemberWanted, seen: MemberSeen) -> bool:
    return (
        _says_the_same(wanted.spec, seen.spec)
        and wanted.labels.items() <= seen.labels.items()
        and wanted.annotations.items() <= seen.annotations.items()
        and seen.our_labels <= wanted.labels.keys()
        and seen.our_annotations <= wanted.annotations.keys()
    )


def _says_the_same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Defaults that the API server filled in, or did not, make no difference."""
    if one == other:
        return True
    fields = _fields(one)
    return fields is not None and fields == _fields(other)


def _refusal(wanted: MemberWanted, seen: MemberSeen) -> QuayRobotError | None:
    new, old = lenient_robot(wanted.name, wanted.spec), lenient_robot(seen.name, seen.spec)
    what = None
    if new.owner != old.owner:
        what = "the organization or user"
    elif robot_name_of(wanted.name, new) != robot_name_of(seen.name, old):
        what = "the robot's name"
    elif _formats(wanted.name, new, old):
        what = "the format of a Secret"
    if what is None:
        return None
    msg = (
        f"the template changes {what}, which cannot be changed on the existing QuayRobot; "
        "undo the change, or delete that QuayRobot so that it is created again"
    )
    return Refused(Reason.IMMUTABLE_FIELD, msg)


def _formats(name: str, new: RobotSpec, old: RobotSpec) -> bool:
    before = secrets_of(name, old)
    return any(
        each.name in before and before[each.name].format != each.format
        for each in secrets_of(name, new).values()
    )
