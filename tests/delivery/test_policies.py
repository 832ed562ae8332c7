"""Do the sample policies refuse what they say, and nothing else?"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.kit.controlplane import ControlPlane
from tests.kit.processes import wait_for

from .helm import ROOT

POLICIES = ROOT / "deploy" / "policies"
STATIC = {"organization": "acme"}
FEDERATED = STATIC | {"credentials": {"type": "Federated", "serviceAccount": "ci"}}
CASES: dict[str, tuple[dict[str, str], list[dict[str, Any]], list[dict[str, Any]]]] = {
    "short-lived-passwords": ({"quay-passwords": "short-lived"}, [STATIC], [FEDERATED]),
    "rotation": (
        {"quay-rotation": "required"},
        [STATIC, STATIC | {"rotation": {"trigger": "1"}}],
        [FEDERATED, STATIC | {"rotation": {"interval": "720h"}}],
    ),
    "no-orphans": (
        {"quay-orphans": "refused"},
        [
            STATIC | {"deletionPolicy": "Orphan"},
            STATIC | {"secrets": [{"name": "a", "deletionPolicy": "Retain"}]},
        ],
        [STATIC, STATIC | {"secrets": [{"name": "a"}]}],
    ),
    "adoption": (
        {"quay-adoption": "admins"},
        [STATIC | {"creationPolicy": "Adopt"}, STATIC | {"creationPolicy": "CreateOrAdopt"}],
        [STATIC, STATIC | {"creationPolicy": "Create"}],
    ),
}


def test_each_policy_has_its_case():
    assert {each.stem for each in POLICIES.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_policy_refuses_what_it_says_and_lets_the_rest_through(
    kinds_known: ControlPlane, name: str
):
    plane, (labels, refused, taken) = kinds_known, CASES[name]
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    plane.apply(namespace | {"metadata": {"name": name, "labels": labels}})
    plane.kubectl("apply", "-f", str(POLICIES / f"{name}.yaml"))

    def attempt(spec: dict[str, Any]) -> str:
        body = {
            "apiVersion": "quayrobot.io/v1alpha1",
            "kind": "QuayRobot",
            "metadata": {"name": "ci", "namespace": name},
            "spec": spec,
        }
        words = ("create", "--dry-run=server", "-f", "-")
        done = plane._run(*words, stdin=yaml.safe_dump(body))
        return done.stderr if done.returncode else ""

    try:
        # A policy takes a moment to be in force.
        wait_for(lambda: attempt(refused[0]), "the policy in force")
        for spec in refused:
            assert f"{name}.quayrobot.io" in attempt(spec), spec
        for spec in taken:
            assert attempt(spec) == ""
    finally:
        plane.kubectl("delete", "-f", str(POLICIES / f"{name}.yaml"))
        plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def kinds_known(control_plane: ControlPlane) -> ControlPlane:
    """Return a cluster that knows our kinds."""
    control_plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    return control_plane
