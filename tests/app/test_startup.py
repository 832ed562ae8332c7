"""What does the operator say when it cannot begin, and does it need to be somebody?"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.kit.controlplane import ControlPlane
from tests.kit.operating import ACCOUNT, NAMESPACE
from tests.kit.processes import free_port, start, stop, wait_for

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("quayrobot")
QUICK = "--start-timeout-s=1"


def ended(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the operator with nothing in its environment; it has to end by itself."""
    return subprocess.run(
        [PROGRAM, "run", "--bind-address=127.0.0.1", f"--health-port={free_port()}",
         f"--metrics-port={free_port()}", "--log-level=error", *flags],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def assert_plain(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with one line that says what and what helps, and nothing else."""
    (line,) = done.stderr.splitlines()

    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith("error: ")
    assert all(each in line for each in words), line


def kubeconfig_for(port: int, folder: Path) -> Path:
    path = folder / "kubeconfig"
    named = {"cluster": {"server": f"https://127.0.0.1:{port}"}, "name": "x"}
    context = {"context": {"cluster": "x", "user": "x"}, "name": "x"}
    user = {"user": {"token": "nobody"}, "name": "x"}
    body = {"clusters": [named], "contexts": [context], "users": [user], "current-context": "x"}
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **body}))
    return path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def empty(own_control_plane: ControlPlane) -> ControlPlane:
    """A cluster that has the operator's account, and nothing else of it."""
    own_control_plane.kubectl("create", "namespace", NAMESPACE)
    own_control_plane.kubectl("-n", NAMESPACE, "create", "serviceaccount", ACCOUNT)
    return own_control_plane


def test_a_port_that_is_taken(taken, tmp_path):
    kubeconfig = kubeconfig_for(free_port(), tmp_path)

    done = ended(f"--kubeconfig={kubeconfig}", f"--health-port={taken}")

    assert_plain(done, f"port {taken} is taken", "--health-port")


def test_an_address_that_is_nobodys(tmp_path):
    kubeconfig = kubeconfig_for(free_port(), tmp_path)

    done = ended(f"--kubeconfig={kubeconfig}", "--bind-address=203.0.113.1")

    assert_plain(done, "203.0.113.1", "--bind-address")


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        pytest.param(["--kubeconfig=/nowhere"], {}, id="named by a flag"),
        pytest.param([], {"KUBECONFIG": "/nowhere"}, id="named by the environment"),
        pytest.param([], {}, id="not named at all"),
        pytest.param([], {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}, id="a pod without a token"),
        pytest.param(["--kubeconfig=/etc/passwd"], {}, id="something else"),
    ],
)
def test_a_kubeconfig_that_is_not_there(flags, environment, tmp_path):
    done = ended(*flags, HOME=str(tmp_path), **environment)

    assert_plain(done, "kubeconfig", "--kubeconfig")


def test_a_context_that_is_not_there(tmp_path):
    kubeconfig = kubeconfig_for(free_port(), tmp_path)

    assert_plain(
        ended(f"--kubeconfig={kubeconfig}", "--context=other"), "kubeconfig", "no context other"
    )


def test_an_api_server_that_is_not_there(tmp_path):
    port = free_port()

    done = ended(f"--kubeconfig={kubeconfig_for(port, tmp_path)}", QUICK)

    assert_plain(done, "cannot be reached", f"https://127.0.0.1:{port}", "--kubeconfig")


def test_first_definitions_then_rights_are_missing(empty):
    kubeconfig = empty.service_account_kubeconfig(NAMESPACE, ACCOUNT)

    without_kinds = ended(f"--kubeconfig={kubeconfig}", QUICK)
    empty.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    empty.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    without_rights = ended(f"--kubeconfig={kubeconfig}", QUICK)
    empty.kubectl("delete", "clusterrolebinding", "system:discovery")
    without_discovery = ended(f"--kubeconfig={kubeconfig}", QUICK)

    assert_plain(without_kinds, "quayrobots.quayrobot.io", "kubectl apply -k deploy/crds")
    assert_plain(without_rights, "may not list", "kubectl apply -k deploy/manifests")
    assert_plain(without_discovery, "may not read the list of kinds", "system:discovery")


def test_a_token_that_the_api_server_does_not_know(control_plane, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    body = yaml.safe_load(control_plane.kubeconfig.read_text())
    body["users"][0]["user"] = {"token": "nobody"}
    kubeconfig.write_text(yaml.safe_dump(body))

    done = ended(f"--kubeconfig={kubeconfig}", QUICK)

    assert_plain(done, "status 401", "knows this account")


def test_wrong_usage_is_another_status(tmp_path):
    assert ended("--workers=many").returncode == 2
    assert ended("--log-level=loud").returncode == 2


NOBODY = """
mount --bind /dev/null /etc/passwd
mount --bind "$1" /tmp
mount -o remount,bind,ro /
shift
exec env -i "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_the_program_needs_no_name_no_home_and_no_folder_but_tmp(control_plane, tmp_path):
    control_plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    log, port = tmp_path / "log", free_port()
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / "kubeconfig").write_text(embedded(control_plane.kubeconfig))
    command = [
        str(PROGRAM), "run", "--kubeconfig=/tmp/kubeconfig", "--bind-address=127.0.0.1",
        f"--health-port={port}", f"--metrics-port={port}", "--cluster-id=nobodys",
    ]  # fmt: skip
    process = start(["unshare", "--mount", "sh", "-ec", NOBODY, "sh", str(folder), *command],
                    log=log)  # fmt: skip
    try:
        wait_for(lambda: process.poll() is not None or answers(port), "it to be ready")
        assert process.poll() is None, log.read_text()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        stop(process)


def embedded(kubeconfig: Path) -> str:
    """Return the kubeconfig with the content of the files that it names."""
    body = yaml.safe_load(kubeconfig.read_text())
    for part in (body["clusters"][0]["cluster"], body["users"][0]["user"]):
        for key in [each for each in part if each.startswith(("client-", "certificate-"))]:
            content = Path(part.pop(key)).read_bytes()
            part[f"{key}-data"] = base64.b64encode(content).decode()
    return yaml.safe_dump(body)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
