"""
How does a namespace's pass learn that others set back what it writes into a QuayRobot?

Another controller, a person or an admission policy may want a field otherwise than
the template. It is written back, less and less often; meanwhile the robot works as
its QuayRobot says, and the ClusterQuayRobot tells which field it is and who has it.
Who deletes the QuayRobot each time costs a robot in Quay each time: it is made again
less and less often, and its namespace is told as one that failed.
"""

from __future__ import annotations

from ...cluster.api import Body
from ...cluster.kinds import QUAY_ROBOT
from ...cluster.members import member_seen
from ...model.errors import Contested
from ...model.members import CreateMember, DeleteMember, MemberAction, ReplaceMember
from ...plan.cluster_robot.members import lost_fields
from ..cache.contests import Spot
from ..cache.records import ClusterRobotRecord
from ..connection.context import Context
from ..robot.contested import managers_of

__all__ = ["contest_about", "has_to_wait", "note_left", "note_written"]

# The field of the whole: that it is there at all.
OBJECT = "the QuayRobot itself"


async def has_to_wait(
    context: Context, record: ClusterRobotRecord, action: MemberAction, *, was_as_wanted: bool
) -> bool:
    """
    Return whether others set back all that *action* would write, and its turn has not come.

    Raises:
        Contested: So it is, and the namespace has no QuayRobot until then.
    """
    if isinstance(action, DeleteMember):
        return False
    spot = _spot(record, action.wanted.namespace)
    fields = _repaired(action)
    if lost := context.contests.met(spot, fields, sure=was_as_wanted):
        context.contests.name(spot, await managers_of(context, spot, lost))
    contest = context.contests.view(spot, _words(spot))
    # What is no field, as who controls it, never waits.
    if contest is None or not fields or not fields.keys() <= contest.held:
        return False
    if isinstance(action, CreateMember):
        raise contest.error
    return True


def _repaired(action: CreateMember | ReplaceMember) -> dict[str, str]:
    if isinstance(action, CreateMember):
        return {OBJECT: "there"}
    return lost_fields(action.wanted, action.seen)


def note_written(
    context: Context, record: ClusterRobotRecord, action: MemberAction, body: Body
) -> None:
    """Note what *action* made right, and what *body*, its answer, has otherwise than was sent."""
    if isinstance(action, DeleteMember):
        return
    sent, changed = _repaired(action), lost_fields(action.wanted, member_seen(body))
    if sent or changed:
        context.contests.wrote(_spot(record, action.wanted.namespace), sent, changed)


def note_left(context: Context, record: ClusterRobotRecord, namespace: str) -> None:
    """Note that *namespace* is to have no QuayRobot: that it has none is nobody's doing."""
    context.contests.withdraw(_spot(record, namespace), OBJECT)


def contest_about(
    context: Context, record: ClusterRobotRecord, namespace: str
) -> Contested | None:
    """Return what others set back of the QuayRobot in *namespace*, until it has stayed a while."""
    spot = _spot(record, namespace)
    contest = context.contests.view(spot, _words(spot))
    return None if contest is None else contest.error


def _spot(record: ClusterRobotRecord, namespace: str) -> Spot:
    place = f"{QUAY_ROBOT.kind}/{record.key.name}"
    return Spot(record.uid, record.generation, namespace, place)


def _words(spot: Spot) -> str:
    kind, _, name = spot.place.partition("/")
    return f"{kind} {spot.namespace}/{name}"
