"""Does the suite run on a cluster that is somebody else's, and leave it as it was?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .controlplane.cluster import Cluster
from .controlplane.plane import ControlPlane
from .controlplane.traces import Traces

ROOT = Path(__file__).parents[2]
PASSES = "tests/e2e/test_repairs.py::test_edited_bytes_are_put_right_within_seconds"
NEEDS_AUDIT = (
    "tests/e2e/test_patience.py"
    "::test_a_revoked_token_troubles_no_robot_and_is_never_called_good_meanwhile"
)
RUN_S = 400
pytestmark = pytest.mark.timeout(RUN_S + 60)
Body = dict[str, object]


def run_on(plane: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """Run tests in another process, whose current context leads to *plane*."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
               "--cluster=current", *words]  # fmt: skip
    env = {key: value for key, value in os.environ.items() if key != "TEST_CLUSTER_CONTEXT"}
    env |= {"KUBECONFIG": str(plane.kubeconfig)}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=RUN_S
    )


def present(plane: Cluster) -> set[str]:
    """Return what is in the cluster that no namespace holds."""
    kinds = "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings"
    return set(plane.kubectl("get", kinds, "-o", "name").split())


def there(_kind: str, _name: str) -> bool:
    return True


def list_of(bodies: list[Body]) -> Callable[[str], list[Body]]:
    return lambda _kind: bodies


def not_there(_kind: str, _name: str) -> bool:
    return False


def test_what_a_run_made_is_gone_after_it(own_control_plane: ControlPlane):
    before = present(own_control_plane)

    done = run_on(own_control_plane, "--cluster-context=local", PASSES, NEEDS_AUDIT)

    assert "1 passed, 1 skipped" in done.stdout, done.stdout
    assert "needs an API server of the suite's own: its audit log" in done.stdout
    assert present(own_control_plane) == before


def test_without_the_name_of_the_context_nothing_runs(own_control_plane: ControlPlane):
    before = present(own_control_plane)

    for words in ((), ("--cluster-context=another",)):
        done = run_on(own_control_plane, *words, PASSES)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "--cluster-context=local" in done.stdout + done.stderr
    assert present(own_control_plane) == before


def test_an_installation_that_is_there_is_left_alone(own_control_plane: ControlPlane):
    own_control_plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    before = present(own_control_plane)

    done = run_on(own_control_plane, "--cluster-context=local", PASSES)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "an operator is installed there" in done.stdout + done.stderr
    assert present(own_control_plane) == before


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"kind": "Secret", "metadata": {"name": "x", "namespace": "theirs"}},
            "the namespace theirs is not this run's",
        ),
        (
            {"kind": "ClusterRole", "metadata": {"name": "theirs"}},
            "the clusterrole theirs is not this run's",
        ),
    ],
)
def test_what_is_somebody_elses_is_not_written(body: Body, words: str):
    traces = Traces()
    traces.note("namespace", "mine")

    with pytest.raises(AssertionError, match=words):
        traces.check(body, there)
    assert traces.made == [("namespace", "mine")]


def test_no_command_makes_its_own_what_is_there():
    traces = Traces()

    with pytest.raises(AssertionError, match="clusterrolebinding theirs is not this run's"):
        traces.check_command(("create", "clusterrolebinding", "theirs"), there)
    traces.check_command(("create", "namespace", "mine"), not_there)

    assert list(traces.farewell(list_of([]))) == [
        ("delete", "namespace", "mine", "--ignore-not-found", "--wait=false")
    ]


def test_only_what_a_run_holds_is_released():
    traces = Traces()
    traces.note("namespace", "mine")
    held = [
        {
            "kind": "Secret",
            "metadata": {"name": f"{place}-{who}", "namespace": place, "finalizers": [f"{who}/x"]},
        }
        for place in ("mine", "theirs")
        for who in ("quayrobot.io", "example.com")
    ]

    patched = [each for each in traces.farewell(list_of(held)) if each[0] == "patch"]
    assert [each[2] for each in patched] == ["mine-quayrobot.io"]
