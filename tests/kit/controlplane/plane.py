"""
How is a control plane of one run started, used and torn down?

etcd, kube-apiserver and the controllers that matter to us, on loopback and
free ports, with certificates of its own. No kubelet: nothing runs in it but
what the API server and its controllers do themselves.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from tests.kit.processes import free_port, run_folder, start, stop, wait_for

from .admin import AdminClient
from .build import Binaries, find_binary
from .certificates import Authority, Pair, service_account_key
from .cluster import Cluster

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted", "Panic"],
    "rules": [{"level": "Metadata"}],
}
DECISION = "authorization.k8s.io/decision"
ISSUER_ROLE = "system:service-account-issuer-discovery"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request that the API server answered; *forbidden*: for want of a right."""

    verb: str
    user: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    uri: str
    answered: datetime
    forbidden: bool = False

    @property
    def write(self) -> bool:
        """Tell whether it was to change something; what is only tried changes nothing."""
        changes = self.verb in {"create", "update", "patch", "delete", "deletecollection"}
        return changes and not self.rehearsal

    @property
    def stored(self) -> bool:
        """Tell whether it changed something: a write that lost to another one did not."""
        return self.write and self.code < 400

    @property
    def rehearsal(self) -> bool:
        """Tell whether it was a dry run: all but stored."""
        return "dryRun=All" in self.uri


