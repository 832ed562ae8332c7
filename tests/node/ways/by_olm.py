"""
The bundle for OLM, as far as it goes without OLM.

What OLM makes out of a bundle is made here from its files: the Deployment and
the rights of the ClusterServiceVersion, and the other objects beside it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from tests.kit.operating import NAMESPACE

from ..site import NAME, ROOT
from .way import NOW, AppliedWay, Body, Version, as_version, words

__all__ = ["Bundle"]

RBAC = "rbac.authorization.k8s.io"


class Bundle(AppliedWay):
    """The objects of the bundle, applied as OLM applies them: server-side."""

    name = "the objects of the OLM bundle"

    def remove(self) -> None:
        """Delete everything; OLM itself keeps definitions and namespace."""
        said = words(self._objects(NOW))
        self.site.plane.kubectl("delete", "-f", "-", "--timeout=110s", stdin=said)

    def apply(self, version: Version) -> None:
        """Apply what the bundle of *version* asks for; OLM itself never goes back."""
        said = words(self._objects(version))
        self.site.plane.kubectl("apply", "--server-side", "-f", "-", stdin=said)

    def _objects(self, version: Version) -> list[Body]:
        folder = self.folder / version.tag
        if not folder.exists():
            image = f"--image={self.image}:{version.tag}"
            tool = str(ROOT / "tools" / "bundle.py")
            command = (sys.executable, tool, "0.9.0", str(folder), image)
            subprocess.run(command, check=True, capture_output=True)
        files = sorted((folder / "bundle" / "manifests").iterdir())
        return as_version(list(made_of(yaml.safe_load(each.read_text()) for each in files)),
                          self.image, version)  # fmt: skip


def made_of(bundle: Iterator[Body]) -> Iterator[Body]:
    """Yield what OLM makes out of the objects of a bundle."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    for each in bundle:
        if each["kind"] == "ClusterServiceVersion":
            yield from _installed(each["spec"]["install"]["spec"])
        else:
            if each["kind"] in {"Service", "PodDisruptionBudget"}:
                each["metadata"]["namespace"] = NAMESPACE
            yield each


def _installed(asked: Body) -> Iterator[Body]:
    for each in asked["clusterPermissions"]:
        yield from _bound("ClusterRole", each, {})
    for each in asked["permissions"]:
        yield from _bound("Role", each, {"namespace": NAMESPACE})
        yield _named("v1", "ServiceAccount", each["serviceAccountName"])
    for each in asked["deployments"]:
        yield _named("apps/v1", "Deployment", each["name"]) | {"spec": each["spec"]}


def _bound(kind: str, asked: Body, where: dict[str, str]) -> Iterator[Body]:
    meta = {"metadata": {"name": f"{NAME}-{kind.lower()}", **where}}
    api = {"apiVersion": f"{RBAC}/v1"}
    account = {"kind": "ServiceAccount", "name": asked["serviceAccountName"],
               "namespace": NAMESPACE}  # fmt: skip
    role = {"apiGroup": RBAC, "kind": kind, "name": meta["metadata"]["name"]}
    yield {**api, "kind": kind, **meta, "rules": asked["rules"]}
    yield {**api, "kind": f"{kind}Binding", **meta, "roleRef": role, "subjects": [account]}


def _named(api: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}}
