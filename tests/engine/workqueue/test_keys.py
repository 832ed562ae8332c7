"""Do keys name what they name, once?"""

from __future__ import annotations

from quayrobot.engine.workqueue.keys import Lane, OwnerKey, ResourceKey
from quayrobot.model.names import OwnerName

HUB = ResourceKey("ClusterQuayConnection", "", "default")


def test_lanes_are_in_the_order_of_urgency():
    assert sorted(Lane) == [Lane.EDIT, Lane.DRIFT, Lane.RESYNC]


def test_equal_keys_are_one_entry():
    assert len({HUB, ResourceKey("ClusterQuayConnection", "", "default")}) == 1
    owners = {OwnerKey(HUB, OwnerName("organization", name)) for name in ("a", "a", "b")}
    assert len(owners) == 2


def test_kind_namespace_and_name_tell_keys_apart():
    names = {
        ResourceKey(kind, namespace, name)
        for kind in ("QuayRobot", "QuayConnection")
        for namespace in ("a", "b")
        for name in ("a", "b")
    }

    assert len(names) == 8


def test_an_organization_and_a_user_of_one_name_are_two_keys():
    assert OwnerKey(HUB, OwnerName("user", "a")) != OwnerKey(HUB, OwnerName("organization", "a"))
