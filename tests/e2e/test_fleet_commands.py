"""Do the commands of the day after tell the truth of a ClusterQuayRobot?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.fleets import Fleet
from tests.kit.installation import Installation, Tenant
from tests.kit.processes import wait_for
from tests.kit.shell import Shell, check_recording, normalized

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
LOOKER = "fleet-looker"


class Shop:
    """Namespaces team-a, team-b and so on, and the ClusterQuayRobot `puller` of docs."""

    def __init__(self, house: Installation) -> None:
        self.house, self.fleet = house, Fleet(house)
        self.org = f"o-{uuid.uuid4().hex[:8]}"
        house.quay.admin("organization", name=self.org)
        house.plane.kubectl("create", "serviceaccount", LOOKER, "-n", "default", check=False)
        house.plane.kubectl(
            "create", "clusterrolebinding", LOOKER, "--clusterrole=cluster-admin",
            f"--serviceaccount=default:{LOOKER}", check=False,
        )  # fmt: skip
        # A user of its own, so that the audit log tells what it did.
        kubeconfig = house.plane.service_account_kubeconfig("default", LOOKER)
        self.shell = Shell(house.plane, kubeconfig)
        self.called, self.written = house.quay.mark(), len(house.plane.audit())

    def teams(self, letters: str) -> list[Tenant]:
        """Make chosen namespaces."""
        return [self.fleet.namespace(each) for each in letters]

    def told(self, text: str) -> str:
        """Return *text* as the docs write it."""
        names = {f"{self.fleet.name}-{each}": f"team-{each}" for each in "abcde"}
        names |= {self.fleet.name: "puller", self.org: "acme"}
        return normalized(text, self.house.quay, names)

    def wrote_nothing(self) -> None:
        """Hold the looker's requests and its calls to Quay against its promise."""
        user = f"system:serviceaccount:default:{LOOKER}"
        asked = [e for e in self.house.plane.audit()[self.written :] if e.user == user]
        assert asked
        assert [each for each in asked if each.write] == []


@pytest.fixture
def shop(house: Installation) -> Iterator[Shop]:
    made = Shop(house)
    yield made
    made.fleet.close()


def test_status_tells_how_the_namespaces_of_a_cluster_quay_robot_stand(shop: Shop):
    fleet, shell = shop.fleet, shop.shell
    *_, taken = shop.teams("abc")
    # Somebody has a QuayRobot of that name there already.
    taken.robot(fleet.name, organization=shop.org, robotName="mine")
    fleet.apply(template={"organization": shop.org})
    wait_for(lambda: fleet.counts().get("ready") == 2, "two of them ready")
    fleet.wait_reason("NamespacesFailed")

    said = shell.plugin("status", f"cqr/{fleet.name}")
    as_json = shell.plugin("status", f"clusterquayrobot/{fleet.name}", "-o", "json")
    everything = shell.plugin("status", "-A")
    nobody = shell.plugin("status", "cqr/nobody")

    words = f"$ kubectl quayrobot status cqr/puller\n{shop.told(said.out)}"
    check_recording(PAGE, "status of a ClusterQuayRobot", words)
    (item,) = json.loads(as_json.out)["items"]
    assert (item["kind"], item["name"], item["mode"]) == (
        "ClusterQuayRobot", fleet.name, "PerNamespace",
    )  # fmt: skip
    assert (item["namespaces"]["ready"], item["namespaces"]["failed"]) == (2, 1)
    assert [each["reason"] for each in item["failed"]] == ["QuayRobotNotOwned"]
    assert f"clusterquayrobot/{fleet.name}  not Ready" in everything.out
    assert f"quayrobot/{fleet.name} in {taken.name}" in everything.out
    assert (nobody.code, nobody.err) == (1, "error: there is no clusterquayrobot nobody\n")
    shop.wrote_nothing()
