"""
How does this place become a node?

containerd with runc, the kubelet, the scheduler and the whole
controller-manager, as processes of the run, beside a control plane that listens
where pods find it. Only inside the namespaces that `make node` makes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.kit.controlplane.certificates import Authority
from tests.kit.controlplane.plane import ControlPlane
from tests.kit.processes import start, stop, wait_for

from .namespaces import ADDRESS, ADDRESS_6, NODE, SERVICE_ADDRESS
from .parts import run

__all__ = ["PAUSE", "Machine", "NodePlane"]

PAUSE = "localhost/pause:node"
SOCKET = "/run/containerd/containerd.sock"


class NodePlane(ControlPlane):
    """A control plane that pods can reach, with the controllers that run them."""

    def __init__(self, binary: Path) -> None:
        super().__init__(port=443, addresses=(ADDRESS, SERVICE_ADDRESS, ADDRESS_6))
        self.binary = binary

    def node_kubeconfig(self) -> Path:
        """Return the kubelet's kubeconfig: it may see what concerns its pods."""
        path = self.folder / "kubeconfig-kubelet"
        self._write_kubeconfig(path, self._authority.client(f"system:node:{NODE}", "system:nodes"))
        return path

    def announce_authority(self) -> str:
        """Let everybody believe a second CA beside the first, and return its certificate."""
        folder = self.folder / "second"
        folder.mkdir()
        self._second = Authority(folder, "second-test-ca")
        added = self._second.file.read_text()
        self.ca_file.write_text(self.ca_file.read_text() + added)
        for context in self._contexts:
            context.load_verify_locations(cafile=self.ca_file)
        for name in ("controllers", "scheduler"):
            stop(self._processes[name], grace_s=2)
        self._start_controllers()
        return added

    def show_authority(self) -> None:
        """Start the API server anew, with a certificate of the second CA."""
        self._server_pair = self._second.server("apiserver", self._addresses)
        self.stop_apiserver()
        self.start_apiserver()

    def _apiserver_flags(self) -> tuple[str, ...]:
        ours = {
            "--bind-address": "::",
            # Its first address is that of the Service `kubernetes`.
            "--service-cluster-ip-range": "10.96.0.0/24",
        }
        flags = (each.partition("=") for each in super()._apiserver_flags())
        own = tuple(f"{key}={ours.get(key, value)}" for key, _, value in flags)
        return (*own, f"--advertise-address={ADDRESS}")

    def _start_controllers(self) -> None:
        flags = {
            "kubeconfig": self.kubeconfig,
            "root-ca-file": self.ca_file,
            "service-account-private-key-file": self._signing_key,
            "use-service-account-credentials": "true",
            "leader-elect": "false",
            "bind-address": "127.0.0.1",
            "flex-volume-plugin-dir": self.folder / "flex",
        }
        own = (str(self.binary), "kube-controller-manager")
        self._start("controllers", (*own, *_flags(flags)))
        own = (str(self.binary), "kube-scheduler")
        flags = {key: flags[key] for key in ("kubeconfig", "leader-elect", "bind-address")}
        self._start("scheduler", (*own, *_flags(flags)))


