"""What is one change of rights about, what comes of it, and which of two roles stays?"""

from __future__ import annotations

import pytest

from quayrobot.model.actions import (
    ChangeDefault,
    GiveDefault,
    GiveRole,
    JoinTeam,
    LeaveTeam,
    TakeDefault,
    TakeRole,
)
from quayrobot.model.resources.permissions import Permissions
from quayrobot.model.world import DefaultSeen, GrantsSeen
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.grants import after, declared_rights, target_of

from .granting import CI, READS, changes_of, default, wants, words_of

MARYS = default("read", "mary", "2")
EVERYBODYS = default("read")


@pytest.mark.parametrize(
    ("change", "target"),
    [
        (GiveRole(CI, "app", "read"), "repository app"),
        (TakeRole(CI, "app"), "repository app"),
        (JoinTeam(CI, "devs"), "team devs"),
        (LeaveTeam(CI, "devs"), "team devs"),
        (GiveDefault(CI, "read", "mary"), "default mary"),
        (GiveDefault(CI, "read", None), "default "),
        (ChangeDefault(CI, MARYS, "write"), "default mary"),
        (ChangeDefault(CI, EVERYBODYS, "write"), "default "),
        (TakeDefault(CI, MARYS), "default mary"),
        (TakeDefault(CI, EVERYBODYS), "default "),
    ],
)
def test_a_refusal_is_of_the_thing_that_a_change_is_about(change, target):
    assert target_of(change) == target


BEFORE = GrantsSeen(
    {"app": "read"}, frozenset({"devs"}), (EVERYBODYS, MARYS), frozenset({"makers"})
)


@pytest.mark.parametrize(
    ("change", "part", "then"),
    [
        (GiveRole(CI, "lib", "write"), "repositories", {"app": "read", "lib": "write"}),
        (GiveRole(CI, "app", "write"), "repositories", {"app": "write"}),
        (TakeRole(CI, "app"), "repositories", {}),
        (TakeRole(CI, "gone"), "repositories", {"app": "read"}),
        (JoinTeam(CI, "ops"), "teams", {"devs", "ops"}),
        (LeaveTeam(CI, "devs"), "teams", set()),
        (
            GiveDefault(CI, "write", "bob"),
            "defaults",
            (EVERYBODYS, MARYS, DefaultSeen("write", "bob")),
        ),
        (
            ChangeDefault(CI, MARYS, "write"),
            "defaults",
            (EVERYBODYS, DefaultSeen("write", "mary", MARYS.id)),
        ),
        (TakeDefault(CI, MARYS), "defaults", (EVERYBODYS,)),
    ],
)
def test_a_change_leads_to_what_it_says_and_leaves_everything_else(change, part, then):
    found = after(change, BEFORE)

    assert getattr(found, part) == then
    others = {"repositories", "teams", "defaults", "creators"} - {part}
    assert [getattr(found, each) for each in others] == [getattr(BEFORE, each) for each in others]


def test_what_is_declared_is_what_a_robot_would_have_with_it():
    wanted = Permissions.model_validate(
        {
            "repositories": READS,
            "teams": ["devs"],
            "defaults": [{"role": "read"}, {"role": "write", "creator": "mary"}],
        }
    )

    assert declared_rights(None) == GrantsSeen()
    assert declared_rights(wanted) == GrantsSeen(
        {"app": "read"},
        frozenset({"devs"}),
        (DefaultSeen("read", None), DefaultSeen("write", "mary")),
    )


def test_a_default_that_grows_waits_until_all_has_shrunk():
    seen = GrantsSeen({"app": "write"}, defaults=(EVERYBODYS,), creators=frozenset())
    scene = wants(seen, repositories=READS, defaults=[{"role": "write"}])

    assert words_of(changes_of(scene)) == ["GiveRole read app", "ChangeDefault write"]


def test_a_default_that_is_stored_already_is_stored_once():
    recorded = {"defaults": [{"role": "read"}]}
    wanted = [{"role": "read"}, {"role": "read", "creator": "mary"}]
    scene = wants(GrantsSeen(), recorded=recorded, defaults=wanted)

    stored = decide(scene).actions[0].grants

    assert [(each.role, each.creator) for each in stored.defaults] == [
        ("read", None), ("read", "mary"),
    ]  # fmt: skip


def test_what_was_seen_stands_above_what_we_finished_giving():
    scene = wants(
        GrantsSeen({"app": "write"}),
        recorded={"repositories": READS},
        ready=True,
        repositories=READS,
    )

    assert changes_of(scene) == [GiveRole(CI, "app", "read")]


@pytest.mark.parametrize(
    ("held", "before", "change"),
    [
        pytest.param("read", "write", ["GiveRole write made"], id="that of the robot before"),
        pytest.param("read", "admin", ["GiveRole admin made"], id="that of who made it before"),
        pytest.param("write", "read", [], id="that of this one"),
        pytest.param("write", "write", [], id="the same"),
    ],
)
def test_of_two_roles_that_quay_gave_the_higher_one_stays(held, before, change):
    seen = GrantsSeen({"made": held}, defaults=(default("write"),), creators=frozenset())
    scene = wants(seen, defaults=[{"role": "write"}], changes={"inherited": {"made": before}})

    assert words_of(changes_of(scene)) == change
