"""Does Exact leave what Quay itself gives for what is declared, and nothing else?"""

from __future__ import annotations

import pytest

from quayrobot.model.actions import GiveRole, LookAtGrants, TakeRole
from quayrobot.model.world import GrantsSeen
from quayrobot.plan.decide import decide

from .test_grants import CI, changes_of, default, wants

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
