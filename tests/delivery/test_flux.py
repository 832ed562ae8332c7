"""
Does Flux get along with the operator?

Its kustomize-controller is no Go module of its own here; what applies, compares, waits
and prunes in it is its library `fluxcd/pkg/ssa`, which runs here as it sets it.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.kit.installation import API, Tenant, settle
from tests.kit.processes import wait_for

from .programs import program

OWN = {"kind": "QuayConnection", "name": "own"}
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What the library said of each object, as `<action> <kind>/<name>`, and how it ended."""

    actions: list[str]
    code: int
    err: str


@dataclass(frozen=True, slots=True)
class Flux:
    """A Kustomization of one tenant's namespace."""

    tenant: Tenant
    program: Path

    def run(self, what: str, objects: list[Body], timeout: str = "60s") -> Said:
        """Do *what* (apply, diff, wait, prune) with *objects*."""
        env = os.environ | {"KUBECONFIG": str(self.tenant.house.plane.kubeconfig)}
        done = subprocess.run(
            [self.program, what, timeout],
            input="---\n".join(json.dumps(each) + "\n" for each in objects),
            capture_output=True, text=True, check=False, env=env,
        )  # fmt: skip
        shown = done.stdout.replace(f"/{self.tenant.name}/", "/").splitlines()
        return Said(sorted(shown), done.returncode, done.stderr)

    def robot(self, name: str = "ci", **spec: Any) -> Body:
        """Return the manifest of a robot."""
        spec = {"connectionRef": OWN, "organization": self.tenant.name} | spec
        return self._body(API, "QuayRobot", name, spec=spec)

    def connection(self) -> list[Body]:
        """Return the manifests of its connection, and of the Secret with its token."""
        house = self.tenant.house
        spec = {"url": house.quay.url, "allowPlaintext": True, "driftInterval": "10s",
                "credentials": {"secretRef": {"name": "token"}}}  # fmt: skip
        return [
            self._body("v1", "Secret", "token", stringData={"token": house.token}),
            self._body(API, "QuayConnection", "own", spec=spec),
        ]

    def _body(self, api: str, kind: str, name: str, **rest: Any) -> Body:
        meta = {"name": name, "namespace": self.tenant.name}
        return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


@pytest.fixture
def flux(tenant: Tenant) -> Flux:
    tenant.repository("app")
    return Flux(tenant, program("flux"))


def everything(flux: Flux) -> list[Body]:
    full = flux.robot(
        "full",
        description="as much as can be said",
        permissions={"repositories": [{"name": "app", "role": "read"}],
                     "defaults": [{"role": "read"}]},
        federation={"identities": [{"issuer": "https://ci.example.com", "subject": "a"}]},
        rotation={"interval": "720h"},
        secrets=[{"name": "pull", "serviceAccounts": [{"name": "default"}]},
                 {"name": "env", "format": "Opaque", "keys": {"password": "TOKEN"}}],
    )  # fmt: skip
    return [flux.robot(), full, *flux.connection()]


def writes(flux: Flux, since: int) -> list[str]:
    found = flux.tenant.house.operator_writes(since)
    return [each for each in found if f" {flux.tenant.name}/" in each]


def test_it_applies_waits_and_finds_no_difference_ever_after(flux: Flux):
    objects = everything(flux)

    applied = flux.run("apply", objects)
    assert (applied.code, applied.err) == (0, "")
    assert [each.split()[0] for each in applied.actions] == ["created"] * 4
    assert flux.run("wait", objects) == Said([], 0, "")

    # What the operator wrote since is no drift, and nothing is written by what is the same.
    written, called = flux.tenant.rest()
    assert {each.split()[0] for each in flux.run("diff", objects).actions} == {"unchanged"}
    for _ in range(3):
        again = flux.run("apply", objects)
        assert {each.split()[0] for each in again.actions} == {"unchanged"}
    settle(lambda: not writes(flux, written), seconds=2)
    assert flux.tenant.effects(called) == []
    assert flux.tenant.logs_in()
    assert flux.tenant.logs_in("pull")


def test_what_comes_in_any_order_is_waited_for(flux: Flux):
    robot = [flux.robot()]
    flux.run("apply", robot)
    flux.tenant.wait_reason("ConnectionNotFound")

    # It gives up at once on what is called failed.
    assert "InProgress" in flux.run("wait", robot, "3s").err
    flux.run("apply", flux.connection())

    assert flux.run("wait", robot) == Said([], 0, "")


def test_a_bad_release_fails_at_once_and_going_back_costs_no_credential(flux: Flux):
    good = [flux.robot(secrets=[{"name": "ci"}]), *flux.connection()]
    flux.run("apply", good)
    assert flux.run("wait", good).code == 0
    before = flux.tenant.credential()

    bad = [flux.robot(secrets=[{"name": "token"}]), *flux.connection()]
    assert "configured QuayRobot/ci" in flux.run("apply", bad).actions
    failed = flux.run("wait", bad)
    assert failed.code == 1
    assert "Failed" in failed.err

    assert "configured QuayRobot/ci" in flux.run("apply", good).actions
    assert flux.run("wait", good) == Said([], 0, "")
    assert flux.tenant.credential() == before
    assert flux.tenant.logs_in()


def test_it_prunes_all_at_once_and_nothing_stays(flux: Flux):
    objects = everything(flux)
    flux.run("apply", objects)
    assert flux.run("wait", objects).code == 0

    pruned = flux.run("prune", objects)

    assert (pruned.code, pruned.err) == (0, "")
    assert [each.split()[0] for each in pruned.actions] == ["deleted"] * 4
    assert flux.tenant.in_quay() is None
    assert flux.tenant.in_quay("full") is None
    kinds = "quayrobots,quayconnections,secrets"
    wait_for(lambda: not flux.tenant.kubectl("get", kinds, "-o", "name"), "nothing left")
