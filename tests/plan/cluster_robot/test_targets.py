"""Which namespaces are selected, and when may many be left at once?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import Reason
from quayrobot.model.resources.clusterrobot import Removal
from quayrobot.model.resources.parse_clusterrobot import parse_cluster_robot
from quayrobot.model.world import NamespaceSeen
from quayrobot.plan.cluster_robot.targets import is_target, plan_removal

TEAM = {"matchLabels": {"team": "a"}}
STAGE = {"matchExpressions": [{"key": "stage", "operator": "In", "values": ["prod"]}]}


def spec(**fields):
    base = {"namespaceSelectors": [TEAM], "template": {"spec": {"organization": "acme"}}}
    return parse_cluster_robot({**base, **fields})


@pytest.mark.parametrize(
    ("fields", "name", "labels", "expected"),
    [
        pytest.param({}, "x", {"team": "a"}, True, id="a selector picks it"),
        pytest.param({}, "x", {"team": "b"}, False, id="no selector picks it"),
        pytest.param({}, "x", {}, False, id="no label, not picked"),
        pytest.param({}, "x", None, False, id="labels that cannot be read pick nothing"),
        pytest.param(
            {"namespaceSelectors": [TEAM, STAGE]}, "x", {"stage": "prod"}, True, id="ORed"
        ),
        pytest.param({"namespaceSelectors": [{}]}, "x", {}, True, id="the empty one picks all"),
        pytest.param({}, "kube-system", {"team": "a"}, False, id="kube-* is left out"),
        pytest.param({}, "openshift-x", {"team": "a"}, False, id="openshift-* is left out"),
        pytest.param({"excludeNamespaces": []}, "kube-x", {"team": "a"}, True, id="none left out"),
        pytest.param(
            {"excludeNamespaces": ["x?"]}, "x1", {"team": "a"}, False, id="own exclusions"
        ),
        pytest.param(
            {"excludeNamespaces": ["x?"]}, "kube-x", {"team": "a"}, True, id="in place of ours"
        ),
        pytest.param({"consent": "ok"}, "x", {"team": "a"}, False, id="no consent"),
        pytest.param({"consent": "ok"}, "x", {"team": "a", "ok": ""}, True, id="consent by key"),
        pytest.param(
            {"consent": "ok=yes"}, "x", {"team": "a", "ok": "no"}, False, id="another value"
        ),
        pytest.param(
            {"consent": "ok=yes"}, "x", {"team": "a", "ok": "yes"}, True, id="consent by value"
        ),
        pytest.param({"consent": "ok="}, "x", {"team": "a", "ok": "x"}, False, id="empty value"),
    ],
)
def test_a_namespace_is_meant(fields, name, labels, expected):
    assert expected is is_target(spec(**fields), NamespaceSeen(name, labels))


def test_a_namespace_on_its_way_out_is_not_meant():
    assert not is_target(spec(), NamespaceSeen("x", {"team": "a"}, terminating=True))


def removal(leaving, served, *, lately=0, confirm=None, state=None):
    return plan_removal(leaving, served=served, lately=lately, confirm=confirm, state=state)


@pytest.mark.parametrize(
    ("leaving", "served", "lately", "allowed"),
    [
        pytest.param(10, 10, 0, True, id="ten are few, even if they are all"),
        pytest.param(11, 11, 0, False, id="eleven of eleven"),
        pytest.param(11, 55, 0, True, id="eleven of 55 are a fifth"),
        pytest.param(11, 54, 0, False, id="eleven of 54 are more"),
        pytest.param(200, 1000, 0, True, id="200 of 1000"),
        pytest.param(201, 1000, 0, False, id="201 of 1000"),
        pytest.param(1, 20, 9, True, id="nine lately and one"),
        pytest.param(1, 20, 10, False, id="ten lately and one more"),
        pytest.param(0, 0, 0, True, id="none"),
    ],
)
def test_many_are_not_left_unasked(leaving, served, lately, allowed):
    plan = removal(leaving, served, lately=lately)

    assert allowed is plan.allowed
    assert (plan.error is None) is allowed


def test_what_is_held_says_how_to_confirm_it():
    plan = removal(15, 20)

    assert plan.error is not None
    assert plan.error.reason is Reason.REMOVAL_NOT_CONFIRMED
    assert 'quayrobot.io/confirm-removal: "15"' in plan.error.message
    assert "15 of 20" in plan.error.message


@pytest.mark.parametrize("confirm", ["14", "16", "0", "", "15 ", "all", "-15"])
def test_only_the_very_number_confirms(confirm):
    assert not removal(15, 20, confirm=confirm).allowed


def test_a_confirmation_is_stored_before_it_is_used_and_lasts_until_all_are_left():
    state = None
    for leaving in (15, 9, 3):
        plan = removal(leaving, 5 + leaving, lately=15 - leaving, confirm="15", state=state)
        assert (plan.allowed, plan.confirmed) == (True, True)
        assert plan.state == Removal(confirmed="15", left=leaving)
        state = plan.state

    assert removal(0, 5, confirm="15", state=state).state == Removal(confirmed="15", left=0)


def test_a_confirmation_counts_once():
    used = Removal(confirmed="15", left=0)

    again = removal(15, 20, confirm="15", state=used)

    assert not again.allowed
    assert again.state == used
    assert "take it away" in again.error.message
    gone = removal(15, 20, confirm=None, state=used)
    assert gone.state is None
    assert removal(15, 20, confirm="15", state=gone.state).allowed


def test_more_than_was_confirmed_waits_again():
    held = removal(16, 20, confirm="15", state=Removal(confirmed="15", left=15))

    assert not held.allowed


@given(
    served=st.integers(0, 400),
    turns=st.lists(
        st.tuples(st.integers(0, 80), st.sampled_from([None, "right", "5"])), max_size=8
    ),
)
def test_whatever_comes_no_more_is_left_than_is_free_or_was_confirmed(served, turns):
    """Namespaces stop matching turn by turn, within the minutes that count together."""
    state, leaving, lately, most = None, 0, 0, served
    granted = 0
    for more, said in turns:
        leaving += min(more, served - leaving)
        confirm = str(leaving) if said == "right" else said
        plan = plan_removal(leaving, served=served, lately=lately, confirm=confirm, state=state)
        state = plan.state
        assert plan.allowed is (plan.error is None)
        if not plan.allowed:
            continue
        if plan.confirmed:
            assert confirm is not None
            assert leaving <= int(confirm)
            granted, lately = granted + leaving, 0
        else:
            lately += leaving
        served, leaving = served - leaving, 0
        assert lately <= max(10, 0.2 * (served + lately))
    assert most - served <= granted + max(10, 0.2 * most) * (1 + len(turns))


def test_what_was_left_lately_counts_to_those_that_were_served_too():
    slow = plan_removal(6, served=54, lately=6, confirm=None, state=None)
    more = plan_removal(7, served=54, lately=6, confirm=None, state=None)

    assert (slow.allowed, more.allowed) == (True, False)


def test_a_confirmation_holds_for_as_many_as_were_left_and_stays_noted_beside_a_few():
    noted = Removal(confirmed="30", left=30)

    again = plan_removal(30, served=40, lately=0, confirm="30", state=noted)
    few = plan_removal(1, served=40, lately=0, confirm="30", state=noted)
    assert (again.allowed, again.confirmed, again.state) == (True, True, noted)
    assert (few.allowed, few.confirmed, few.state) == (True, False, noted)
    assert not plan_removal(31, served=40, lately=0, confirm="30", state=noted).allowed
