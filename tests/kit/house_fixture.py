"""
How does a test get the whole installation, once for all of a process?

`tests/conftest.py` imports what is here: `installed` is the operator beside a
Quay on a cluster of theirs, `house` the same with a look at what a test did to
it, `tenant` a namespace of the test's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary import scan
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import JUDGED, missing_part
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Tenant
from tests.kit.surroundings import Surroundings

__all__ = ["house", "installed", "tenant"]

# Characters of the operator's log that the report of a test ends with.
TOLD = 6000


@pytest.fixture(scope="session")
def installed(operated_control_plane: ControlPlane) -> Iterator[Installation]:
    if not operated_control_plane.has_controllers:
        missing_part("the lives need a control plane that collects garbage")
    plane = operated_control_plane
    # Whatever a test does here, proxies and names try to lead the operator elsewhere.
    with FakeQuay() as quay, Surroundings(plane.folder) as around:
        house = Installation.make(plane, quay, *around.flags)
        house.surroundings = around
        house.operator.environment |= around.environment
        house.cluster_connection()
        house.operator.start()
        yield house
        house.close()


@pytest.fixture
def house(
    installed: Installation, canary_watch, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    quay, operator = installed.quay, installed.operator
    said, called = len(operator.said()), quay.mark()
    yield installed
    # Shown where the test fails: why the operator did nothing, or ended, is said nowhere else.
    print(operator.said()[said:][-TOLD:])
    quay.admin("faults/clear")
    if not operator.running():
        operator.start()
    canary_watch.add("operator log", lambda: operator.said()[said:])
    canary_watch.add("metrics", operator.metrics)
    assert installed.events is not None
    canary_watch.add("events", installed.events.text)
    assert installed.surroundings is not None
    assert installed.surroundings.visits() == 0, "the operator called where it must not"
    assert installed.recorder is not None
    judged = installed.recorder.judged
    assert installed.recorder.problems() == []
    request.node.user_properties.append((JUDGED, installed.recorder.judged - judged))
    if request.node.get_closest_marker("rotates") is None:
        regenerated = "robot.regenerate" in quay.operations(called)
        assert not regenerated, "a repair must never regenerate"
    assert scan(operator.said()[said:], "log") == []


@pytest.fixture
def tenant(house: Installation) -> Iterator[Tenant]:
    made = house.tenant()
    yield made
    made.leave()
