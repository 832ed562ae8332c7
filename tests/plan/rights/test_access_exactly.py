"""What is said to whom a rule does not let in, and what of what is not known?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.resources.labels import LabelRequirement, LabelSelector
from quayrobot.model.world import GrantsSeen, NamespaceSeen
from quayrobot.plan.rights.access import (
    Permit,
    check_rights,
    connection_not_found,
    may_know,
    permit_of,
    selects,
)
from quayrobot.plan.rights.issuers import unresolved_hosts

from ..scenes import fresh, rule
from .test_access import CI, SHOP

UNREAD = NamespaceSeen("shop", labels=None)
BLUE = {"matchLabels": {"team": "blue"}}
RED = {"matchLabels": {"team": "red"}}


def refusal(max_role: str, *, repositories: dict[str, str | None]) -> Refused:
    permit = Permit(adoption=False, takeover=frozenset(), rules=(rule(maxRole=max_role),))
    with pytest.raises(Refused) as refused:
        check_rights(permit, GrantsSeen(repositories), connection="default")
    return refused.value


def test_a_role_that_is_not_known_may_be_any():
    error = refusal("write", repositories={"app": None})

    assert error.reason is Reason.ACCESS_DENIED
    assert "ClusterQuayConnection default do not allow the role admin on the repository app" in (
        error.message
    )


def test_labels_that_cannot_be_read_are_not_the_same_as_none():
    with pytest.raises(TryLater) as later:
        permit_of((rule(),), UNREAD, CI, connection="default")

    assert later.value.reason is Reason.CLUSTER_UNAVAILABLE
    assert "the labels of namespace shop" in later.value.message


@pytest.mark.parametrize(
    ("rules", "namespace", "may"),
    [
        pytest.param(None, SHOP, True, id="without rules everybody"),
        pytest.param((rule(namespaces=RED),), UNREAD, True, id="who may turn out to be selected"),
        pytest.param((rule(namespaces=BLUE),), SHOP, True, id="who is selected"),
        pytest.param((rule(namespaces=RED),), SHOP, False, id="nobody else"),
        pytest.param((), SHOP, False, id="nobody where nobody is selected"),
    ],
)
def test_that_a_connection_is_there_may_know(rules, namespace, may):
    assert may_know(rules, namespace) is may


def test_an_operator_that_nobody_knows_selects_nothing():
    odd = LabelRequirement.model_construct(key="team", operator="Near", values=["blue"])

    assert not selects(LabelSelector.model_construct(match_labels={}, match_expressions=[odd]), {})


@pytest.mark.parametrize(("count", "more"), [(3, False), (4, True)])
def test_three_names_are_told_that_a_rule_allows(count: int, more: bool):
    rules = (rule(robotNames=[f"r{number}" for number in range(count)]),)

    with pytest.raises(Refused) as refused:
        permit_of(rules, SHOP, CI, connection="default")
    assert "allowed names: r0, r1, r2" in refused.value.message
    assert (", ..." in refused.value.message) is more


@pytest.mark.parametrize(
    ("own", "meant"),
    [(["zebra", "default", "apple"], "default"), (["zebra", "apple"], "apple")],
    ids=["of that name", "the first"],
)
def test_who_forgot_the_kind_is_told_how_to_name_it(own: list[str], meant: str):
    error = connection_not_found("ClusterQuayConnection", "default", own)

    assert error.reason is Reason.CONNECTION_NOT_FOUND
    assert error.message.startswith("there is no ClusterQuayConnection default ")
    assert error.message.endswith(f"connectionRef: {{kind: QuayConnection, name: {meant}}}")


def test_a_connection_of_ones_own_that_is_not_there_is_told_beside_those_that_are():
    error = connection_not_found("QuayConnection", "default", ["b", "a"])

    assert (error.reason, error.message) == (
        Reason.CONNECTION_NOT_FOUND,
        "there is no QuayConnection default in this namespace, which has a, b",
    )


def test_no_host_is_looked_up_for_whom_no_rule_covers():
    elsewhere = fresh(rules=(rule(organizations=["other"]),))

    with pytest.raises(Refused, match="ClusterQuayConnection default do not allow the robot"):
        unresolved_hosts(elsewhere, ["https://ci.example.com"])
