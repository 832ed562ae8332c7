"""Does a robot come to have the rights that are declared, safely at every instant?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import (
    ChangeDefault,
    Component,
    GiveDefault,
    GiveRole,
    JoinTeam,
    LeaveTeam,
    LookAtGrants,
    RecordGrants,
    TakeDefault,
    TakeRole,
)
from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import RobotName
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import Absent, DefaultSeen, GrantsSeen, Present, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.grants import plan_grants
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.status import status_after

from ..answering import RIGHTS_WRITES, Rights, World
from ..scenes import (
    ACME,
    CREATED_ANEW,
    NO_RIGHT,
    OUTAGE,
    held,
    listed,
    rival,
    spec,
    status,
    words,
)
from ..worlds import ANYTHING

CI = RobotName(ACME, "ci")

READS = [{"name": "app", "role": "read"}]


def finished(*, yes: bool = True) -> Condition:
    said = "True" if yes else "False"
    return Condition(type="GrantsReady", status=said, reason=Reason.RECONCILED)


def wants(
    seen: GrantsSeen | None,
    *,
    recorded: dict[str, Any] | None = None,
    ready: bool = False,
    changes: dict[str, Any] | None = None,
    **permissions: Any,
) -> Scene:
    """Return a look at a held robot that declares *permissions* and has what is *seen*."""
    grants = None if recorded is None else GrantsState.model_validate(recorded)
    known = status(grants=grants)
    known = known.model_copy(update={"conditions": (*known.conditions, finished(yes=ready))})
    view = Unlooked() if seen is None else Present(seen)
    scene = held(spec=spec(permissions=permissions), status=known, grants=view, rules=(ANYTHING,))
    return replace(scene, **(changes or {}))


def changes_of(scene: Scene) -> list[Any]:
    """Return the changes that *scene* leads to."""
    return [each for each in decide(scene).actions if isinstance(each, RIGHTS_WRITES)]


def default(role: str, creator: str | None = None, key: str = "1") -> DefaultSeen:
    return DefaultSeen(role, creator, f"id-{key}")


# What is declared and what is not ---------------------------------------------


def test_without_permissions_nothing_is_read_and_nothing_touched():
    rich = GrantsSeen({"app": "admin"}, frozenset({"ops"}), (default("admin"),))

    assert decide(held(grants=Present(rich))).actions == ()
    assert decide(held()).actions == ()


@pytest.mark.parametrize("mode", ["Exact", "Additive"])
def test_only_differences_are_written(mode):
    seen = GrantsSeen({"app": "read", "lib": "write"}, frozenset({"devs"}), (default("read"),))
    scene = wants(
        seen,
        mode=mode,
        repositories=[*READS, {"name": "lib", "role": "write"}],
        teams=["devs"],
        defaults=[{"role": "read"}],
    )

    assert decide(scene).actions == ()


@pytest.mark.parametrize(
    ("seen", "permissions", "change"),
    [
        pytest.param({}, {"repositories": READS}, GiveRole(CI, "app", "read"), id="a role"),
        pytest.param(
            {"repositories": {"app": "write"}}, {"repositories": READS},
            GiveRole(CI, "app", "read"), id="another role",
        ),
        pytest.param({}, {"teams": ["devs"]}, JoinTeam(CI, "devs"), id="a team"),
        pytest.param(
            {}, {"defaults": [{"role": "read"}]}, GiveDefault(CI, "read", None),
            id="a default permission",
        ),
        pytest.param(
            {"defaults": (default("read"),)}, {"defaults": [{"role": "write"}]},
            ChangeDefault(CI, default("read"), "write"), id="another default role",
        ),
        pytest.param(
            {"defaults": (default("read"),)},
            {"defaults": [{"role": "read"}, {"role": "read", "creator": "mary"}]},
            GiveDefault(CI, "read", "mary"), id="a default for one creator",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["Exact", "Additive"])
def test_what_is_lacking_is_given_in_one_change(mode, seen, permissions, change):
    assert changes_of(wants(GrantsSeen(**seen), mode=mode, **permissions)) == [change]


UNDECLARED = [
    pytest.param({"repositories": {"app": "admin"}}, {"repositories": READS},
                 TakeRole(CI, "app"), id="a role"),
    pytest.param({"repositories": {"app": None}}, {"repositories": READS},
                 TakeRole(CI, "app"), id="a role that was not read"),
    pytest.param({"teams": frozenset({"devs"})}, {"teams": ["devs"]},
                 LeaveTeam(CI, "devs"), id="a team"),
    pytest.param({"defaults": (default("read"),)}, {"defaults": [{"role": "read"}]},
                 TakeDefault(CI, default("read")), id="a default permission"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "recorded", "change"), UNDECLARED)
def test_exact_takes_back_what_is_not_declared_whoever_gave_it(seen, recorded, change):
    assert changes_of(wants(GrantsSeen(**seen))) == [change]
    assert changes_of(wants(GrantsSeen(**seen), recorded=recorded)) == [change]


@pytest.mark.parametrize(("seen", "recorded", "change"), UNDECLARED)
def test_additive_takes_back_only_what_we_gave(seen, recorded, change):
    assert changes_of(wants(GrantsSeen(**seen), mode="Additive")) == []
    assert changes_of(wants(GrantsSeen(**seen), mode="Additive", recorded=recorded)) == [change]


@pytest.mark.parametrize("mode", ["Exact", "Additive"])
def test_of_doubled_default_permissions_the_right_one_stays(mode):
    twins = (default("admin", key="1"), default("read", key="2"), default("read", key="3"))
    scene = wants(GrantsSeen(defaults=twins), mode=mode, defaults=[{"role": "read"}])

    assert changes_of(scene) == [TakeDefault(CI, twins[2]), TakeDefault(CI, twins[0])]


# The order ----------------------------------------------------------------------


def test_rights_shrink_before_they_grow():
    seen = GrantsSeen(
        {"app": "admin", "later": "write", "lib": "read"},
        frozenset({"gone"}),
        (default("write"), default("read", "mary", "2")),
        creators=frozenset(),
    )
    scene = wants(
        seen,
        repositories=[
            {"name": "new", "role": "read"},
            {"name": "lib", "role": "write"},
            {"name": "app", "role": "write"},
        ],
        teams=["new"],
        defaults=[{"role": "read"}, {"role": "read", "creator": "bob"}],
    )

    assert words_of(changes_of(scene)) == [
        "LeaveTeam gone", "ChangeDefault read", "TakeDefault",
        "GiveRole read later", "GiveRole write app", "GiveDefault read", "GiveRole read new",
        "GiveRole write lib", "JoinTeam new",
    ]  # fmt: skip


def words_of(changes: list[Any]) -> list[str]:
    parts = ("role", "repository", "team")
    said = ((type(each).__name__, *(getattr(each, p, None) for p in parts)) for each in changes)
    return [" ".join(filter(None, each)) for each in said]


def test_what_is_about_to_be_given_is_stored_before_the_first_change():
    seen = GrantsSeen({"old": "read"}, creators=frozenset())
    scene = wants(seen, repositories=READS, teams=["devs"])

    first, *others = decide(scene).actions

    expected = {"repositories": READS, "teams": ["devs"]}
    assert first == RecordGrants(GrantsState.model_validate(expected))
    assert words_of(others) == ["TakeRole old", "GiveRole read app", "JoinTeam devs"]


def test_what_was_given_before_stays_stored_until_all_is_as_declared():
    recorded = {
        "repositories": [{"name": "old", "role": "read"}, {"name": "app", "role": "write"}]
    }
    scene = wants(
        GrantsSeen({"old": "read"}), mode="Additive", recorded=recorded, repositories=READS
    )

    first = decide(scene).actions[0]

    both = [{"name": "old", "role": "read"}, *READS]
    assert first == RecordGrants(GrantsState.model_validate({"repositories": both}))


def test_rights_called_finished_are_called_so_no_longer_before_one_is_taken():
    given = {"repositories": [*READS, {"name": "lib", "role": "read"}]}
    scene = wants(None, recorded=given, ready=True, repositories=READS)

    assert words(decide(scene)) == ["RecordGrants", "TakeRole"]


def test_what_is_stored_already_is_not_stored_again():
    given = {"repositories": [*READS, {"name": "lib", "role": "read"}]}
    scene = wants(GrantsSeen({"app": "read", "lib": "read"}), recorded=given, repositories=READS)

    assert words(decide(scene)) == ["TakeRole"]


def test_nothing_is_given_before_the_claim_is_won_and_the_token_has_its_place():
    scene = wants(GrantsSeen(), repositories=READS)
    younger = replace(scene.me, guarded=False)

    lost = replace(scene, rivals=(rival(older=True, holds=True),), status=status(robot=None),
                   me=younger)  # fmt: skip
    assert decide(lost).actions == ()
    assert words(decide(replace(scene, secrets={"ci": Absent()}))) == ["CreateSecret"]


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
