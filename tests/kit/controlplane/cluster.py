"""
What does every cluster offer to tests, whoever started it?

kubectl, and a client that looks at objects many times a second. What only the
suite's own control plane can do (restarts, flags, the audit log) is asked of
every cluster too, and refused by name where the cluster is somebody else's.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from .admin import AdminClient

__all__ = ["Cluster", "NeedsOwnServer"]

Body = dict[str, Any]


class NeedsOwnServer(Exception):
    """A test asked for something that only an API server of the suite's own can do."""


class Cluster:
    """A cluster that answers, and its admin."""

    # Whether what was asked of the API server can be read afterwards.
    has_audit = True
    folder: Path
    kubeconfig: Path
    url: str
    kubectl_binary: tuple[str, ...]
    _client: AdminClient

    @property
    def issuer_ca(self) -> Path:
        """The authorities by which whoever checks this cluster's tokens reads its issuer."""
        raise NotImplementedError

    @property
    def kubectl_command(self) -> list[str]:
        """The kubectl of this cluster, as admin."""
        return [*self.kubectl_binary, "--kubeconfig", str(self.kubeconfig)]

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl as admin and return its output."""
        done = self._run(*args, stdin=stdin)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def kubectl_refused(self, *args: str, stdin: str | None = None) -> str:
        """Run kubectl, expect it to be refused, and return what it said."""
        done = self._run(*args, stdin=stdin)
        assert done.returncode, f"kubectl {' '.join(args)} was not refused: {done.stdout}"
        return done.stderr

    def kubectl_answer(self, *args: str, stdin: str | None = None) -> str | None:
        """Run kubectl as admin; return None where it was done, else what it said."""
        done = self._run(*args, stdin=stdin)
        return done.stderr if done.returncode else None

    def _run(self, *args: str, stdin: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.kubectl_command, *args],
            input=stdin, capture_output=True, text=True, check=False, timeout=120,
            # It is gone before it could fill the memory; collecting is a quarter of its work.
            env=os.environ | {"GOGC": "off"},
        )  # fmt: skip

    def install(self, kustomization: Path) -> None:
        """Apply what is shipped; the operator itself is a process of the test."""
        self.kubectl("apply", "-k", str(kustomization))

    def apply(self, *bodies: Body) -> None:
        """Apply *bodies* as admin, in order: new ones over HTTP, kubectl merges the others."""
        there = [each for each in bodies if not self._client.create(each)]
        if there:
            # JSON: kubectl reads YAML's words like `y` as booleans.
            listed = {"apiVersion": "v1", "kind": "List", "items": there}
            self.kubectl("apply", "-f", "-", stdin=json.dumps(listed))

    def delete(self, kind: str, *names: str, namespace: str | None = None) -> None:
        """Ask for deletions and do not wait for them; no name: all of *kind* in *namespace*."""
        for name in names or self._client.names(kind, namespace):
            self._client.delete(kind, name, namespace)

    def make_namespace(self, name: str) -> None:
        """Make a namespace."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        assert self._client.create(body), f"there is a namespace {name} already"

    def serves(self, kind: str) -> bool:
        """Tell whether this version of Kubernetes serves *kind*."""
        return self._client.knows(kind)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Body | None:
        """Return one object, or None."""
        return self._client.get(kind, name, namespace)

    def service_account_kubeconfig(
        self, namespace: str, name: str, *, server: str | None = None
    ) -> Path:
        """Write a kubeconfig that is this ServiceAccount, by a real token, and return it."""
        token = self.kubectl("create", "token", name, "-n", namespace, "--duration=4h").strip()
        port = (server or self.url).rpartition(":")[2]
        path = self.folder / f"kubeconfig-{namespace}-{name}-{port}"
        self._write_config(path, {"token": token}, server=server)
        return path

    def _server(self, server: str | None) -> Body:
        """Return the cluster's entry in a kubeconfig, at *server* or where it is."""
        raise NotImplementedError

    def _write_config(self, path: Path, user: Body, *, server: str | None = None) -> None:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": self._server(server)}],
            "users": [{"name": "local", "user": user}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config))
