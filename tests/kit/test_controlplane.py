"""Is the control plane of the tests a real one, and does it leave nothing behind?"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey

from tests.kit.controlplane import ControlPlane, PartMissing, find_binary
from tests.kit.controlplane.build import Binaries
from tests.kit.controlplane.fixture import missing_part
from tests.kit.controlplane.plane import AuditEntry
from tests.kit.processes import PREFIX, run_folder, start, wait_for

ROOT = Path(__file__).parents[2]
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
Body = dict[str, Any]


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    name = f"plane-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def anonymous(plane: ControlPlane, url: str) -> Body:
    context = ssl.create_default_context(cafile=str(plane.ca_file))
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        found: Body = json.load(answer)
        return found


def config_map(namespace: str, name: str, **meta: Any) -> Body:
    meta = {"namespace": namespace, "name": name, **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}


def owned_by(owner: Body, **more: Any) -> list[Body]:
    meta = owner["metadata"]
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": meta["name"], "uid": meta["uid"], **more}
    ]


# What it is -----------------------------------------------------------------


def test_anybody_can_verify_a_service_account_token(control_plane: ControlPlane, namespace: str):
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "robot")
    token = control_plane.kubectl("-n", namespace, "create", "token", "robot").strip()

    issuer = f"{control_plane.issuer}/.well-known/openid-configuration"
    discovery = anonymous(control_plane, issuer)
    keys = KeySet.import_key_set(anonymous(control_plane, discovery["jwks_uri"]))
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims

    assert discovery["issuer"] == claims["iss"] == control_plane.issuer
    assert claims["sub"] == f"system:serviceaccount:{namespace}:robot"
    with pytest.raises(BadSignatureError):
        jwt.decode(token, RSAKey.generate_key(2048), algorithms=["RS256"])


def test_a_service_account_is_who_it_is_and_may_what_it_may(
    control_plane: ControlPlane, namespace: str
):
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "robot")
    config = control_plane.service_account_kubeconfig(namespace, "robot")

    # The later of two flags counts.
    me = f"--kubeconfig={config}"
    said = json.loads(control_plane.kubectl("auth", "whoami", "-o", "json", me))
    refusal = control_plane.kubectl_refused("get", "secrets", "-n", namespace, me)

    assert said["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:robot"
    assert "Forbidden" in refusal


def test_every_request_is_in_the_audit_log(control_plane: ControlPlane):
    before = len(control_plane.audit())
    name = f"audited-{uuid.uuid4().hex[:8]}"

    applied = json.dumps(config_map("default", name))
    control_plane.kubectl("apply", "-f", "-", stdin=applied)
    control_plane.kubectl("delete", "configmap", name, "--wait=false")

    def seen() -> list[AuditEntry]:
        return [each for each in control_plane.audit()[before:] if each.name == name]

    # The server notes a request once it has answered it.
    wait_for(lambda: len(seen()) >= 3, "its entries")
    assert [(each.verb, each.code) for each in seen()] == [
        ("get", 404),
        ("create", 201),
        ("delete", 200),
    ]
    assert {each.user for each in seen()} == {"admin"}


def test_its_processes_listen_on_loopback_only(control_plane: ControlPlane, record_property):
    processes = [
        each
        for each in psutil.Process().children()
        if any(str(control_plane.folder) in word for word in each.cmdline())
        and not {"kubectl", "run"} & set(each.cmdline())
    ]
    places = {
        connection.laddr.ip
        for each in processes
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    memory = sum(each.memory_info().rss for each in processes) // 2**20
    record_property("control plane", f"{len(processes)} processes, {memory} MB")

    assert len(processes) == 2 + control_plane.has_controllers
    assert places == {"127.0.0.1"}


def test_what_is_owned_goes_with_its_owner(controllers: ControlPlane, namespace: str):
    controllers.apply(config_map(namespace, "owner"))
    owner = controllers.get("configmap", "owner", namespace)
    assert owner is not None
    controllers.apply(config_map(namespace, "owned", ownerReferences=owned_by(owner)))
    controllers.apply(config_map(namespace, "free"))

    controllers.kubectl("-n", namespace, "delete", "configmap", "owner")

    wait_for(lambda: controllers.get("configmap", "owned", namespace) is None, "the owned gone")
    assert controllers.get("configmap", "free", namespace) is not None


def test_a_namespace_is_made_ready_and_emptied_again(controllers: ControlPlane, namespace: str):
    wait_for(lambda: controllers.get("serviceaccount", "default", namespace), "its account")
    wait_for(lambda: controllers.get("configmap", "kube-root-ca.crt", namespace), "its root CA")
    controllers.apply(config_map(namespace, "held"))

    controllers.kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=30s")

    assert controllers.get("configmap", "held", namespace) is None


def test_who_may_not_hold_an_owner_back_cannot_say_that_he_does(
    control_plane: ControlPlane, namespace: str
):
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "maker")
    maker = f"--serviceaccount={namespace}:maker"
    rights = ("--verb=get,create,patch,update", "--resource=configmaps")
    control_plane.kubectl("-n", namespace, "create", "role", "maker", *rights)
    control_plane.kubectl("-n", namespace, "create", "rolebinding", "maker", "--role=maker", maker)
    control_plane.apply(config_map(namespace, "owner"))
    owner = control_plane.get("configmap", "owner", namespace)
    assert owner is not None
    config = control_plane.service_account_kubeconfig(namespace, "maker")
    command = ("create", f"--kubeconfig={config}", "-f", "-")

    held = config_map(namespace, "held", ownerReferences=owned_by(owner, blockOwnerDeletion=True))
    free = config_map(namespace, "free", ownerReferences=owned_by(owner))

    # OwnerReferencesPermissionEnforcement, which OpenShift has on.
    assert "blockOwnerDeletion" in control_plane.kubectl_refused(*command, stdin=json.dumps(held))
    assert "created" in control_plane.kubectl(*command, stdin=json.dumps(free))


# How it ends ----------------------------------------------------------------


@pytest.fixture
def parts() -> Binaries:
    try:
        return find_binary()
    except PartMissing as error:
        missing_part(f"no control plane: {error}")


@pytest.fixture
def holder(parts: Binaries, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that starts a control plane and holds it."""
    command = (sys.executable, "-m", "tests.kit.controlplane", "up")
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    process = start(command, log=tmp_path / "up.log", env=env)
    yield process
    process.kill()
    process.wait()


