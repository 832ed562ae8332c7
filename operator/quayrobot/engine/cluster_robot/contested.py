"""
How does a namespace's pass learn that others set back what it writes into a QuayRobot?

Another controller, a person or an admission policy may want a field otherwise than
the template. It is written back, less and less often; meanwhile the robot works as
its QuayRobot says, and the ClusterQuayRobot tells which field it is and who has it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...cluster.api import Body
from ...cluster.kinds import QUAY_ROBOT
from ...cluster.members import member_seen
from ...model.errors import Contested, QuayRobotError
from ...model.members import CreateMember, DeleteMember, MemberAction, ReplaceMember
from ...plan.cluster_robot.members import lost_fields
from ..cache.contests import Spot
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context

__all__ = ["contest_before", "contest_after"]


async def contest_before(
    context: Context, record: ClusterRobotRecord, action: MemberAction, *, was_as_wanted: bool
) -> Contested | None:
    """Return why *action* is to wait: others set back all that it would write."""
    if not isinstance(action, ReplaceMember):
        return None
    spot = _spot(record, action)
    fields = lost_fields(action.wanted, action.seen)
    if lost := context.contests.met(spot, fields, sure=was_as_wanted):
        context.contests.name(spot, await _managers(context, spot, lost))
    contest = context.contests.view(spot, _words(action))
    return contest.error if contest is not None and fields.keys() <= contest.held else None


def contest_after(
    context: Context, record: ClusterRobotRecord, action: MemberAction, body: Body
) -> Contested | None:
    """Return what *body*, which the API server made of *action*, has otherwise than was sent."""
    if isinstance(action, DeleteMember):
        return None
    spot, wanted = _spot(record, action), action.wanted
    sent = lost_fields(wanted, action.seen) if isinstance(action, ReplaceMember) else {}
    changed = lost_fields(wanted, member_seen(body))
    if not (sent or changed):
        return None
    context.contests.wrote(spot, sent, changed)
    contest = context.contests.view(spot, _words(action))
    return contest.error if contest is not None and changed else None


def _spot(record: ClusterRobotRecord, action: CreateMember | ReplaceMember) -> Spot:
    place = f"{QUAY_ROBOT.kind}/{action.wanted.name}"
    return Spot(record.uid, record.generation, action.wanted.namespace, place)


def _words(action: CreateMember | ReplaceMember) -> str:
    return f"QuayRobot {action.wanted.namespace}/{action.wanted.name}"


async def _managers(context: Context, spot: Spot, fields: Iterable[str]) -> dict[str, str]:
    kind, _, name = spot.place.partition("/")
    try:
        return await context.resources.managers(kind, spot.namespace, name, fields)
    except QuayRobotError:
        # Who it is would help; that it happens is what counts.
        return {}
