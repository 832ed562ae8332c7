"""
How does a test get a node with the operator on it?

One node, one Quay and one operator for all tests of a run, in the namespaces
that `make node` makes. Elsewhere nothing of this folder is collected.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .shown import Shown
from .site import Site

INSIDE = "NODE_BINARY" in os.environ
collect_ignore_glob = [] if INSIDE else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    if INSIDE:
        config.pluginmanager.register(Shown(), "shown")


@pytest.fixture(scope="session")
def site(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the node with the shipped manifests applied and the operator Ready."""
    folder = Path(os.environ["NODE_FOLDER"])
    with Site(folder, pytestconfig.pluginmanager.get_plugin("shown")) as site:
        yield site


@pytest.fixture
def tenant(site: Site, canary_watch: object) -> Iterator[object]:
    made = site.house.tenant()
    yield made
    site.plane.kubectl("delete", "quayrobots", "--all", "-n", made.name, "--wait=false")
    site.plane.kubectl("delete", "namespace", made.name, "--wait=false", "--ignore-not-found")
