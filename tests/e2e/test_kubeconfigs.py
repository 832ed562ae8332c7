"""Do the commands log in as kubectl does?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.installation import Tenant
from tests.kit.shell import Said, Shell


def kubeconfig(tenant: Tenant, folder: Path, user: dict[str, Any]) -> Path:
    """Return a kubeconfig of the plane, with another *user*."""
    config = yaml.safe_load(tenant.house.plane.kubeconfig.read_text())
    config["users"][0]["user"] = user
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def status(tenant: Tenant, path: Path) -> Said:
    return Shell(tenant.house.plane, path).plugin("status", "-n", tenant.name)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_login_program_is_run(tenant: Tenant, tmp_path: Path, version: str):
    plane = tenant.house.plane
    tenant.robot()
    tenant.kubectl("create", "serviceaccount", "reader")
    plane.kubectl(
        "create", "clusterrolebinding", tenant.name, "--clusterrole=cluster-admin",
        f"--serviceaccount={tenant.name}:reader",
    )  # fmt: skip
    token = tenant.kubectl("create", "token", "reader").strip()
    login = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    program = {
        "apiVersion": login["apiVersion"],
        "command": sys.executable,
        "args": ["-c", "import os; print(os.environ['LOGIN'])"],
        "env": [{"name": "LOGIN", "value": json.dumps(login)}],
        "interactiveMode": "Never",
    }

    said = status(tenant, kubeconfig(tenant, tmp_path, {"exec": program}))

    assert said.code == 0, said.all
    assert "ci" in said.out
    plane.kubectl("delete", "clusterrolebinding", tenant.name)


@pytest.mark.parametrize("field", ["as", "as-groups"])
def test_nobody_is_impersonated_without_a_word(tenant: Tenant, tmp_path: Path, field: str):
    # It is told before a credential is looked for.
    path = kubeconfig(tenant, tmp_path, {field: ["devs"] if field == "as-groups" else "somebody"})

    said = status(tenant, path)

    assert said.code == 2
    assert said.err == f"error: the kubeconfig has {field}, which is not supported here\n"
