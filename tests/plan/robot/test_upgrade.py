"""Is a robot still ours when the status about it was stored by an earlier version?"""

from __future__ import annotations

from quayrobot.model.resources.base import dump_status
from quayrobot.model.resources.parse import parse_robot_status
from quayrobot.plan.decide import decide

from ..rotations import known, turning
from ..scenes import CREATED, held

QUAYS_OWN = "Mon, 23 Nov 2026 07:53:29 -0000"


def as_stored_before(status):
    """Return *status* as an earlier version wrote it: Quay's time, and bare digests."""
    stored = dump_status(status)
    assert stored["robot"]["createdAt"] == CREATED
    stored["robot"]["createdAt"] = QUAYS_OWN
    if "rotation" in stored:
        digest = stored["rotation"]["lastTrigger"].split()[0].removeprefix("spec=")
        stored["rotation"]["lastTrigger"] = f"{digest} -"
    return parse_robot_status(stored)


def test_nothing_is_done_for_a_robot_whose_time_is_stored_in_quays_own_form():
    before = held()

    after = held(status=as_stored_before(before.status))

    assert decide(after) == decide(before)
    assert not decide(after).actions


def test_a_trigger_that_was_carried_out_before_the_upgrade_is_no_new_request():
    spec = turning(trigger="one")

    after = held(spec=spec, status=as_stored_before(held(spec=spec, status=known()).status))

    assert not decide(after).actions
