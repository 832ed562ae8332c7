"""
How does everything stand on one node?

A control plane that pods can reach, the machine as its node, a Quay whose
registry has the images, and the shipped manifests with nothing changed but the
image's name.
"""

from __future__ import annotations

import base64
import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import yaml

from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation
from tests.kit.operating import NAMESPACE, USER, OperatorProcess
from tests.kit.packing import packed
from tests.kit.processes import wait_for

from .images import size_of
from .machine import PAUSE, Machine, NodePlane
from .namespaces import ADDRESS
from .parts import run
from .shown import Shown

__all__ = ["NAME", "ROOT", "RULE", "Body", "Site"]

ROOT = Path(__file__).parents[2]
PORT = 8443
NAME = "quay-robot-operator"
# What the connection of these tests allows.
RULE = {"namespaces": {}, "organizations": ["*"], "robotNames": ["*"], "federation": True}
Body = dict[str, Any]


class NodeHouse(Installation):
    """An installation whose operator is a pod."""

    ca: str = ""

    def cluster_connection(self, name: str = "default", **changes: Any) -> None:
        """Apply a ClusterQuayConnection to our Quay, which has a CA of its own."""
        own = {"allowPlaintext": False, "caBundle": self.ca}
        super().cluster_connection(name, **(own | changes))


