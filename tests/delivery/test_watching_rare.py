"""
Do the alerts go on and off in a real Prometheus that speak of what is rarer than an outage?

Of an error of the operator's own no fault of others makes one: `rules_test.yaml` alone has that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.kit.bootstrap import KEY, RENEWED, SECRET, MachineQuay
from tests.kit.cluster_robots import ClusterRobot
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Tenant
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import free_port, wait_for
from tests.kit.proxy import Proxy

from .programs import missing
from .prometheus import Prometheus, Stopwatch
from .test_rules import MONITORING

# More than fifty edits wait at once, and those that are carried out take their time.
MANY, SLOW_S = 150, 3.0


@pytest.fixture
def front(own_control_plane: ControlPlane) -> Iterator[Proxy]:
    """Yield what stands before the API server and can rob watches of events."""
    if not own_control_plane.has_controllers:
        missing_part("a QuayRobot that is deleted has to go, which takes controllers")
    pair = own_control_plane.server_pair("front")
    with Proxy(
        "cluster",
        own_control_plane.url,
        certificate=(pair.certificate, pair.key),
        target_ca=own_control_plane.ca_file,
    ) as proxy:
        yield proxy


@pytest.fixture
def scraped(own_control_plane: ControlPlane, front: Proxy) -> Iterator[tuple[Installation, str]]:
    """Yield an operator that relists often, and where its metrics are."""
    port = free_port()
    flags = (f"--metrics-port={port}", "--relist-interval-s=10")
    with FakeQuay() as quay:
        house = Installation.make(own_control_plane, quay)
        way = own_control_plane.service_account_kubeconfig(NAMESPACE, ACCOUNT, server=front.url)
        house.operator = OperatorProcess(way, own_control_plane.folder, *flags)
        house.cluster_connection()
        house.operator.start()
        yield house, f"127.0.0.1:{port}"
        house.close()


@pytest.fixture
def watch(scraped: tuple[Installation, str], tmp_path: Path) -> Iterator[Stopwatch]:
    binary = shutil.which("prometheus")
    if binary is None:
        missing("prometheus is not installed; it is in Debian's package prometheus")
    with Prometheus(binary, tmp_path, scraped[1], MONITORING / "rules.yaml") as running:
        wait_for(lambda: running.query("quayrobot_leader == 1"), "a replica that works")
        # Prometheus was there before the first scrape, and called the operator down for a while.
        wait_for(lambda: running.alerts() == set(), "silence at the start")
        yield Stopwatch(running)


def test_namespaces_that_fail(
    scraped: tuple[Installation, str], watch: Stopwatch, record_property
):
    house, _ = scraped
    cluster_robot = ClusterRobot(house)
    (space,) = cluster_robot.namespaces(1)
    space.robot(cluster_robot.name, organization=cluster_robot.name, robotName="other")
    space.wait_ready(cluster_robot.name)

    cluster_robot.apply()
    watch.on("QuayRobotNamespacesFailed")
    space.delete(cluster_robot.name)
    watch.off("QuayRobotNamespacesFailed")
    watch.note(record_property)


def test_events_that_the_watches_missed(
    scraped: tuple[Installation, str], front: Proxy, watch: Stopwatch, record_property
):
    tenant = scraped[0].tenant()
    front.watching = "skip"
    tenant.robot()
    watch.on("QuayRobotWatchDiverged")
    front.watching = "pass"

    watch.off("QuayRobotWatchDiverged")
    tenant.wait_ready()
    watch.note(record_property)


def test_edits_that_wait(scraped: tuple[Installation, str], watch: Stopwatch, record_property):
    tenant = scraped[0].tenant()
    quay = tenant.house.quay
    quay.admin("fault", operation="robot.create", kind="delay", delay_s=SLOW_S, count=-1)
    tenant.robots({f"robot-{number}": {} for number in range(MANY)})
    watch.on("QuayRobotQueueStands")
    quay.admin("faults/clear")
    watch.off("QuayRobotQueueStands")
    watch.note(record_property)


def test_a_token_that_is_not_renewed(
    scraped: tuple[Installation, str], watch: Stopwatch, tmp_path: Path, record_property
):
    tenant = scraped[0].tenant()
    with MachineQuay(tenant, tmp_path).running() as machine:
        _connect(tenant, machine)
        machine.quay.admin("fault", operation=RENEWED, kind="page", status=503, count=-1)
        machine.age(timedelta(minutes=55))
        tenant.kubectl("annotate", "quayconnection", "own", "look=now")
        watch.on("QuayRobotConnectionTokenEnds")
        machine.quay.admin("faults/clear")
        watch.off("QuayRobotConnectionTokenEnds")
        assert machine.stored == machine.token
    watch.note(record_property)


def _connect(tenant: Tenant, machine: MachineQuay) -> None:
    secret = {"name": SECRET, "key": KEY}
    credentials = {"secretRef": secret, "renewal": {"type": "Bootstrap"}}
    tenant.connections({"own": {"credentials": credentials, "url": machine.quay.url}})
    tenant.robot(connectionRef={"kind": "QuayConnection", "name": "own"})
    tenant.wait_ready()
