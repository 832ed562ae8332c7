"""Do the rules of a connection let in whom they name, and tell others nothing?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.labels import LabelSelector
from quayrobot.model.world import NamespaceSeen
from quayrobot.plan.rights.access import connection_not_found, permit_of, selects

from ..scenes import DENIED, OUTAGE, fresh, rule, stops, unknown

SHOP = NamespaceSeen("shop", {"team": "blue", "tier": "gold"})
CI = RobotName(OwnerName("organization", "acme"), "ci")
BOB = RobotName(OwnerName("user", "bob"), "ci")


Allowed = tuple[bool, frozenset[str]]


def ask(*rules, namespace=SHOP, robot=CI) -> Allowed | Reason:
    """Return adoption and takeover as the rules allow them, or the reason of the refusal."""
    try:
        permit = permit_of(rules, namespace, robot, connection="default")
    except Refused as error:
        return error.reason
    return permit.adoption, permit.takeover


PLAIN = (False, frozenset())


@pytest.mark.parametrize(
    ("fields", "robot", "expected"),
    [
        pytest.param({}, CI, PLAIN, id="the organization is named"),
        pytest.param({"organizations": ["ac*"]}, CI, PLAIN, id="a glob names it"),
        pytest.param({"organizations": ["a[bc]me"]}, CI, PLAIN, id="a set of letters names it"),
        pytest.param({"organizations": ["ACME"]}, CI, Reason.ACCESS_DENIED, id="case matters"),
        pytest.param({"organizations": ["acme2"]}, CI, Reason.ACCESS_DENIED, id="another"),
        pytest.param({"organizations": []}, CI, Reason.ACCESS_DENIED, id="none is named"),
        pytest.param({"organizations": ["*"]}, BOB, Reason.ACCESS_DENIED, id="a user is none"),
        pytest.param({"users": ["bob"]}, BOB, PLAIN, id="the user is named"),
        pytest.param({"organizations": [], "users": ["*"]}, CI, Reason.ACCESS_DENIED,
                     id="an organization is no user"),
        pytest.param({"robotNames": ["c?"]}, CI, PLAIN, id="the robot is named"),
        pytest.param({"robotNames": ["cd"]}, CI, Reason.ACCESS_DENIED, id="another robot is"),
        pytest.param({"robotNames": []}, CI, Reason.ACCESS_DENIED, id="no robot is"),
        pytest.param({"namespaces": {"matchLabels": {"team": "blue"}}}, CI, PLAIN, id="label"),
        pytest.param({"namespaces": {"matchLabels": {"team": "red"}}}, CI,
                     Reason.CONNECTION_NOT_FOUND, id="another label"),
    ],
)  # fmt: skip
def test_one_rule(fields, robot, expected):
    assert expected == ask(rule(**fields), robot=robot)


@pytest.mark.parametrize(
    ("short", "expected"),
    [("shop-ci", PLAIN), ("bakery-ci", Reason.ACCESS_DENIED), ("shop", Reason.ACCESS_DENIED)],
)
def test_a_robots_name_may_be_bound_to_its_namespace(short, expected):
    robot = RobotName(CI.owner, short)

    assert expected == ask(rule(robotNames=["{namespace}-*"]), robot=robot)


def test_within_a_rule_all_parts_must_hold_and_between_rules_any_suffices():
    named = rule(robotNames=["cd"])
    placed = rule(namespaces={"matchLabels": {"team": "red"}})

    assert ask(named, placed) == Reason.ACCESS_DENIED
    assert ask(named, placed, rule()) == PLAIN


def test_adoption_and_takeover_come_from_the_rules_that_cover_the_robot():
    assert ask(
        rule(), rule(adoption=True, robotNames=["*"]), rule(takeover=["a", "b"]),
        rule(organizations=["other"], takeover=["c"]),
    ) == (True, frozenset({"a", "b"}))  # fmt: skip
    assert ask(rule(), rule(organizations=["x"], adoption=True, robotNames=["*"])) == PLAIN


def test_the_namespaced_kind_has_no_rules():
    permit = permit_of(None, SHOP, BOB, connection="own")

    assert (permit.adoption, permit.takeover) == (True, frozenset())


def test_no_rules_at_all_let_nobody_in():
    assert ask() == Reason.CONNECTION_NOT_FOUND


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"operator": "In", "values": ["blue"]}, True),
        ({"operator": "In", "values": ["red"]}, False),
        ({"operator": "In", "values": []}, False),
        ({"operator": "NotIn", "values": ["red"]}, True),
        ({"operator": "NotIn", "values": ["blue"]}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
        ({"operator": "Exists", "key": "other"}, False),
        ({"operator": "DoesNotExist", "key": "other"}, True),
        ({"operator": "NotIn", "values": ["x"], "key": "other"}, True),
    ],
)
def test_selector_expressions_mean_what_kubernetes_means(expression, expected):
    selector = LabelSelector.model_validate({"matchExpressions": [{"key": "team", **expression}]})

    assert selects(selector, SHOP.labels) is expected


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_an_empty_selector_selects_everything(labels):
    assert selects(LabelSelector(), labels)


@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
)
def test_labels_are_matched_as_a_subset(asked, labels):
    assert selects(LabelSelector(match_labels=asked), labels) is (asked.items() <= labels.items())


# Absent and forbidden look alike --------------------------------------------


ABSENT = connection_not_found("ClusterQuayConnection", "default")


@pytest.mark.parametrize("trouble", [OUTAGE, DENIED, ABSENT])
def test_who_may_not_use_a_connection_learns_nothing_of_its_state(trouble):
    healthy = fresh(rules=(rule(namespaces={"matchLabels": {"a": "b"}}),))
    ill = fresh(rules=healthy.rules, connection=trouble, robot=unknown())

    assert stops(ill).message == stops(healthy).message


def test_the_own_connections_are_named_whether_it_is_absent_or_forbidden():
    named = connection_not_found("ClusterQuayConnection", "default", ["mine"])
    forbidden, absent = (fresh(rules=rules, connection=named) for rules in ((), None))

    assert stops(forbidden).message == stops(absent).message == named.message


def test_forbidden_is_told_like_absent():
    forbidden = stops(fresh(rules=()))
    absent = connection_not_found("ClusterQuayConnection", "default")

    assert (forbidden.reason, forbidden.message) == (absent.reason, absent.message)


def denied(*rules, robot=CI) -> str:
    with pytest.raises(Refused) as caught:
        permit_of(rules, SHOP, robot, connection="default")
    return caught.value.message


@pytest.mark.parametrize(
    ("rules", "robot", "told"),
    [
        pytest.param([rule(robotNames=["{namespace}-*"])], CI, "allowed names: shop-*",
                     id="the names that are allowed"),
        pytest.param([rule(robotNames=["d", "c-*", "b", "a"])], CI,
                     "allowed names: a, b, c-*, ...", id="the first of many"),
        pytest.param([rule(organizations=["other"], robotNames=["x"])], CI,
                     "nothing of the organization acme", id="another organization"),
        pytest.param([rule()], BOB, "nothing of the user bob", id="no user"),
        pytest.param(
            [rule(robotNames=["a-*"]),
             rule(namespaces={"matchLabels": {"team": "red"}}, robotNames=["theirs"])],
            CI, "allowed names: a-*", id="not what a rule allows others",
        ),
    ],
)  # fmt: skip
def test_who_is_denied_is_told_what_is_allowed_instead(rules, robot, told):
    assert denied(*rules, robot=robot) == (
        f"the rules of ClusterQuayConnection default do not allow the robot {robot.full} in "
        f"namespace shop ({told}); ask its administrator for a rule"
    )


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ([], ""),
        (["b", "a"], ", which has a, b"),
        (["c", "b", "a"], ", which has a, b, c"),
        (["d", "c", "b", "a"], ", which has a, b, c, ..."),
    ],
)
def test_a_name_that_is_none_of_the_namespaces_connections_is_told_with_those(own, told):
    error = connection_not_found("QuayConnection", "shopp", own)

    assert error.message == f"there is no QuayConnection shopp in this namespace{told}"
