"""Is what a newer definition adds passed over, and never what may keep somebody out?"""

from __future__ import annotations

from functools import partial

import pytest

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.clusterrobot import ClusterRobotSpec
from quayrobot.model.resources.connection import ClusterConnectionSpec
from quayrobot.model.resources.newer import parse_stored
from quayrobot.model.resources.parse import lenient_robot, parse_connection, parse_robot
from quayrobot.model.resources.parse_clusterrobot import parse_cluster_robot
from quayrobot.model.resources.robot import RobotSpec

ROBOT = {
    "organization": "acme",
    "permissions": {"repositories": [{"name": "app", "role": "read"}]},
}
RULE = {"namespaces": {}, "organizations": ["acme"]}
CONNECTION = {
    "url": "https://quay.example.com",
    "credentials": {"secretRef": {"name": "t", "namespace": "n"}},
}
robot = partial(parse_stored, RobotSpec, parse=partial(parse_robot, "ci"))
connection = partial(
    parse_stored, ClusterConnectionSpec, parse=partial(parse_connection, "ClusterQuayConnection")
)


@pytest.mark.parametrize(
    "stored",
    [
        {**ROBOT, "later": {"kind": "New"}},
        {**ROBOT, "permissions": {**ROBOT["permissions"], "later": "Default"}},
        {
            **ROBOT,
            "later": [],
            "permissions": {
                "repositories": [{"name": "app", "role": "read", "later": 1, "more": False}]
            },
        },
    ],
)
def test_a_robot_is_served_as_if_the_field_were_not_there(stored):
    before = repr(stored)

    assert robot(spec=stored) == parse_robot("ci", ROBOT)
    # Who only reads leniently, as `status` does, must not lose the rest for it either.
    assert lenient_robot("ci", stored) == parse_robot("ci", ROBOT)

    assert repr(stored) == before
    # Where nobody defaults, as in a file, it is a mistake.
    with pytest.raises(InvalidSpec, match="later"):
        parse_robot("ci", stored)


def test_the_template_of_a_cluster_quay_robot_too():
    plain = {"namespaceSelectors": [{}], "template": {"spec": ROBOT}}
    stored = {"namespaceSelectors": [{}], "template": {"spec": {**ROBOT, "later": True}}}

    assert parse_stored(ClusterRobotSpec, stored, parse_cluster_robot) == parse_cluster_robot(
        plain
    )


def test_what_else_is_wrong_is_told_as_ever():
    with pytest.raises(InvalidSpec, match="exactly one of organization and user") as raised:
        robot(spec={**ROBOT, "user": "bob", "later": True})
    assert "later" not in str(raised.value)
    with pytest.raises(InvalidSpec, match=r"spec\.permissions"):
        robot(spec={**ROBOT, "permissions": {"mode": "Newest", "later": True}})


@pytest.mark.parametrize("nothing", [None, False, "", [], {}, 0])
def test_a_rule_of_access_that_asks_for_nothing_more_lets_in_whom_it_did(nothing):
    stored = {**CONNECTION, "later": "x", "access": [{**RULE, "later": nothing}]}

    found = connection(spec=stored)

    assert found == parse_connection("ClusterQuayConnection", {**CONNECTION, "access": [RULE]})


@pytest.mark.parametrize("asked", [True, "Only", ["one"], {"matchLabels": {}}, 5])
def test_a_rule_of_access_that_asks_for_what_is_not_known_is_refused(asked):
    with pytest.raises(InvalidSpec, match="access"):
        connection(spec={**CONNECTION, "access": [RULE, {**RULE, "later": asked}]})
