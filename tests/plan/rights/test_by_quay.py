"""Does Exact leave what Quay itself gives for what is declared, and nothing else?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import GiveRole, LookAtGrants, LookAtRoles, TakeRole
from quayrobot.model.world import GrantsSeen, Present, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.by_quay import given_by_quay, looks_by_quay
from quayrobot.plan.scene import Scene

from ..scenes import OUTAGE, spec
from .granting import CI, READS, changes_of, default, wants

DEFAULT_WRITE = {"defaults": [{"role": "read", "creator": "bob"}, {"role": "write"}]}
HAS_DEFAULTS = (default("read", "bob"), default("write", key="2"))
BY_QUAY = [
    pytest.param({"later": "read"}, DEFAULT_WRITE, {}, [], id="a lower role than the default's"),
    pytest.param({"later": "write"}, DEFAULT_WRITE, {}, [], id="the default's"),
    pytest.param({"later": "admin"}, DEFAULT_WRITE, {}, [GiveRole(CI, "later", "write")],
                 id="a higher one is brought down to it"),
    pytest.param({"later": "admin"}, {"teams": ["devs"]}, {"devs"}, [], id="the creator's"),
    pytest.param({"later": "write"}, {"teams": ["devs"]}, {"devs"}, [TakeRole(CI, "later")],
                 id="lower than a creator's, and no default"),
    pytest.param({"later": "admin"}, {"teams": ["devs"]}, {"ops"}, [TakeRole(CI, "later")],
                 id="in no team that may create"),
    pytest.param({"later": "admin"}, {**DEFAULT_WRITE, "teams": ["devs"]}, {"devs"}, [],
                 id="the creator's, above the default's"),
    pytest.param({"later": "read"}, {}, {"devs"}, [TakeRole(CI, "later")],
                 id="nothing leads to it"),
]  # fmt: skip


@pytest.mark.parametrize(("roles", "declared", "creators", "changes"), BY_QUAY)
def test_exact_leaves_what_quay_itself_gives_for_what_is_declared(
    roles, declared, creators, changes
):
    teams = frozenset(declared.get("teams", ()))
    defaults = HAS_DEFAULTS if "defaults" in declared else ()
    seen = GrantsSeen(roles, teams, defaults, creators=frozenset(creators))

    assert changes_of(wants(seen, **declared)) == changes


@pytest.mark.parametrize(
    ("seen", "declared"),
    [
        pytest.param(GrantsSeen({"later": None}, defaults=HAS_DEFAULTS), DEFAULT_WRITE,
                     id="its role was not read"),
        pytest.param(GrantsSeen({"later": "admin"}, frozenset({"devs"})), {"teams": ["devs"]},
                     id="nor which teams may create"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_looked_at_and_not_taken(seen, declared):
    teams = "teams" in declared

    (look,) = decide(wants(seen, **declared)).actions

    assert look == LookAtGrants(CI, (), beyond=True, creators=teams)


# What another robot of the resource is to get, too ---------------------------------------------


def turning(roles: Any, **declared: Any) -> Scene:
    """Return a look at a robot whose successor is to get what Quay gave it."""
    return replace(wants(None, **declared), roles=roles)


@pytest.mark.parametrize(
    ("declared", "creators"), [(DEFAULT_WRITE, False), ({"teams": ["devs"]}, True)]
)
def test_what_quay_gave_is_looked_at_once_before_another_robot_gets_it(declared, creators):
    scene = turning(Unlooked(), **declared, repositories=READS)

    assert looks_by_quay(scene) == (LookAtRoles(CI, ("app",), creators=creators),)
    assert looks_by_quay(replace(scene, roles=Present(GrantsSeen()))) == ()


def test_what_cannot_be_read_stops_it():
    with pytest.raises(type(OUTAGE)) as caught:
        looks_by_quay(turning(Unknown(OUTAGE), **DEFAULT_WRITE))

    assert caught.value is OUTAGE


@pytest.mark.parametrize(
    "declared", [{}, {"repositories": READS}, {**DEFAULT_WRITE, "mode": "Additive"}]
)
def test_nothing_is_looked_at_where_quay_gives_nothing_or_all_of_it_stays(declared):
    assert looks_by_quay(turning(Unlooked(), **declared)) == ()
    assert looks_by_quay(replace(turning(Unlooked()), spec=spec())) == ()


def test_what_was_read_is_given_as_far_as_it_is_quays():
    seen = GrantsSeen({"app": "write", "later": "admin", "other": "read"}, defaults=HAS_DEFAULTS)
    scene = turning(Present(seen), **DEFAULT_WRITE, repositories=READS)

    assert given_by_quay(scene) == {"later": "write", "other": "read"}
    assert given_by_quay(replace(scene, roles=Unlooked())) == {}
    assert given_by_quay(replace(scene, roles=Unknown(OUTAGE))) == {}
    assert given_by_quay(replace(scene, spec=spec())) == {}
