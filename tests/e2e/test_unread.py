"""Is a read that failed ever taken for "it is not there"?"""

from __future__ import annotations

from pathlib import Path

import pytest

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import NAMESPACE, OURS, Kind
from quayrobot.cluster.resources import Resources
from quayrobot.model.errors import TryLater
from tests.kit.controlplane import ControlPlane
from tests.kit.installation import Tenant
from tests.kit.processes import free_port
from tests.kit.shell import Said, Shell

MANIFEST = """
apiVersion: quayrobot.io/v1alpha1
kind: QuayRobot
metadata: {name: ci}
spec: {organization: acme}
"""
COMMANDS = [
    ("check",),
    ("status",),
    ("plan", "-f", "-"),
    ("plan", "ci"),
    ("rotate", "ci"),
    ("import", "--organization", "acme"),
]

# What status ends with where it could not look; with 1 it says that something is not ready.
UNREAD = {"status": 2, "check": 2}


def type_in(shell: Shell, words: tuple[str, ...]) -> Said:
    by_itself = words[0] in {"check", "import"}
    say = shell.quayrobot if by_itself else shell.plugin
    return say(*words, stdin=MANIFEST if "-f" in words else "")


@pytest.fixture(params=COMMANDS, ids=" ".join)
def words(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def test_no_command_takes_a_dead_api_server_for_an_empty_one(
    control_plane: ControlPlane, tmp_path: Path, words: tuple[str, ...]
):
    dead = tmp_path / "kubeconfig"
    there = control_plane.kubeconfig.read_text()
    dead.write_text(there.replace(control_plane.url, f"https://127.0.0.1:{free_port()}"))

    said = type_in(Shell(control_plane, dead), words)

    assert said.code == UNREAD.get(words[0], 1)
    assert "the API server cannot be reached" in said.err
    assert "here is no" not in said.all


def test_no_command_takes_a_missing_right_for_an_empty_cluster(
    tenant: Tenant, words: tuple[str, ...]
):
    tenant.kubectl("create", "serviceaccount", "nobody")
    plane = tenant.house.plane
    shell = Shell(plane, plane.service_account_kubeconfig(tenant.name, "nobody"))

    said = type_in(shell, words)

    assert said.code in {1, 2}
    assert "may not" in said.all.lower()
    assert "here is no" not in said.all


def test_no_command_takes_a_missing_definition_for_an_empty_cluster(
    own_control_plane: ControlPlane,
):
    shell = Shell(own_control_plane)
    for words in COMMANDS:
        said = type_in(shell, words)

        # To say which definition is missing is what check is for.
        assert said.code == (1 if words[0] == "check" else UNREAD.get(words[0], 1)), words
        assert "definition" in said.all, words
        assert "here is no quayrobot" not in said.all.lower(), words


async def test_a_kind_that_is_not_served_is_no_empty_list(control_plane: ControlPlane):
    api = await ClusterApi.connect(control_plane.kubeconfig, None)
    strange = Kind("nobody.example", "v1", "things", "Thing")
    try:
        resources = Resources(api)
        with pytest.raises(TryLater, match="does not serve things"):
            [each async for each in resources.list_all(strange)]
        with pytest.raises(TryLater, match="does not serve things"):
            await resources.get(strange, "default", "any")
        assert await resources.get(NAMESPACE, None, "any") is None
    finally:
        await api.aclose()


def test_robots_are_imported_into_a_namespace_without_secrets(tenant: Tenant):
    """The API server answers an empty list of metadata with null."""
    empty = f"{tenant.name}-empty"
    tenant.house.plane.kubectl("create", "namespace", empty)
    tenant.house.quay.admin("robot", name=tenant.full("old"))

    said = Shell(tenant.house.plane).quayrobot(
        "import", "--organization", tenant.name, "-n", empty
    )

    assert (said.code, "robotName: old\n" in said.out or "name: old" in said.out) == (0, True)
    tenant.house.plane.kubectl("delete", "namespace", empty, "--wait=false")


@pytest.mark.parametrize("metadata_only", [True, False])
async def test_an_empty_list_of_any_kind_is_empty(tenant: Tenant, *, metadata_only: bool):
    api = await ClusterApi.connect(tenant.house.plane.kubeconfig, None)
    try:
        for kind in OURS.values():
            inside = tenant.name if kind.namespaced else None
            query = {"selector": "app=nothing", "metadata_only": metadata_only}
            found = Resources(api).list_all(kind, namespace=inside, **query)  # type: ignore[arg-type]
            assert [each async for each in found] == []
    finally:
        await api.aclose()