def is_up(tmp_path: Path) -> bool:
    return "export KUBECONFIG=" in (tmp_path / "up.log").read_text()


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def folders(process: subprocess.Popen[bytes]) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{process.pid}-*"))


def alive(processes: list[psutil.Process]) -> list[str]:
    """Return who still runs; a zombie does not, it only waits to be counted."""
    found = []
    for each in processes:
        try:
            if each.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(each.cmdline()[:2]))
        except psutil.NoSuchProcess:
            continue
    return found


def end(processes: list[psutil.Process]) -> None:
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()


@pytest.mark.parametrize("moment", ["while it starts", "when it is up"])
def test_a_killed_run_leaves_no_process_and_the_next_start_removes_its_folder(
    holder: subprocess.Popen[bytes], moment: str, tmp_path: Path
):
    if moment == "when it is up":
        wait_for(lambda: is_up(tmp_path), "a control plane", timeout_s=60)
    wait_for(lambda: len(family(holder)) >= 2, "etcd and the API server")
    processes = family(holder)
    assert folders(holder)

    holder.send_signal(signal.SIGKILL)
    holder.wait()

    try:
        wait_for(lambda: not alive(processes), f"the end of {processes}", timeout_s=30)
    finally:
        end(processes)
    shutil.rmtree(run_folder())
    assert folders(holder) == []


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_nothing_at_all(
    holder: subprocess.Popen[bytes], word: signal.Signals, tmp_path: Path
):
    wait_for(lambda: is_up(tmp_path), "a control plane", timeout_s=60)
    processes = family(holder)

    holder.send_signal(word)

    assert holder.wait(60) == 0
    assert alive(processes) == []
    assert folders(holder) == []


# Where it comes from --------------------------------------------------------


def assets(folder: Path, parts: Binaries) -> Path:
    """Make a folder as setup-envtest does."""
    for name, command in zip(PROGRAMS, (parts.etcd, parts.apiserver, parts.kubectl), strict=True):
        file = folder / name
        file.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        file.chmod(0o755)
    return folder


@pytest.mark.parametrize("lost", PROGRAMS)
def test_a_part_that_the_assets_lack_is_named(
    parts: Binaries, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (assets(tmp_path, parts) / lost).unlink()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    with pytest.raises(PartMissing, match=rf"where no program {lost} is; it has to hold .*\.$"):
        find_binary()


def test_a_folder_of_assets_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "gone"))

    with pytest.raises(PartMissing, match="gone, where no program etcd or kube-apiserver or"):
        find_binary()


def inner_run(*names: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run tests of this file in a pytest of their own."""
    left = {key: value for key, value in os.environ.items() if key != "REQUIRE_CONTROL_PLANE"}
    tests = [f"{Path(__file__)}::{name}" for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command, cwd=ROOT, env=left | env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("required", "code", "said"),
    [("", 0, "SKIPPED [1]"), ("1", 1, "REQUIRE_CONTROL_PLANE is set: no control plane")],
)
def test_a_missing_control_plane_is_a_skip_or_where_it_is_required_a_failure(
    required: str, code: int, said: str, tmp_path: Path
):
    name = test_every_request_is_in_the_audit_log.__name__

    done = inner_run(name, KUBEBUILDER_ASSETS=str(tmp_path), REQUIRE_CONTROL_PLANE=required)

    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert "where no program etcd or kube-apiserver or kubectl is" in done.stdout
    assert "real API server" not in done.stdout


def test_assets_are_used_and_what_they_cannot_do_is_skipped_by_name(
    parts: Binaries, tmp_path: Path
):
    able = test_its_processes_listen_on_loopback_only.__name__
    unable = test_what_is_owned_goes_with_its_owner.__name__

    done = inner_run(able, unable, KUBEBUILDER_ASSETS=str(assets(tmp_path, parts)))

    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert "the control plane has no controllers" in done.stdout
    assert "control plane: 2 processes, " in done.stdout, "what was recorded is shown"
    assert "\n1 test ran against a real API server (Kubernetes v1." in done.stdout
