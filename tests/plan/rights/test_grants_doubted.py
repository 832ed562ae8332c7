"""What happens with rights that were not read, or that Quay refuses to give?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    Component,
    LookAtGrants,
)
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import GrantsSeen, Present, Unknown
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.grants import plan_grants
from quayrobot.plan.scene import Finding
from quayrobot.plan.words.status import status_after

from ..answering import Rights, World
from ..scenes import (
    CREATED_ANEW,
    NO_RIGHT,
    OUTAGE,
    listed,
    words,
)
from .granting import CI, READS, changes_of, wants, words_of

# What was not read ---------------------------------------------------------------


LOOK = LookAtGrants(CI, ("app",))


def test_rights_that_nobody_read_are_looked_at_once_for_all_that_is_declared():
    assert decide(wants(None, repositories=READS)).actions == (LOOK,)


def test_a_declared_role_that_was_not_read_is_looked_at():
    assert decide(wants(GrantsSeen({"app": None}), repositories=READS)).actions == (LOOK,)


def test_what_we_finished_giving_is_believed_and_an_edit_reads_nothing():
    given = {"repositories": READS, "teams": ["devs"], "defaults": [{"role": "read"}]}
    same = wants(None, recorded=given, ready=True, **given)
    edited = wants(None, recorded=given, ready=True, **{**given, "teams": ["ops"]})

    assert decide(same).actions == ()
    assert words(decide(edited)) == ["RecordGrants", "LeaveTeam", "JoinTeam"]


def test_a_role_that_a_list_of_others_did_not_show_is_believed_and_one_that_is_gone_is_not():
    listed = {"recorded": {"repositories": READS}, "ready": True, "repositories": READS}

    there = decide(wants(GrantsSeen({"app": None}), **listed))
    gone = changes_of(wants(GrantsSeen({}), **listed))

    assert there.actions == ()
    assert words_of(gone) == ["GiveRole read app"]


def test_an_unread_role_that_was_not_finished_is_looked_at():
    scene = wants(GrantsSeen({"app": None}), recorded={"repositories": READS}, repositories=READS)

    assert [type(each) for each in decide(scene).actions] == [LookAtGrants]


@pytest.mark.parametrize(
    "doubt",
    [
        pytest.param({"ready": False}, id="they were not finished"),
        pytest.param({"recorded": None}, id="nothing is stored"),
        pytest.param(
            {"changes": {"robot": Present(listed(created=CREATED_ANEW))}},
            id="the robot is another one",
        ),
    ],
)
def test_what_is_in_doubt_is_not_believed(doubt):
    scene = wants(
        None,
        **{"recorded": {"repositories": READS}, "ready": True, "repositories": READS, **doubt},
    )

    assert plan_grants(scene).actions == (LOOK,)


def test_a_robot_whose_life_is_not_noted_is_looked_at():
    scene = wants(None, recorded={"repositories": READS}, ready=True, repositories=READS)
    forgot = scene.status.model_copy(update={"robot": RobotState(full_name="acme+ci")})

    assert plan_grants(replace(scene, status=forgot)).actions == (LOOK,)


def test_a_default_that_is_to_change_is_looked_at_for_its_id():
    given = {"defaults": [{"role": "read"}]}
    scene = wants(None, recorded=given, ready=True, defaults=[{"role": "write"}])

    assert decide(scene).actions == (LookAtGrants(CI, (), beyond=True),)


@pytest.mark.parametrize("error", [NO_RIGHT, OUTAGE], ids=lambda each: each.reason)
def test_rights_that_could_not_be_read_are_neither_there_nor_gone(error):
    plan = decide(wants(None, repositories=READS, changes={"grants": Unknown(error)}))

    assert plan.actions == ()
    assert plan.findings == (Finding(Component.GRANTS, error),)


# Refusals -------------------------------------------------------------------------


MISSING = Refused(Reason.REPOSITORY_NOT_FOUND, "there is no repository acme/later in Quay")


def test_a_refusal_holds_up_nothing_but_itself():
    scene = wants(
        GrantsSeen(),
        repositories=[*READS, {"name": "later", "role": "read"}],
        teams=["devs"],
        changes={"grant_refusals": {"repository later": MISSING}},
    )

    plan = decide(scene)

    assert words_of(plan.actions[1:]) == ["GiveRole read app", "JoinTeam devs"]
    assert plan.findings == (Finding(Component.GRANTS, MISSING),)


@pytest.mark.parametrize(
    ("target", "left"),
    [
        ("repository devs", ["JoinTeam devs", "GiveDefault read", "GiveDefault read mary"]),
        ("team devs", ["GiveRole read devs", "GiveDefault read", "GiveDefault read mary"]),
        ("default ", ["GiveRole read devs", "JoinTeam devs", "GiveDefault read mary"]),
        ("default mary", ["GiveRole read devs", "JoinTeam devs", "GiveDefault read"]),
    ],
)
def test_a_refusal_is_about_one_target_of_one_kind(target, left):
    scene = wants(
        GrantsSeen(),
        repositories=[{"name": "devs", "role": "read"}],
        teams=["devs"],
        defaults=[{"role": "read"}, {"role": "read", "creator": "mary"}],
        changes={"grant_refusals": {target: MISSING}},
    )
    done = [
        f"{said} {each.creator}" if getattr(each, "creator", None) else said
        for each, said in zip(changes_of(scene), words_of(changes_of(scene)), strict=True)
    ]

    assert sorted(done) == sorted(left)


def test_a_grant_that_is_only_refused_is_no_reason_to_store_anything():
    scene = wants(
        GrantsSeen(), repositories=READS, changes={"grant_refusals": {"repository app": MISSING}}
    )

    assert decide(scene).actions == ()


def test_ready_waits_for_the_rights_and_names_what_is_missing():
    scene = wants(GrantsSeen(), repositories=READS)
    world = World(scene.robot.value, rights=Rights(missing=frozenset({"repository app"})))

    last, plan = world.follow(scene)
    told = status_after(last, plan.findings, adopted=False)

    by_type = {each.type: each for each in told.conditions}
    assert {by_type[each].status for each in ("Ready", "GrantsReady")} == {"False"}
    assert by_type["Ready"].reason == Reason.REPOSITORY_NOT_FOUND
    assert "repository app" in by_type["Ready"].message
    assert by_type["SecretsReady"].status == "True"


def test_every_repository_and_team_that_is_missing_is_named_but_of_many_only_ten():
    team = Refused(Reason.TEAM_NOT_FOUND, "there is no team devs")
    few = {"repository a": MISSING, "team devs": team}
    many = {
        f"repository {each}": Refused(Reason.REPOSITORY_NOT_FOUND, f"no {each};")
        for each in range(12)
    }

    said = [
        next(each for each in told.conditions if each.type == "Ready").message
        for refusals in (few, many)
        for scene in [
            wants(
                GrantsSeen(),
                repositories=[
                    {"name": each, "role": "read"} for each in ("a", *map(str, range(12)))
                ],
                teams=["devs"],
                changes={"grant_refusals": refusals},
            )
        ]
        for told in [status_after(scene, decide(scene).findings, adopted=False)]
    ]

    assert said[0] == f"{MISSING.message}; {team.message}"
    assert said[1].count("no ") == 10
    assert said[1].endswith("; and 2 more")