class ControlPlane(Cluster):
    """A running control plane; a context manager."""

    def __init__(self, *, port: int | None = None, addresses: Sequence[str] = ()) -> None:
        """Take a free *port* if none is given; *addresses* are those beside loopback."""
        self._binaries: Binaries = find_binary()
        self.folder = run_folder()
        self._port = port or free_port()
        self._etcd_port = free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.issuer = self.url
        self._authority = Authority(self.folder)
        self.ca_file = self._authority.file
        self._signing_key = service_account_key(self.folder)
        self.audit_log = self.folder / "audit.log"
        self._audited: list[AuditEntry] = []
        self._audit_at = 0
        self._starts: list[tuple[datetime, datetime]] = []
        self.kubeconfig = self.folder / "kubeconfig"
        self._addresses = tuple(addresses)
        self._server_pair = self._authority.server("apiserver", self._addresses)
        self._admin = self._authority.client("admin", "system:masters")
        # What a test wants of its own API server besides, from its next start on.
        self.more_flags: tuple[str, ...] = ()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._context = ssl.create_default_context(cafile=str(self.ca_file))
        own = ssl.create_default_context(cafile=str(self.ca_file))
        self._contexts = (self._context, own)
        self._client = AdminClient.with_certificate(self.url, own, self._admin)

    @property
    def has_controllers(self) -> bool:
        """Tell whether garbage is collected and namespaces are emptied here."""
        return bool(self._binaries.controllers)

    @property
    def version(self) -> str:
        """The API server's own word for what it is, such as `v1.37.2`."""
        with urllib.request.urlopen(f"{self.url}/version", context=self._context) as answer:
            word: str = json.load(answer)["gitVersion"]
            return word

    @property
    def kubectl_binary(self) -> tuple[str, ...]:
        """The kubectl that was built with this control plane, or belongs to it."""
        return tuple(map(str, self._binaries.kubectl))

    @property
    def issuer_ca(self) -> Path:
        """The authorities by which whoever checks this cluster's tokens reads its issuer."""
        return self.ca_file

    def _server(self, server: str | None) -> dict[str, str]:
        return {"server": server or self.url, "certificate-authority": str(self.ca_file)}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until it can be used."""
        self._write_kubeconfig(self.kubeconfig, self._admin)
        (self.folder / "audit.yaml").write_text(yaml.safe_dump(AUDIT_POLICY))
        self._start_etcd()
        self.start_apiserver()
        self._start_controllers()
        self._open_issuer()
        if self.has_controllers:
            wait_for(
                lambda: self.kubectl(
                    "get", "serviceaccount", "default", "-n", "default", check=False
                ),
                "ServiceAccount default",
            )

    def stop(self) -> None:
        """Stop everything and remove what it left."""
        self._client.close()
        for name in ("scheduler", "controllers", "apiserver", "etcd"):
            stop(self._processes.get(name), grace_s=2.0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_apiserver(self) -> None:
        """Start the API server and wait until it is ready."""
        begun = datetime.now(UTC)
        flags = (*self._apiserver_flags(), *self.more_flags)
        self._start("apiserver", (*self._binaries.apiserver, *flags))
        wait_for(self._ready, "the API server", timeout_s=60)
        self._starts.append((begun, datetime.now(UTC)))

    def stop_apiserver(self) -> None:
        """End the API server at once; etcd keeps what it stored."""
        process = self._processes["apiserver"]
        process.kill()
        process.wait()

    def snapshot(self, name: str) -> None:
        """Keep what is stored now under *name*; nothing is served meanwhile."""
        with self._nothing_served():
            shutil.copytree(self.folder / "etcd", self.folder / name)

    def restore(self, name: str) -> None:
        """Put what was kept under *name* in the place of what is stored, as from a backup."""
        with self._nothing_served():
            shutil.rmtree(self.folder / "etcd")
            shutil.copytree(self.folder / name, self.folder / "etcd")

    @contextmanager
    def _nothing_served(self) -> Iterator[None]:
        self.stop_apiserver()
        stop(self._processes["etcd"], grace_s=10.0)
        yield
        self._start_etcd()
        self.start_apiserver()

    def server_pair(self, name: str) -> Pair:
        """Issue a certificate for another server on this machine that clients of ours trust."""
        return self._authority.server(name, self._addresses)

    def audit(self) -> list[AuditEntry]:
        """Return all requests answered so far."""
        with self.audit_log.open("rb") as log:
            log.seek(self._audit_at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._audit_at += len(line)
                self._audited.append(self._noted(_entry(json.loads(line))))
        return list(self._audited)

    def _noted(self, entry: AuditEntry) -> AuditEntry:
        # It answers before it has read any role, and then forbids everything.
        early = any(begun <= entry.answered <= ready for begun, ready in self._starts)
        return replace(entry, forbidden=False) if early else entry

    # Parts --------------------------------------------------------------

    def _start(self, name: str, command: tuple[str, ...]) -> None:
        self._processes[name] = start(command, log=self.folder / f"{name}.log")

    def _start_etcd(self) -> None:
        url = f"http://127.0.0.1:{self._etcd_port}"
        peer = f"http://127.0.0.1:{free_port()}"
        flags = {
            "--data-dir": str(self.folder / "etcd"),
            "--listen-client-urls": url,
            "--advertise-client-urls": url,
            "--listen-peer-urls": peer,
            "--initial-advertise-peer-urls": peer,
            "--initial-cluster": f"default={peer}",
            "--log-level": "error",
        }
        pairs = tuple(f"{key}={value}" for key, value in flags.items())
        self._start("etcd", (*self._binaries.etcd, *pairs, "--unsafe-no-fsync"))

    def _apiserver_flags(self) -> tuple[str, ...]:
        flags = {
            "etcd-servers": f"http://127.0.0.1:{self._etcd_port}",
            "secure-port": self._port,
            "bind-address": "127.0.0.1",
            # It refuses a loopback address as its own endpoint.
            "endpoint-reconciler-type": "none",
            "authorization-mode": "RBAC,Node",
            "enable-admission-plugins": "OwnerReferencesPermissionEnforcement",
            "service-cluster-ip-range": "10.0.0.0/24",
            "service-account-issuer": self.issuer,
            # Otherwise the discovery document names the machine's own address.
            "service-account-jwks-uri": f"{self.url}/openid/v1/jwks",
            "service-account-key-file": self._signing_key,
            "service-account-signing-key-file": self._signing_key,
            "api-audiences": self.issuer,
            "tls-cert-file": self._server_pair.certificate,
            "tls-private-key-file": self._server_pair.key,
            "client-ca-file": self.ca_file,
            "cert-dir": self.folder,
            "audit-policy-file": self.folder / "audit.yaml",
            "audit-log-path": self.audit_log,
            "audit-log-mode": "blocking",
            # In MB: what is turned over would be counted by nobody.
            "audit-log-maxsize": 100_000,
        }
        return tuple(f"--{key}={value}" for key, value in flags.items())

    def _start_controllers(self) -> None:
        if not self.has_controllers:
            return
        flags = (
            f"--kubeconfig={self.kubeconfig}",
            f"--root-ca-file={self.ca_file}",
            f"--service-account-private-key-file={self._signing_key}",
        )
        self._start("controllers", (*self._binaries.controllers, *flags))

    def _ready(self) -> bool:
        process = self._processes["apiserver"]
        if process.poll() is not None:
            tail = (self.folder / "apiserver.log").read_text()[-3000:]
            raise AssertionError(f"the API server ended: {tail}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", context=self._context, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _open_issuer(self) -> None:
        role = f"--clusterrole={ISSUER_ROLE}"
        group = "--group=system:unauthenticated"
        self.kubectl("create", "clusterrolebinding", "issuer-discovery", role, group)

    def _write_kubeconfig(self, path: Path, pair: Pair) -> None:
        user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        self._write_config(path, user)


def _entry(raw: dict[str, Any]) -> AuditEntry:
    target = raw.get("objectRef") or {}
    return AuditEntry(
        verb=raw["verb"],
        user=raw["user"].get("username", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=(raw.get("responseStatus") or {}).get("code", 0),
        uri=raw["requestURI"],
        answered=datetime.fromisoformat(raw["stageTimestamp"]),
        forbidden=(raw.get("annotations") or {}).get(DECISION) == "forbid",
    )