class Site:
    """The node and all that is on it; a context manager."""

    def __init__(self, folder: Path, shown: Shown, *, operated: bool = True) -> None:
        """Take *operated* as whether the shipped manifests are applied from the start."""
        self.shown, self._folder, self._operated = shown, folder, operated
        self.plane = NodePlane(Path(os.environ["NODE_BINARY"]))
        self.machine = Machine(self.plane, folder / "machine")
        pair = self.plane.server_pair("quay")
        self.quay = FakeQuay(
            tls_cert=pair.certificate,
            tls_key=pair.key,
            host=ADDRESS,
            port=PORT,
            authority=self.plane.ca_file,
        )
        self.registry = f"{ADDRESS}:{PORT}"
        self.image = f"{self.registry}/infra/{NAME}:node"
        self.program = Path(os.environ["NODE_PAUSE"])

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        (self._folder / "machine").mkdir()
        step = self.shown.step
        with step("API server, scheduler, controller-manager"):
            self.plane.start()
        with step("containerd and kubelet: node Ready"):
            pause = packed(self._folder / "pause.tar", PAUSE, self.program)
            self.machine.start(pause)
        with step("images pushed to the registry"):
            self._fill_registry()
        if self._operated:
            with step("manifests applied to operator Ready"):
                self._install()

    def _stop(self) -> None:
        self.machine.stop()
        self.quay.down()
        self.plane.stop()

    def _fill_registry(self) -> None:
        self.quay.up()
        self.quay.double.state.make_robot_token = robot_token
        self.quay.admin("settings", hostname=self.registry, oidc_ca=str(self.plane.ca_file))
        self.machine.trust(self.registry, self.plane.ca_file)
        self.quay.admin("organization", name="infra")
        # What everybody may pull; teams' own images are private.
        self.quay.admin("repository", namespace="infra", name=NAME, public=True)
        image = Path(os.environ["NODE_IMAGE"])
        self.shown.value(f"layers of the image, the base included: {size_of(image) / 1e6:.0f} MB")
        self.push(image, f"infra/{NAME}:node")
        token = self.quay.admin("token", value=oauth_token())
        nobody = OperatorProcess(Path("/nowhere"), self._folder)
        self.house = NodeHouse(self.plane, self.quay, nobody, token)
        self.house.ca = self.plane.ca_file.read_text()

    def push(self, archive: Path, name: str) -> None:
        """Push an image as somebody who may: a robot that exists for this moment."""
        owner, _, rest = name.partition("/")
        robot, repository = f"{owner}+pusher", f"{owner}/{rest.partition(':')[0]}"
        token = robot_token()
        self.quay.admin("robot", name=robot, token=token)
        self.quay.admin("grant", repository=repository, user=robot, role="write")
        pair = base64.b64encode(f"{robot}:{token}".encode()).decode()
        auth = self._folder / "auth.json"
        auth.write_text(json.dumps({"auths": {self.registry: {"auth": pair}}}))
        run(("skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
             "--authfile", str(auth), f"docker-archive:{archive}",
             f"docker://{self.registry}/{name}"))  # fmt: skip
        auth.unlink()
        self.quay.admin("robot/delete", name=robot)

    def _install(self) -> None:
        own = self._folder / "own"
        own.mkdir()
        (own / "kustomization.yaml").write_text(yaml.safe_dump({
            "resources": [os.path.relpath(ROOT / "deploy" / "manifests", own)],
            "images": [{"name": NAME, "newName": self.image.rpartition(":")[0],
                        "newTag": "node"}],
        }))  # fmt: skip
        self.plane.kubectl("apply", "-k", str(own))
        self.wait_operator(timeout_s=120)
        self.began, self.since = time.monotonic(), len(self.plane.audit())
        self.first_pods = [each["metadata"]["uid"] for each in self.pods()]
        self._measure_start()
        self.house.cluster_connection(access=[RULE])

    def _measure_start(self) -> None:
        times = []
        for pod in self.pods():
            seen = {each["type"]: each for each in pod["status"]["conditions"]}
            ready = datetime.fromisoformat(seen["Ready"]["lastTransitionTime"])
            (status,) = pod["status"]["containerStatuses"]
            begun = datetime.fromisoformat(status["state"]["running"]["startedAt"])
            times.append((ready - begun).total_seconds())
        used = max(self.machine.memory(each)["rss"] for each in self.first_pods)
        self.shown.value(f"container's start to Ready: {max(times):.0f} s")
        self.shown.value(f"RSS at the start: {used / 2**20:.0f} MB")

    # The operator -------------------------------------------------------

    def pods(self, namespace: str = NAMESPACE) -> list[Body]:
        """Return the pods of *namespace* that are not on their way out."""
        raw = self.plane.kubectl("get", "pods", "-n", namespace, "-o", "json")
        found: list[Body] = json.loads(raw)["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    def restarts(self) -> dict[str, int]:
        """Return how often the containers of each of the operator's pods began anew."""
        return {
            each["metadata"]["uid"]: sum(
                one["restartCount"] for one in each["status"]["containerStatuses"]
            )
            for each in self.pods()
        }

    def leader(self) -> Body:
        """Return the operator's pod that works."""
        lease = self.plane.get("lease", NAME, NAMESPACE) or {}
        name = lease.get("spec", {}).get("holderIdentity", "").rpartition("_")[0]
        found = [each for each in self.pods() if each["metadata"]["name"] == name]
        assert found, f"nobody leads: {lease.get('spec')}"
        return found[0]

    def wait_operator(self, timeout_s: float = 60) -> None:
        """Wait until all replicas of the present Deployment are Ready, and one of them leads."""
        timeout = f"--timeout={timeout_s:.0f}s"
        try:
            self.plane.kubectl("rollout", "status", f"deployment/{NAME}", "-n", NAMESPACE, timeout)
            wait_for(self._led, "a leader", timeout_s=20, every_s=0.2)
        except AssertionError:
            raise AssertionError(f"the operator is not Ready: {self.words()}") from None

    def _led(self) -> bool:
        try:
            return bool(self.leader())
        except AssertionError:
            return False

    def words(self) -> str:
        """Return what is known of the operator when something is wrong."""
        states = [each["status"] for each in self.pods()]
        events = self.plane.kubectl("get", "events", "-n", NAMESPACE)
        return f"{json.dumps(states)[-1500:]}\n{events[-1500:]}\n{self.log()[-3000:]}"

    def log(self) -> str:
        """Return what the operator said, in all its pods."""
        return self.machine.logs(NAMESPACE, NAME)

    def failed_calls(self, since: int = 0) -> list[str]:
        """Return the operator's calls to the API server that were answered with 401 or 403."""
        return [
            f"{each.verb} {each.uri} {each.code}"
            for each in self.plane.audit()[since:]
            if (each.user == USER or each.code == 401) and each.code in {401, 403}
        ]