class Machine:
    """The node: containerd and the kubelet."""

    def __init__(self, plane: NodePlane, folder: Path) -> None:
        self._plane, self._folder = plane, folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._kubeconfig: Path | None = None

    def start(self, pause: Path) -> None:
        """Start everything and wait until the node is Ready."""
        self._start("containerd", "--config", str(self._containerd_config()))
        wait_for(lambda: Path(SOCKET).exists() and self.ctr("version"), "containerd")
        self.ctr("images", "import", str(pause))
        config = self._folder / "kubelet.yaml"
        config.write_text(yaml.safe_dump(self._kubelet_config()))
        self.start_kubelet()
        wait_for(self._ready, f"the node (see {self._folder}/*.log)", timeout_s=60, every_s=0.2)

    def start_kubelet(self) -> None:
        """Start the kubelet; one that runs ends before, and its pods stay."""
        config = self._folder / "kubelet.yaml"
        if self._kubeconfig is None:
            self._kubeconfig = self._plane.node_kubeconfig()
        else:
            stop(self._processes.pop(), grace_s=5)
        self._start(
            str(self._plane.binary), "kubelet", f"--config={config}", f"--node-ip={ADDRESS}",
            f"--kubeconfig={self._kubeconfig}", f"--hostname-override={NODE}",
            f"--root-dir={self._folder / 'kubelet'}", f"--cert-dir={self._folder / 'pki'}",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop what was started; pods end with the namespaces."""
        for each in reversed(self._processes):
            stop(each, grace_s=2)

    def trust(self, registry: str, authority: Path) -> None:
        """Let the node believe the certificates of *authority* of *registry*."""
        place = self._folder / "certs.d" / registry
        place.mkdir(parents=True, exist_ok=True)
        host = f'server = "https://{registry}"\n[host."https://{registry}"]\nca = "{authority}"\n'
        (place / "hosts.toml").write_text(host)

    def ctr(self, *words: str) -> str:
        """Run containerd's own client where the kubelet's images are."""
        return run(("ctr", "--address", SOCKET, "--namespace", "k8s.io", *words), timeout_s=120)

    def logs(self, namespace: str, pod: str) -> str:
        """Return what the containers of pods whose names begin with *pod* wrote."""
        found = sorted((self._folder / "pods").glob(f"{namespace}_{pod}*/*/*.log"))
        return "".join(each.read_text(errors="replace") for each in found)

    def memory(self, uid: str) -> dict[str, int]:
        """Return what the memory group of a pod says: in use now, and at most."""
        (group,) = Path("/sys/fs/cgroup/memory/kubepods").rglob(f"pod{uid}")
        said = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        most = int((group / "memory.max_usage_in_bytes").read_text())
        return {"rss": int(said["total_rss"]), "most": most}

    def _start(self, *command: str) -> None:
        name = Path(command[1] if command[0].startswith(str(self._plane.binary)) else command[0])
        process = start(command, log=self._folder / f"{name.name}.log", env=os.environ)
        self._processes.append(process)

    def _ready(self) -> bool:
        node = self._plane.get("node", NODE)
        conditions = (node or {}).get("status", {}).get("conditions", ())
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _containerd_config(self) -> Path:
        networks = self._folder / "net.d"
        networks.mkdir()
        bridge: dict[str, Any] = {
            "cniVersion": "1.0.0",
            "name": "node",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "node0",
                    "isGateway": True,
                    "ipam": {
                        "type": "host-local",
                        "ranges": [[{"subnet": "10.200.0.0/16", "gateway": ADDRESS,
                                     "rangeStart": "10.200.1.1"}],
                                   [{"subnet": "fd00:200::/64", "gateway": ADDRESS_6,
                                     "rangeStart": "fd00:200::1:1"}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                        "dataDir": str(self._folder / "ipam"),
                    },
                }
            ],
        }  # fmt: skip
        (networks / "node.conflist").write_text(json.dumps(bridge))
        path = self._folder / "containerd.toml"
        path.write_text(CONTAINERD.format(folder=self._folder, networks=networks, pause=PAUSE))
        return path

    def _kubelet_config(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(self._plane.ca_file)},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "address": "127.0.0.1",
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            # Both are the whole machine's.
            "protectKernelDefaults": True,
            "oomScoreAdj": 0,
            "resolvConf": "",
            "volumePluginDir": str(self._folder / "volumeplugins"),
            "podLogsDir": str(self._folder / "pods"),
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%",
                             "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
            "maxPods": 100,
            "syncFrequency": "5s",
            "nodeStatusUpdateFrequency": "5s",
            "serializeImagePulls": False,
        }  # fmt: skip


CONTAINERD = """\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # A right that raises it is missing where this runs.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{networks}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"
"""


def _flags(values: dict[str, Any]) -> list[str]:
    return [f"--{key}={value}" for key, value in values.items()]
