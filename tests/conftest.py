"""What every test has: a watch for leaked credentials, and a control plane on request."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import canary_watch, pytest_runtest_makereport
from tests.kit.controlplane import ControlPlane, PartMissing

__all__ = ["canary_watch", "control_plane", "pytest_runtest_makereport"]


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """Yield a real control plane; skip by name where a part of it cannot be had."""
    try:
        plane = ControlPlane()
    except PartMissing as error:
        if os.environ.get("REQUIRE_CONTROL_PLANE"):
            raise
        pytest.skip(f"control plane: {error}")
    with plane:
        yield plane
