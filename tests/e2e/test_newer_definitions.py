"""Does the operator serve what it knows while the definitions are newer than itself?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kit.controlplane import ControlPlane
from tests.kit.installation import Installation, Tenant
from tests.kit.processes import wait_for

KINDS = ("quayrobots", "quayconnections")
LATER = {"type": "string", "default": "New"}


@pytest.fixture
def newer(installed: Installation) -> Iterator[ControlPlane]:
    """Yield a cluster whose definitions default a field that this version does not have."""
    place = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/later"
    patch = json.dumps([{"op": "add", "path": place, "value": LATER}])
    plane = installed.plane
    for kind in KINDS:
        plane.kubectl("patch", "crd", f"{kind}.quayrobot.io", "--type=json", "-p", patch)
    yield plane
    back = json.dumps([{"op": "remove", "path": place}])
    for kind in KINDS:
        plane.kubectl("patch", "crd", f"{kind}.quayrobot.io", "--type=json", "-p", back)


def _defaulted(tenant: Tenant) -> bool:
    return all(
        ((tenant.get(name, kind) or {}).get("spec") or {}).get("later") == "New"
        for name, kind in (("ci", "quayrobot"), ("own", "quayconnection"))
    )


def test_a_field_of_a_newer_definition_troubles_no_robot(newer: ControlPlane, tenant: Tenant):
    def declare(secret: str) -> None:
        connection = {"kind": "QuayConnection", "name": "own"}
        tenant.robot(connectionRef=connection, secrets=[{"name": secret}])

    tenant.connection("own")
    declare("one")
    tenant.wait_ready()
    wait_for(lambda: _defaulted(tenant), "the default of the newer definition")

    declare("two")
    wait_for(lambda: tenant.get("two", "secret"), "the edit to be served")
    wait_for(lambda: tenant.get("one", "secret") is None, "what it replaced to go")
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None
