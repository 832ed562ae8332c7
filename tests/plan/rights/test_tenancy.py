"""Do the rules of a connection hold where they are combined, tightened, or cannot be judged?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.errors import QuayRobotError, Reason, TryLater
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import DefaultSeen, GrantsSeen, NamespaceSeen, Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.access import permit_of
from quayrobot.plan.scene import Scene

from ..scenes import (
    CREATED,
    got,
    held,
    marked,
    me,
    rule,
    spec,
    status,
    terminating,
    words,
)

ACME = OwnerName("organization", "acme")
LABELLED = {"matchLabels": {"team": "blue"}}
LACKING = {"matchExpressions": [{"key": "guest", "operator": "DoesNotExist"}]}
ADOPTS: dict[str, Any] = {"adoption": True, "robotNames": ["*"]}


def reason(scene: Scene) -> Reason | None:
    """Return why *scene* cannot go on, None where it can."""
    plan = decide(scene)
    assert plan.findings == () or plan.actions == ()
    return plan.findings[0].error.reason if plan.findings else None


# Who asks --------------------------------------------------------------------------


@pytest.mark.parametrize("selector", [{}, LABELLED, LACKING])
def test_a_namespace_whose_labels_are_not_known_is_let_in_by_no_selector(selector):
    unread = NamespaceSeen("shop", labels=None)

    with pytest.raises(TryLater):
        permit_of((rule(namespaces=selector),), unread, RobotName(ACME, "ci"), connection="x")


def test_labels_are_not_needed_where_there_are_no_rules():
    unread = NamespaceSeen("shop", labels=None)

    assert permit_of(None, unread, RobotName(ACME, "ci"), connection="own").rules is None


@pytest.mark.parametrize("namespace", ["*", "a*", "[a-z]", "?", "a]b", "a[!b]"])
def test_the_letters_of_a_namespace_mean_themselves_in_a_pattern(namespace):
    bound = rule(robotNames=["{namespace}-*"])

    def allowed(short: str) -> bool:
        try:
            permit_of((bound,), NamespaceSeen(namespace), RobotName(ACME, short), connection="x")
        except QuayRobotError:
            return False
        return True

    assert allowed(f"{namespace}-ci")
    assert not allowed("a-ci")
    assert not allowed("other-ci")


# What a taken robot brings along ------------------------------------------------------

WRITES = GrantsSeen({"app": "write"})
RIGHTS = [
    pytest.param(GrantsSeen({"app": "admin"}), {"maxRole": "admin"}, id="a role"),
    pytest.param(GrantsSeen(teams=frozenset({"dev"})), {"teams": ["dev"]}, id="a team"),
    pytest.param(GrantsSeen(teams=frozenset({"owners"})), {"teams": ["owners"]}, id="the owners"),
    pytest.param(
        GrantsSeen(defaults=(DefaultSeen("read", None),)), {"defaults": True}, id="a default"
    ),
]


def adopting(*rules: Any, brings: GrantsSeen, **changes: Any) -> Scene:
    """Return the look at a robot without a marker that *brings* rights along."""
    return held(**{
        "spec": spec(creationPolicy="Adopt"),
        "status": status(robot=None, credential=None),
        "me": me(),
        "robot": Present(got(None)),
        "grants": Present(brings),
        "rules": rules,
        **changes,
    })  # fmt: skip


@pytest.mark.parametrize(("brings", "fields"), RIGHTS)
def test_an_adopted_robot_brings_no_right_that_its_rule_does_not_allow(brings, fields):
    assert reason(adopting(rule(**ADOPTS), brings=brings)) == Reason.ACCESS_DENIED
    assert reason(adopting(rule(**ADOPTS, **fields), brings=brings)) is None


@pytest.mark.parametrize(("brings", "fields"), RIGHTS)
def test_a_rule_without_adoption_lends_its_rights_to_no_adoption(brings, fields):
    both = (rule(**ADOPTS), rule(**fields))

    assert reason(adopting(*both, brings=brings)) == Reason.ACCESS_DENIED


def test_a_robot_taken_from_another_cluster_brings_what_the_rule_of_that_cluster_allows():
    foreign = Present(got(marked(cluster="old")))
    readers = rule(takeover=["old"], maxRole="read")

    def taken(*rules: Any) -> Reason | None:
        return reason(adopting(*rules, brings=WRITES, robot=foreign, spec=spec()))

    assert taken(readers) == Reason.ACCESS_DENIED
    assert taken(readers, rule(takeover=["other"]), rule(**ADOPTS)) == Reason.ACCESS_DENIED
    assert taken(rule(takeover=["old"])) is None


def test_rights_that_were_not_read_are_read_before_a_robot_is_adopted():
    unread = adopting(rule(**ADOPTS), brings=GrantsSeen(), grants=Unlooked())

    assert words(decide(unread)) == ["LookAtGrants"]


# What no longer fits -------------------------------------------------------------------

TIGHTER = [
    pytest.param((), {}, Reason.CONNECTION_NOT_FOUND, id="no rule"),
    pytest.param((rule(namespaces=LABELLED),), {}, Reason.CONNECTION_NOT_FOUND, id="a label"),
    pytest.param((rule(organizations=["x"]),), {}, Reason.ACCESS_DENIED, id="the organization"),
    pytest.param((rule(robotNames=["{namespace}-*"]),), {}, Reason.ACCESS_DENIED, id="the name"),
    pytest.param(
        (rule(maxRole="read"),),
        {"permissions": {"repositories": [{"name": "a", "role": "write"}]}},
        Reason.ACCESS_DENIED,
        id="the role",
    ),
    pytest.param(
        (rule(),), {"permissions": {"teams": ["dev"]}}, Reason.ACCESS_DENIED, id="the team"
    ),
    pytest.param(
        (rule(teams=["*"]),),
        {"permissions": {"teams": ["owners"]}},
        Reason.ACCESS_DENIED,
        id="the owners",
    ),
    pytest.param(
        (rule(),),
        {"permissions": {"defaults": [{"role": "read"}]}},
        Reason.ACCESS_DENIED,
        id="the default",
    ),
    pytest.param(
        (rule(),),
        {"federation": {"identities": [{"issuer": "https://ci.example.com", "subject": "s"}]}},
        Reason.ACCESS_DENIED,
        id="federation",
    ),
    pytest.param(
        (rule(federation=True, issuers=[]),),
        {"federation": {"identities": [{"issuer": "https://ci.example.com", "subject": "s"}]}},
        Reason.ISSUER_REFUSED,
        id="the issuer",
    ),
]


@pytest.mark.parametrize(("rules", "fields", "expected"), TIGHTER)
def test_a_rule_tightened_later_stops_what_no_longer_fits_and_asks_quay_nothing(
    rules, fields, expected
):
    tightened = held(spec=spec(**fields), rules=rules)

    assert (reason(tightened), decide(tightened).actions) == (expected, ())


@pytest.mark.parametrize(("rules", "fields", "expected"), TIGHTER)
def test_what_no_longer_fits_can_still_be_deleted(rules, fields, expected):
    assert expected
    leaving = terminating(spec=spec(**fields), rules=rules)

    assert words(decide(leaving)) == ["DeleteRobot"]


def test_what_was_adopted_stays_when_the_rule_gives_no_adoption_any_more():
    adopted = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    scene = held(
        spec=spec(creationPolicy="CreateOrAdopt"),
        status=status(robot=adopted),
        robot=Present(got(None)),
        rules=(rule(),),
    )

    assert (reason(scene), decide(scene).actions) == (None, ())


# Patterns for issuers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "issuer", "expected"),
    [
        ("https://*.example.com", "https://ci.example.com", True),
        ("https://*.example.com/*", "https://ci.example.com/realm", True),
        ("https://*", "https://ci.example.com/realm/a", True),
        ("*", "https://ci.example.com/realm/a", True),
        ("https://*.example.com", "https://evil.example/.example.com", False),
        ("https://*.example.com/*", "https://evil.example/a.example.com/b", False),
        ("*.example.com", "https://evil.example/.example.com", False),
        ("https://ci.example.com", "https://ci.example.com/realm", False),
        ("https://ci.example.com", "https://ci.example.com:8443", False),
    ],
)
def test_what_a_pattern_says_of_the_host_is_looked_for_in_the_host(pattern, issuer, expected):
    identity = {"issuer": issuer, "subject": "s"}
    scene = held(spec=spec(federation={"identities": [identity]}))
    scene = replace(scene, rules=(rule(federation=True, issuers=[pattern]),))

    assert (reason(scene) != Reason.ISSUER_REFUSED) is expected
