"""
How does a test get a real API server, and how is it counted at the end?

`tests/conftest.py` imports what is here. Tests ask for `control_plane`, which
all share, or for `own_control_plane`, where they break or empty the cluster. On a
cluster that the suite does not start part by part (kind, the current context) all
share one, and what needs more than that is skipped by name.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from tests.kit.rights import note_rights

from .build import PartMissing
from .choice import CHOICES, chosen_cluster
from .cluster import Cluster, NeedsOwnServer
from .current import NotConfirmed
from .plane import ControlPlane

__all__ = [
    "JUDGED",
    "control_plane",
    "controllers",
    "given_cluster",
    "missing_part",
    "operated_control_plane",
    "own_control_plane",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_terminal_summary",
]

API_SERVER = "api server"
JUDGED = "stored versions of our resources that every reader agreed on"
FIXTURES = {"control_plane", "operated_control_plane", "own_control_plane"}


@dataclass
class Tally:
    """Which API server the tests of this process have."""

    server: str = ""


TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        choices=CHOICES,
        default=CHOICES[0],
        help="the cluster that tests run on; local: a control plane started for this run; kind: "
        "one that kind makes; current: that of the current kubeconfig context",
    )
    parser.addoption(
        "--cluster-context",
        default=os.environ.get("TEST_CLUSTER_CONTEXT"),
        help="the name of the current context, to confirm it (or TEST_CLUSTER_CONTEXT)",
    )
    parser.addoption(
        "--kind-image",
        default=os.environ.get("TEST_KIND_IMAGE"),
        help="the image of kind's node, which decides the version (or TEST_KIND_IMAGE)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()
    if not _is_local(config) and config.getoption("numprocesses", None) not in {None, 0, 1}:
        raise pytest.UsageError("one cluster has one operator: use --cluster with -n 0 or -n 1")


def _is_local(config: pytest.Config) -> bool:
    return bool(config.getoption("cluster") == "local")


@pytest.fixture(scope="session")
def given_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Yield the one cluster of a run that does not start its own, part by part."""
    with _cluster(request.config) as plane:
        yield plane


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Yield the cluster of this run; skip by name where a part of it cannot be had."""
    if not _is_local(request.config):
        yield request.getfixturevalue("given_cluster")
        return
    with _cluster(request.config) as plane:
        yield plane


@pytest.fixture(scope="session")
def operated_control_plane(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Yield a cluster of this run in which an operator is at work, apart from the others."""
    if not _is_local(request.config):
        yield request.getfixturevalue("given_cluster")
        return
    with _cluster(request.config) as plane:
        yield plane
        note_rights(request.config, plane.audit())


@pytest.fixture
def own_control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """Yield a cluster that no other test sees."""
    if not _is_local(request.config):
        pytest.skip("needs an API server of the suite's own: a cluster that no other test sees")
    with _cluster(request.config) as plane:
        yield plane
        note_rights(request.config, plane.audit(), bounded=True)


@pytest.fixture
def controllers(control_plane: Cluster) -> Cluster:
    """Return the control plane if it collects garbage and empties namespaces; else skip."""
    if not control_plane.has_controllers:
        missing_part("the control plane has no controllers, so that nothing is collected")
    return control_plane


def missing_part(what: str) -> NoReturn:
    """Skip by name, or fail where every real part is required."""
    if os.environ.get("REQUIRE_CONTROL_PLANE"):
        pytest.fail(f"REQUIRE_CONTROL_PLANE is set: {what}", pytrace=False)
    pytest.skip(what)


@contextmanager
def _cluster(config: pytest.Config) -> Iterator[Any]:
    begun = time.monotonic()
    with ExitStack() as stack:
        try:
            plane = stack.enter_context(
                chosen_cluster(
                    config.getoption("cluster"),
                    context=config.getoption("cluster_context"),
                    image=config.getoption("kind_image"),
                )
            )
        except PartMissing as error:
            missing_part(f"no control plane: {error}")
        took = time.monotonic() - begun
        tally = config.stash[TALLY]
        tally.server = tally.server or f"Kubernetes {plane.version}, up in {took:.1f} s"
        yield plane


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Prepare a test, as far as its cluster allows."""
    with _within_limits():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note with the test that it came as far as to use an API server."""
    with _within_limits():
        result = yield
    if FIXTURES & set(getattr(item, "fixturenames", ())):
        # With the report, so that it also arrives from another process.
        item.user_properties.append((API_SERVER, item.config.stash[TALLY].server))
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Clear up after a test, as far as its cluster allows."""
    with _within_limits():
        return (yield)


@contextmanager
def _within_limits() -> Iterator[None]:
    """Skip by name what a cluster cannot do; end the run that nobody confirmed."""
    try:
        yield
    except NeedsOwnServer as error:
        pytest.skip(str(error))
    except NotConfirmed as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was real, and what tests have measured."""
    noted = list(_noted(terminalreporter))
    servers = [value for name, value in noted if name == API_SERVER]
    lines = [
        f"{name}: {value}"
        for name, value in noted
        if name != API_SERVER and not isinstance(value, int)
    ]
    sums: Counter[str] = Counter()
    for name, value in noted:
        sums[name] += value if isinstance(value, int) else 0
    lines += [f"{name}: {count}" for name, count in sums.items() if count]
    if servers:
        some = "1 test" if len(servers) == 1 else f"{len(servers)} tests"
        lines.append(f"{some} ran against a real API server ({servers[0]})")
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.write_line(line)


def _noted(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, object]]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            # The last report of a test has what all of its parts noted.
            if getattr(report, "when", None) == "teardown":
                yield from report.user_properties
