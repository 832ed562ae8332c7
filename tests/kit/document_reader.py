"""How does a test do what a document tells users to do?"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

from tests.kit.canary import oauth_token
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for

ROOT = Path(__file__).parents[2]
EXAMPLES = Path("deploy", "examples")
IMAGE = "registry.example.com/infra/quay-robot-operator:0.1.0"
URL = re.compile(r"^( *)url: https://quay\.example\.com(:\d+)?$", re.MULTILINE)
FENCED = r"^ *```sh\n(.*?)^ *```$"
ROBOT = "acme+default-puller"


def blocks(text: str) -> list[str]:
    """Return the shell blocks of *text*, as they stand."""
    found = re.findall(FENCED, text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(each) for each in found]


def quickstart() -> str:
    """Return the shell block of the README's quickstart."""
    text = (ROOT / "README.md").read_text()
    _before, section = text.split("\n## Quickstart for a cluster\n")
    (block,) = blocks(section.split("\n## ")[0])
    return block


def typed(page: str) -> str:
    """Return what a reader of docs/*page* types and applies, one block after the other."""
    text = (ROOT / "docs" / page).read_text()
    found = re.findall(r"^```(sh|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    applied = "kubectl apply -f - <<'YAML'\n{}YAML\n"
    return "".join(block if kind == "sh" else applied.format(block) for kind, block in found)


def uninstall(name: str) -> str:
    """Return a marked shell block of docs/uninstall.md."""
    text = (ROOT / "docs" / "uninstall.md").read_text()
    _before, marked = text.split(f"<!-- {name}:begin -->")
    (block,) = blocks(marked.split(f"<!-- {name}:end -->")[0])
    return block


def for_double(text: str, quay: FakeQuay) -> str:
    """Return *text* with the double's address, and nothing else changed."""
    changed, times = URL.subn(rf"\1url: {quay.url}\n\1allowPlaintext: true", text)
    assert times, "no registry's address was found"
    return changed


class Reader:
    """A user with a shell, in which `kubectl` leads to the cluster of the test."""

    def __init__(self, plane: ControlPlane, quay: FakeQuay, folder: Path) -> None:
        self.plane, self.quay = plane, quay
        self.operator: OperatorProcess | None = None
        self._folder = folder
        kubectl = folder / "bin" / "kubectl"
        kubectl.parent.mkdir()
        kubectl.write_text(f'#!/bin/sh\nexec {shlex.join(plane.kubectl_command)} "$@"\n')
        kubectl.chmod(0o755)

    def begin(self, script: str, cwd: Path = ROOT, **variables: str) -> Callable[[], str]:
        """Start *script*; the result waits for its end and returns its output."""
        bin_folder = self._folder / "bin"
        env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(self._folder)}
        process = subprocess.Popen(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=cwd,
            env=env | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

        def end() -> str:
            try:
                said, _none = process.communicate(timeout=120)
            finally:
                process.kill()
            assert process.returncode == 0, f"{script}\n{said}"
            return said

        return end

    def run(self, script: str, cwd: Path = ROOT, **variables: str) -> str:
        """Run *script* and return its output."""
        return self.begin(script, cwd, **variables)()

    def start_operator(self) -> None:
        """Do what a kubelet would: run what the Deployment asks for, as who it says."""
        config = self.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        self.operator = OperatorProcess(config, self.plane.folder)
        self.operator.start()

    def install(self) -> str:
        """Follow the README's quickstart, and return what was said."""
        token = self.quay.admin("token", value=oauth_token())
        self.quay.admin("repository", namespace="acme", name="app")
        return self.install_by(quickstart(), token)

    def install_by(self, script: str, token: str) -> str:
        """Run *script*, which applies the Deployment, and return what was said."""
        end = self.begin(for_double(script, self.quay), IMAGE=IMAGE, QUAY_TOKEN=token)
        wait_for(lambda: self._image() == IMAGE, "a Deployment with the image")
        self.start_operator()
        self._roll_out()
        return end()

    def _roll_out(self) -> None:
        """Say what the controller of Deployments would say once the pods are ready."""
        body = self.plane.get("deployment", "quay-robot-operator", NAMESPACE)
        assert body is not None
        kinds = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        counts = dict.fromkeys(kinds, body["spec"]["replicas"])
        status = {"observedGeneration": body["metadata"]["generation"], **counts}
        self.plane.kubectl(
            "patch", "deployment", "quay-robot-operator", "-n", NAMESPACE,
            "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}),
        )  # fmt: skip

    def _image(self) -> str | None:
        found = self.plane.get("deployment", "quay-robot-operator", NAMESPACE) or {}
        containers = found and found["spec"]["template"]["spec"]["containers"]
        return containers[0]["image"] if containers else None

    def names(self, kinds: str, *args: str) -> list[str]:
        """Return the names of all objects of *kinds*."""
        return self.plane.kubectl("get", kinds, *args, "-o", "name").split()

    def ready(self, name: str) -> str:
        """Return the status and the reason of a robot's Ready."""
        body = self.plane.get("quayrobot", name, "default") or {}
        conditions = body.get("status", {}).get("conditions", [])
        ready = [each for each in conditions if each["type"] == "Ready"]
        return f"{ready[0]['status']}/{ready[0]['reason']}" if ready else ""

    def token_secret(self) -> tuple[str, ...]:
        """Return kubectl's words for a Secret with a token of Quay."""
        token = self.quay.admin("token", value=oauth_token())
        return ("secret", "generic", "quay-token", f"--from-literal=token={token}")

    def credential(self) -> tuple[str, str]:
        """Return user and password from the quickstart's Secret."""
        body = self.plane.get("secret", "default-puller", "default")
        assert body is not None
        config = json.loads(base64.b64decode(body["data"][".dockerconfigjson"]))
        (entry,) = config["auths"].values()
        user, _colon, password = base64.b64decode(entry["auth"]).decode().partition(":")
        return user, password

    def assert_nothing_is_left(self) -> None:
        """Hold the cluster against what it was before."""
        assert self.names("crd") == []
        assert "namespace/quay-robot-operator" not in self.names("namespaces")
        ours = self.names("clusterroles,clusterrolebindings")
        assert [each for each in ours if "quay-robot" in each] == []
