"""
How does a pod end where no kubelet runs?

What the pod would run is run beside it, as its ServiceAccount and while its
rights are there, and the pod is told how that ended.
"""

from __future__ import annotations

import json
import threading
from typing import Any, Self

from tests.kit.controlplane import ControlPlane
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for
from tests.kit.shell import Said, Shell


class Kubelet:
    """Does once what a kubelet would do with the pod *name*, with *more* words for its command."""

    def __init__(self, plane: ControlPlane, name: str, *more: str) -> None:
        self._plane, self._name, self._more = plane, name, more
        self.said: Said | None = None
        self.spec: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        plane, name = self._plane, self._name
        pod = wait_for(lambda: plane.get("pod", name, NAMESPACE), "the pod", timeout_s=60)
        assert isinstance(pod, dict)
        self.spec = pod["spec"]
        config = plane.service_account_kubeconfig(NAMESPACE, self.spec["serviceAccountName"])
        [container] = self.spec["containers"]
        self.said = Shell(plane, config).quayrobot(*container["args"], *self._more)
        phase = "Failed" if self.said.code else "Succeeded"
        patch = json.dumps({"status": {"phase": phase}})
        plane.kubectl("patch", "pod", name, "-n", NAMESPACE, "--subresource=status",
                      "--type=merge", "-p", patch)  # fmt: skip
