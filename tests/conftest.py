"""What every test has: a watch for leaked credentials, and a control plane on request."""

from __future__ import annotations

from tests.kit.asking import asking_tenant
from tests.kit.canary_fixture import canary_watch, pytest_runtest_makereport
from tests.kit.controlplane.fixture import (
    control_plane,
    controllers,
    given_cluster,
    operated_control_plane,
    own_control_plane,
    pytest_addoption,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_terminal_summary,
)
from tests.kit.house_fixture import house, installed, tenant
from tests.kit.rights import pytest_sessionfinish, pytest_testnodedown

__all__ = [
    "asking_tenant",
    "canary_watch",
    "control_plane",
    "controllers",
    "given_cluster",
    "house",
    "installed",
    "operated_control_plane",
    "own_control_plane",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "tenant",
]
