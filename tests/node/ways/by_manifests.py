"""The ways that apply manifests: kubectl with one file or with kustomize, and Flux."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import yaml

from ..site import NAME, ROOT
from .way import COLUMN, DEFINITION, LATER, NOW, Body, Version, Way, as_version, shipped, words

__all__ = ["Flux", "Kustomize", "OneFile"]


class OneFile(Way):
    """`kubectl apply` of the one file of a release."""

    name = "`kubectl apply` of the one file"

    def install(self) -> None:
        """Apply the file."""
        self._apply(NOW)

    def upgrade(self) -> None:
        """Apply the later file over it."""
        self._apply(LATER)

    def roll_back(self) -> None:
        """Apply the first file again."""
        self._apply(NOW)

    def remove(self) -> None:
        """Delete what is in the file."""
        self.site.plane.kubectl("delete", "-f", str(self._file(NOW)), "--timeout=110s")

    def _apply(self, version: Version) -> None:
        self.site.plane.kubectl("apply", "-f", str(self._file(version)))
        self.site.wait_operator(timeout_s=120)

    def _file(self, version: Version) -> Path:
        file = self.folder / f"{version.tag}.yaml"
        if not file.exists():
            file.write_text(words(as_version(shipped(self.site), self.image, version)))
        return file


class Kustomize(Way):
    """A kustomization of one's own over the shipped manifests."""

    name = "`kubectl apply -k`"

    def install(self) -> None:
        """Apply the kustomization."""
        self._apply(NOW)

    def upgrade(self) -> None:
        """Apply it with the later tag."""
        self._apply(LATER)

    def roll_back(self) -> None:
        """Apply it as it was."""
        self._apply(NOW)

    def remove(self) -> None:
        """Delete what it makes."""
        self.site.plane.kubectl("delete", "-k", str(self._overlay(NOW)), "--timeout=110s")

    def _apply(self, version: Version) -> None:
        self.site.plane.kubectl("apply", "-k", str(self._overlay(version)))
        self.site.wait_operator(timeout_s=120)

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


class Flux(Way):
    """What Flux's kustomize-controller does, by its library."""

    name = "Flux (the library of its kustomize-controller)"

    def install(self) -> None:
        """Apply a first revision and wait as Flux waits."""
        self._go_to(NOW)

    def upgrade(self) -> None:
        """Apply the next revision."""
        self._go_to(LATER)

    def roll_back(self) -> None:
        """Apply the first revision, as after `git revert`."""
        self._go_to(NOW)

    def remove(self) -> None:
        """Prune everything, as after the Kustomization is deleted."""
        self._run("prune", NOW)

    def _go_to(self, version: Version) -> None:
        self._run("apply", version)
        self._run("wait", version)
        self.site.wait_operator(timeout_s=120)

    def _run(self, what: str, version: Version) -> None:
        objects = as_version(shipped(self.site), self.image, version)
        env = os.environ | {"KUBECONFIG": str(self.site.plane.kubeconfig)}
        done = subprocess.run(
            [os.environ["WAYS_FLUX"], what, "120s"], input=words(objects),
            capture_output=True, text=True, check=False, env=env,
        )  # fmt: skip
        assert done.returncode == 0, f"flux {what}: {done.stderr}"
