"""What does a ClusterQuayRobot do in the namespaces that it picks, one robot for each?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.fleets import Fleet
from tests.kit.installation import Installation, settle
from tests.kit.processes import wait_for


@pytest.fixture
def fleet(house: Installation) -> Iterator[Fleet]:
    made = Fleet(house)
    yield made
    made.close()


def test_each_chosen_namespace_has_a_robot_of_its_own_for_as_long_as_it_is_chosen(fleet: Fleet):
    one, two = fleet.namespaces(2)
    (other,) = fleet.namespaces(1, chosen=False)
    fleet.apply(metadata={"labels": {"team": "a"}}, template={"description": "first"})
    fleet.wait_ready(2)

    assert fleet.members() == {one.name, two.name}
    for tenant in (one, two):
        tenant.wait_login(fleet.name)
        member = tenant.get(fleet.name)
        assert member is not None
        (owner,) = member["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["controller"]) == ("ClusterQuayRobot", True)
        assert "blockOwnerDeletion" not in owner
        assert member["metadata"]["labels"]["team"] == "a"
    assert fleet.robots() == sorted(f"{fleet.name}+{t.name}-{fleet.name}" for t in (one, two))

    fleet.label(fleet.name, other)
    other.wait_login(fleet.name)
    fleet.wait_ready(3)

    fleet.label(None, one)
    one.wait_gone(fleet.name)
    fleet.wait_ready(2)
    assert len(fleet.robots()) == 2

    fleet.apply(template={"description": "first", "suspend": True})
    fleet.wait_ready(2)
    for tenant in (two, other):
        member = tenant.get(fleet.name)
        assert member is not None
        assert member["spec"]["suspend"] is True
        assert "team" not in member["metadata"]["labels"]

    before = len(fleet.house.plane.audit())
    fleet.house.operator.restart()
    settle(lambda: fleet.house.operator_writes(before) == [], 3)

    fleet.delete()
    fleet.wait_gone()
    wait_for(lambda: fleet.robots() == [] and fleet.members() == set(), "all of it gone")
