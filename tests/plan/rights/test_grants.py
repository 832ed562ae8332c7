"""Does a robot come to have the rights that are declared, safely at every instant?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    ChangeDefault,
    GiveDefault,
    GiveRole,
    JoinTeam,
    LeaveTeam,
    RecordGrants,
    TakeDefault,
    TakeRole,
)
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.world import Absent, GrantsSeen, Present
from quayrobot.plan.decide import decide

from ..scenes import (
    held,
    rival,
    status,
    words,
)
from .granting import CI, READS, changes_of, default, wants, words_of

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
