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


# What is typed ---------------------------------------------------------------------------


def test_another_user_and_cluster_of_the_kubeconfig_can_be_named(tenant: Tenant, tmp_path: Path):
    tenant.robot()
    config = yaml.safe_load(tenant.house.plane.kubeconfig.read_text())
    good = config["users"][0]["user"], config["clusters"][0]["cluster"]
    config["users"] = [{"name": "nobody", "user": {}}, {"name": "admin", "user": good[0]}]
    nowhere = {**good[1], "server": "https://127.0.0.1:1"}
    config["clusters"] = [
        {"name": "away", "cluster": nowhere},
        {"name": "here", "cluster": good[1]},
    ]
    config["contexts"] = [{"name": "c", "context": {"cluster": "away", "user": "nobody"}}]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump({**config, "current-context": "c"}))
    shell = Shell(tenant.house.plane, path)

    def said(*words: str) -> tuple[int, str]:
        done = shell.plugin("status", "-n", tenant.name, *words)
        return done.code, done.err

    assert said("--user=admin", "--cluster=here") == (0, "")
    assert said("--user=admin", f"--server={good[1]['server']}/") == (0, "")
    assert said("--cluster=here")[0] == 2
    assert said("--user=admin") == (2, "error: the API server cannot be reached\n")
    assert said("--user=who") == (2, "error: the kubeconfig has no user who\n")
    assert said("--cluster=where") == (2, "error: the kubeconfig has no cluster where\n")


def test_a_command_can_act_as_somebody_else(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    plane, shell = tenant.house.plane, Shell(tenant.house.plane)
    # In the second group alone.
    plane.kubectl("create", "role", "reader", "-n", tenant.name, "--verb=get,list",
                  "--resource=quayrobots.quayrobot.io")  # fmt: skip
    plane.kubectl("create", "rolebinding", "reader", "-n", tenant.name, "--role=reader",
                  "--group=readers")  # fmt: skip

    def said(*words: str) -> Said:
        return shell.plugin("status", "ci", "-n", tenant.name, *words)

    let = said("--as=alice", "--as-uid=7", "--as-group=guests", "--as-group=readers")
    refused = said("--as=alice", "--as-group=guests")

    assert let.code == 0, let.all
    assert refused.code == 2
    assert "you, as alice, may not" in refused.err
