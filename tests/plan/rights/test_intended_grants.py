"""Are the rights of a robot that is about to be created noted before it is?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import GrantsSeen, Present
from quayrobot.plan.decide import decide
from quayrobot.plan.words.status import intent_to_hold

from ..scenes import CREATED, fresh, got, me, rule, spec, stored_all, words

READS = [{"name": "app", "role": "read"}, {"name": "lib", "role": "write"}]


def test_the_rights_of_a_new_robot_are_noted_with_the_intent_to_make_it():
    scene = fresh(spec=spec(permissions={"repositories": READS, "teams": ["devs"]}),
                  rules=(rule(teams=["*"]),))  # fmt: skip

    noted = intent_to_hold(scene, RobotState(full_name="acme+ci"))

    assert noted.grants == GrantsState.model_validate({"repositories": READS, "teams": ["devs"]})
    # They are not called given, so that after a crash they are read.
    assert all(each.type != "GrantsReady" for each in noted.conditions)
    made = replace(scene, status=noted, me=me(guarded=True), robot=Present(got()),
                   grants=Present(GrantsSeen()), secrets=stored_all(scene))  # fmt: skip
    made = replace(made, secrets={name: Present(each) for name, each in made.secrets.items()})
    assert words(decide(made)) == ["GiveRole", "GiveRole", "JoinTeam"]


@pytest.mark.parametrize("permissions", [None, {"mode": "Exact"}], ids=["no block", "empty"])
def test_where_nothing_is_given_nothing_is_noted(permissions):
    block = {} if permissions is None else {"permissions": permissions}

    assert (
        intent_to_hold(fresh(spec=spec(**block)), RobotState(full_name="acme+ci")).grants is None
    )


def test_what_an_adopted_robot_has_is_not_noted_as_given_by_us():
    scene = fresh(spec=spec(permissions={"repositories": READS}))
    state = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)

    assert intent_to_hold(scene, state).grants is None
