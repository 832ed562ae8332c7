"""What does a ClusterQuayRobot say whose shared robot Quay does not let us create?"""

from __future__ import annotations

from tests.kit.canary import oauth_token
from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation


def test_a_token_without_the_scope_is_told_and_the_namespaces_stay_counted(house: Installation):
    chosen = ClusterRobot(house)
    token = house.quay.admin("token", value=oauth_token(), scopes=["repo:read"])
    house.cluster_connection(chosen.name, token=token)
    chosen.namespaces(2)
    ref = {"kind": "ClusterQuayConnection", "name": chosen.name}

    chosen.apply(mode="Shared", template={"connectionRef": ref})

    chosen.wait_reason("InsufficientScope", timeout_s=40)
    assert chosen.counts()["targets"] == 2
    house.cluster_connection(chosen.name)
    chosen.wait_ready(2, timeout_s=60)
    chosen.delete()
    chosen.wait_gone()
    chosen.close()
    house.plane.kubectl("delete", "clusterquayconnection", chosen.name)
