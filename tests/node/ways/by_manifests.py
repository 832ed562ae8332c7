"""The ways that apply manifests: kubectl with one file or with kustomize, and Flux."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import yaml

from ..site import NAME, ROOT
from .way import COLUMN, DEFINITION, NOW, AppliedWay, Body, Version, as_version, shipped, words

__all__ = ["Flux", "Kustomize", "OneFile"]


class OneFile(AppliedWay):
    """`kubectl apply` of the one file of a release."""

    name = "`kubectl apply` of the one file"

    def remove(self) -> None:
        """Delete what is in the file."""
        self.site.plane.kubectl("delete", "-f", str(self._file(NOW)), "--timeout=110s")

    def apply(self, version: Version) -> None:
        """Apply the file of *version*."""
        self.site.plane.kubectl("apply", "-f", str(self._file(version)))

    def _file(self, version: Version) -> Path:
        file = self.folder / f"{version.tag}.yaml"
        if not file.exists():
            file.write_text(words(as_version(shipped(self.site), self.image, version)))
        return file


class Kustomize(AppliedWay):
    """A kustomization of one's own over the shipped manifests."""

    name = "`kubectl apply -k`"

    def remove(self) -> None:
        """Delete what it makes."""
        self.site.plane.kubectl("delete", "-k", str(self._overlay(NOW)), "--timeout=110s")

    def apply(self, version: Version) -> None:
        """Apply the kustomization with the tag of *version*."""
        self.site.plane.kubectl("apply", "-k", str(self._overlay(version)))

    def _overlay(self, version: Version) -> Path:
        folder = self.folder / version.tag
        folder.mkdir(exist_ok=True)
        argument = {"op": "add", "path": "/spec/template/spec/containers/0/args/-",
                    "value": version.argument}  # fmt: skip
        patches = [_patch("Deployment", NAME, argument)]
        if version.later:
            column = {"op": "add", "path": "/spec/versions/0/additionalPrinterColumns/-",
                      "value": COLUMN}  # fmt: skip
            patches.append(_patch("CustomResourceDefinition", DEFINITION, column))
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({
            "resources": [os.path.relpath(ROOT / "deploy" / "manifests", folder)],
            "images": [{"name": NAME, "newName": self.image, "newTag": version.tag}],
            "patches": patches,
        }))  # fmt: skip
        return folder


def _patch(kind: str, name: str, change: Body) -> Body:
    return {"target": {"kind": kind, "name": name}, "patch": json.dumps([change])}


class Flux(AppliedWay):
    """What Flux's kustomize-controller does, by its library."""

    name = "Flux (the library of its kustomize-controller)"

    def remove(self) -> None:
        """Prune everything, as after the Kustomization is deleted."""
        self._run("prune", NOW)

    def apply(self, version: Version) -> None:
        """Apply a revision and wait as Flux waits; going back is a `git revert`."""
        self._run("apply", version)
        self._run("wait", version)

    def _run(self, what: str, version: Version) -> None:
        objects = as_version(shipped(self.site), self.image, version)
        env = os.environ | {"KUBECONFIG": str(self.site.plane.kubeconfig)}
        done = subprocess.run(
            [os.environ["WAYS_FLUX"], what, "120s"], input=words(objects),
            capture_output=True, text=True, check=False, env=env,
        )  # fmt: skip
        assert done.returncode == 0, f"flux {what}: {done.stderr}"
