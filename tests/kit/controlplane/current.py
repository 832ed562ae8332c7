"""
How does the suite run on a cluster that is somebody else's, and leave it as it was?

The cluster of the current kubeconfig context, whose name has to be said besides. What
would change what others have there is refused: an installation that exists, objects
outside the run's own namespaces. What the run makes is noted and removed at its end.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

import yaml

from tests.kit.processes import run_folder, start, stop, wait_for

from .admin import AdminClient
from .build import PartMissing, find_binary
from .cluster import Body, Cluster, NeedsOwnServer
from .traces import CLUSTER_WIDE, Traces

__all__ = ["CurrentCluster", "NotConfirmed", "current_context"]

GONE_S = 180


class NotConfirmed(Exception):
    """Nobody said that the suite may run on this cluster, or something there forbids it."""


def find_kubectl() -> tuple[str, ...]:
    """Return the kubectl of this machine, or else the one of our own control plane."""
    found = shutil.which("kubectl")
    return (found,) if found else tuple(map(str, find_binary().kubectl))


def current_context(kubectl: Sequence[str], *more: str) -> tuple[str, Body]:
    """
    Return the name of the current context, and a kubeconfig that has it alone.

    *more* are flags of kubectl that say where to look.

    Raises:
        PartMissing: There is no current context.
    """
    command = [*kubectl, *more, "config", "view", "--minify", "--raw", "--flatten", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise PartMissing("no current kubeconfig context")
    config: Body = json.loads(done.stdout)
    return config["current-context"], config


class CurrentCluster(Cluster):
    """The cluster of a kubeconfig; a context manager."""

    has_controllers = True
    has_audit = False

    def __init__(self, kubectl: Sequence[str], config: Body) -> None:
        self.kubectl_binary = tuple(kubectl)
        self._entry: Body = config["clusters"][0]["cluster"]
        self.url = self._entry["server"]
        self.folder = run_folder()
        # A copy: whoever changes the current context meanwhile changes nothing here.
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self._traces = Traces()
        self._proxy: subprocess.Popen[bytes] | None = None

    @classmethod
    def confirmed(cls, said: str | None) -> Self:
        """
        Take the cluster of the current context, if *said* is its name.

        Raises:
            NotConfirmed: It is not.
            PartMissing: There is no current context.
        """
        kubectl = find_kubectl()
        name, config = current_context(kubectl)
        if said != name:
            where = config["clusters"][0]["cluster"]["server"]
            raise NotConfirmed(
                f"--cluster current would install this operator's kinds and rights on {where}, "
                f"the cluster of the context {name}; to mean it, say --cluster-context={name}"
            )
        return cls(kubectl, config)

    def __enter__(self) -> Self:
        socket = self.folder / "admin.sock"
        command = (*self.kubectl_command, "proxy", f"--unix-socket={socket}")
        self._proxy = start(command, log=self.folder / "proxy.log", env=os.environ)
        self._client = AdminClient.by_socket(socket)
        try:
            wait_for(socket.exists, "kubectl proxy")
            self.version: str = self._client.read("/version")["gitVersion"]
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._remove()
        finally:
            self._close()

    def _close(self) -> None:
        self._client.close()
        stop(self._proxy)
        shutil.rmtree(self.folder, ignore_errors=True)

    # What it is ----------------------------------------------------------

    @property
    def ca_file(self) -> Path:
        """The authorities of the API server."""
        data = self._entry.get("certificate-authority-data")
        if data is None:
            raise NeedsOwnServer("needs a kubeconfig with the cluster's certificate authority")
        path = self.folder / "ca.crt"
        if not path.exists():
            path.write_bytes(base64.b64decode(data))
        return path

    @property
    def issuer(self) -> str:
        """The issuer of this cluster's tokens."""
        found: str = self._client.read("/.well-known/openid-configuration")["issuer"]
        return found

    @property
    def issuer_ca(self) -> Path:
        """The authorities by which whoever checks this cluster's tokens reads its issuer."""
        address = f"{self.issuer}/.well-known/openid-configuration"
        context = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with urllib.request.urlopen(address, context=context, timeout=5):
                return self.ca_file
        except (urllib.error.URLError, OSError) as error:
            words = "needs an issuer of tokens that everybody can read from here"
            raise NeedsOwnServer(words) from error

    def _server(self, server: str | None) -> Body:
        if server not in {None, self.url}:
            raise NeedsOwnServer("needs a proxy before the API server")
        return self._entry

    # What is made --------------------------------------------------------

    def install(self, kustomization: Path) -> None:
        """
        Apply what is shipped, with no pod of the operator's.

        Raises:
            NotConfirmed: Some of it is there already: somebody's installation.
        """
        bodies = list(yaml.safe_load_all(self.kubectl("kustomize", str(kustomization))))
        for body in bodies:
            kind, name = body["kind"].lower(), body["metadata"]["name"]
            if kind in CLUSTER_WIDE and self._is_there(kind, name):
                raise NotConfirmed(
                    f"there is a {kind} {name} in this cluster: an operator is installed there"
                )
            if kind == "deployment":
                body["spec"]["replicas"] = 0
        self.apply(*bodies)

    def apply(self, *bodies: Body) -> None:
        """Apply *bodies* as admin, where they are the run's own."""
        self._check(bodies)
        super().apply(*bodies)

    def make_namespace(self, name: str) -> None:
        """Make a namespace."""
        super().make_namespace(name)
        self._traces.note("namespace", name)

    def _run(self, *args: str, stdin: str | None) -> subprocess.CompletedProcess[str]:
        if stdin and not any(each.startswith("--dry-run") for each in args):
            self._check(_documents(stdin))
        self._traces.check_command(args, self._is_there)
        return super()._run(*args, stdin=stdin)

    def _check(self, bodies: Iterable[Body]) -> None:
        for body in bodies:
            self._traces.check(body, self._is_there)

    def _is_there(self, kind: str, name: str) -> bool:
        return self.get(kind, name) is not None

    def _remove(self) -> None:
        """Remove what the run made, and wait until it is gone."""
        for command in self._traces.farewell(self._finalized):
            super()._run(*command, stdin=None)
        for kind, name in self._traces.made:
            wait_for(
                lambda kind=kind, name=name: self._gone(kind, name),
                f"{kind} {name} gone from the cluster; remove it by hand",
                timeout_s=GONE_S,
                every_s=0.5,
            )

    def _gone(self, kind: str, name: str) -> bool:
        done = super()._run("get", kind, name, "--ignore-not-found", "-o", "name", stdin=None)
        return done.returncode == 0 and not done.stdout.strip()

    def _finalized(self, kind: str) -> list[Body]:
        """Return all objects of *kind* that somebody holds by a finalizer."""
        done = super()._run("get", kind, "-A", "-o", "json", stdin=None)
        items: list[Body] = json.loads(done.stdout)["items"] if done.returncode == 0 else []
        return [each for each in items if each["metadata"].get("finalizers")]

    # What only an API server of one's own can do ------------------------

    def _own(self, what: str) -> NoReturn:
        raise NeedsOwnServer(f"needs an API server of the suite's own: {what}")

    def audit(self) -> list[Any]:
        self._own("its audit log")

    def server_pair(self, name: str) -> Any:
        self._own(f"a proxy before it ({name})")

    def start_apiserver(self) -> None:
        self._own("starting it")

    def stop_apiserver(self) -> None:
        self._own("stopping it")

    def snapshot(self, name: str) -> None:
        self._own(f"a copy of what it stored ({name})")

    def restore(self, name: str) -> None:
        self._own(f"a copy of what it stored ({name})")


def _documents(stdin: str) -> list[Body]:
    found = [each for each in yaml.safe_load_all(stdin) if isinstance(each, dict)]
    return [one for each in found for one in each.get("items", [each])]
