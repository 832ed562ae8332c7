"""Do the shipped alerts go on and off in a real Prometheus, and does the board show data?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation
from tests.kit.operating import NAMESPACE
from tests.kit.processes import free_port, wait_for

from .helm import ROOT
from .programs import missing
from .prometheus import JOB, Prometheus, Stopwatch
from .test_rules import MONITORING


@pytest.fixture
def scraped(own_control_plane: ControlPlane) -> Iterator[tuple[Installation, str]]:
    """Yield an operator whose metrics stay at one address over restarts."""
    if not own_control_plane.has_controllers:
        missing_part("Secrets of deleted robots have to go, which takes controllers")
    port = free_port()
    with FakeQuay() as quay:
        house = Installation.make(own_control_plane, quay, f"--metrics-port={port}")
        house.cluster_connection()
        house.operator.start()
        yield house, f"127.0.0.1:{port}"
        house.close()


@pytest.fixture
def prometheus(scraped: tuple[Installation, str], tmp_path: Path) -> Iterator[Prometheus]:
    binary = shutil.which("prometheus")
    if binary is None:
        missing("prometheus is not installed; it is in Debian's package prometheus")
    with Prometheus(binary, tmp_path, scraped[1], MONITORING / "rules.yaml") as running:
        yield running


def test_alerts_go_on_with_their_fault_and_off_after_it(
    scraped: tuple[Installation, str], prometheus: Prometheus, record_property
):
    house, _ = scraped
    watch = Stopwatch(prometheus)
    tenant = house.tenant()
    tenant.robot()
    tenant.wait_ready(timeout_s=40)
    wait_for(lambda: prometheus.query('quayrobot:robots:max{state="ready"} == 1'), "a robot")
    # Prometheus may have been there before the operator, which is then called down for a while.
    wait_for(lambda: prometheus.alerts() == set(), "silence at the start")

    tenant.robot("denied", user="somebody")
    watch.on("QuayRobotsNotReady")
    tenant.delete("denied")
    watch.off("QuayRobotsNotReady")

    house.quay.admin("fault", operation="robot.regenerate", kind="answer", status=503, count=99)
    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")
    watch.on("QuayRobotRotationPutOff")
    house.quay.admin("faults/clear")
    watch.off("QuayRobotRotationPutOff")

    house.quay.down()
    tenant.delete()
    watch.on("QuayRobotDeletionBlocked")
    watch.on("QuayRobotQuayUnreachable")
    house.quay.up()
    watch.off("QuayRobotQuayUnreachable")
    watch.off("QuayRobotDeletionBlocked")

    tenant.robot("later")
    tenant.wait_ready("later")
    house.secret(NAMESPACE, "token-default", "wrong")
    tenant.robot("refused")
    watch.on("QuayRobotCallsRefused")
    house.secret(NAMESPACE, "token-default", house.token)
    tenant.wait_ready("refused", timeout_s=60)
    watch.off("QuayRobotCallsRefused")

    try:
        wait_for(lambda: not unanswered(prometheus), "")
    except AssertionError:
        raise AssertionError(f"panels without data: {unanswered(prometheus)}") from None

    house.operator.stop()
    watch.on("QuayRobotOperatorDown")
    house.operator.start()
    watch.off("QuayRobotOperatorDown")

    wait_for(lambda: prometheus.alerts() == set(), "silence")
    watch.note(record_property)


def unanswered(prometheus: Prometheus) -> list[str]:
    """Return the titles of panels that show nothing."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    return [
        panel["title"]
        for panel in board["panels"]
        for target in panel["targets"]
        if not prometheus.query(target["expr"].replace("$job", JOB))
    ]


def test_the_board_is_as_its_tool_writes_it():
    command = [sys.executable, str(ROOT / "tools" / "board.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == (MONITORING / "dashboard.json").read_text()
