"""
How does kopf reach the API server, and with which credentials?

A kubeconfig (named by a setting, else by KUBECONFIG, else the one at home) or
the ServiceAccount that a pod is given. KUBECONFIG can list several files, as for
kubectl. Tokens that live in a file are named by the file: it is read again whenever
it changes. Helpers that a kubeconfig wants to run (exec plugins) are not run here.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..cluster.kubeconfig_files import (
    IMPERSONATION,
    current_context,
    find_entry,
    missing_context,
    read_files,
)
from ..model.secrecy import Token
from ..model.tls import believe, even

__all__ = ["ClusterAccess", "LoginError", "find_access"]

Entry = tuple[Path, Mapping[str, Any]]
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# Without these we would go another way than the file says, or as somebody else.
UNSUPPORTED = ("proxy-url", "tls-server-name", *IMPERSONATION)


class LoginError(Exception):
    """There is no usable way to the API server; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """The API server's address and what proves who we are."""

    server: str
    ca: str | None = None
    ca_file: Path | None = None
    insecure: bool = False
    token: Token | None = None
    token_file: Path | None = None
    certificate: str | None = field(default=None, repr=False)
    key: Token | None = None
    # All that were made, so that a CA that is replaced reaches them.
    contexts: list[ssl.SSLContext] = field(default_factory=list, repr=False, compare=False)

    def ssl_context(self) -> ssl.SSLContext:
        """Return a TLS context: the cluster's CA, our certificate if we have one."""
        context = even(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        if self.ca:
            believe(context, self.ca)
        else:
            context.load_default_certs()
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate and self.key:
            _load_pair(context, self.certificate, self.key)
        self.contexts.append(context)
        return context


def _load_pair(context: ssl.SSLContext, certificate: str, key: Token) -> None:
    # The ssl module takes a key from a file only; the file lives for this moment.
    with tempfile.NamedTemporaryFile(mode="w", suffix=".pem") as file:
        file.write(f"{certificate.rstrip()}\n{key.reveal()}")
        file.flush()
        context.load_cert_chain(file.name)


def find_access(
    path: Path | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
) -> ClusterAccess:
    """
    Return the way to the API server.

    Raises:
        LoginError: There is none, or it needs what is not supported.
    """
    named = str(path) if path else environ.get("KUBECONFIG")
    if named:
        return read_kubeconfig(named, context)

    if (service_account / "token").exists():
        return _in_cluster(service_account, environ)

    # Not Path.home(): it fails where neither HOME nor the password database knows one.
    home = Path(os.path.expanduser("~/.kube/config"))  # noqa: PTH111
    if home.exists():
        return read_kubeconfig(str(home), context)
    msg = "no kubeconfig is given and this is not a pod with a ServiceAccount"
    raise LoginError(msg)


def _in_cluster(folder: Path, environ: Mapping[str, str]) -> ClusterAccess:
    host = environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    port = environ.get("KUBERNETES_SERVICE_PORT", "443")
    shown = f"[{host}]" if ":" in host else host
    return ClusterAccess(
        server=f"https://{shown}:{port}",
        ca=(folder / "ca.crt").read_text(),
        ca_file=folder / "ca.crt",
        token_file=folder / "token",
    )


def read_kubeconfig(named: str, context: str | None = None) -> ClusterAccess:
    """
    Return what the files that *named* lists say of *context* (default: the current one).

    Raises:
        LoginError: The files cannot be used; the message never quotes them.
    """
    try:
        files = read_files(named)
        if missing := missing_context(files, context):
            raise LoginError(missing)
        _, chosen = find_entry(files, "contexts", context or current_context(files))
        cluster = find_entry(files, "clusters", chosen["cluster"])
        return _access(cluster, find_entry(files, "users", chosen["user"]))
    except OSError as error:
        msg = "the kubeconfig, or a file that it names, cannot be read"
        raise LoginError(msg) from error
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        msg = "the kubeconfig lacks a part that is needed"
        raise LoginError(msg) from error


def _access(of_cluster: Entry, of_user: Entry) -> ClusterAccess:
    (beside_cluster, cluster), (beside_user, user) = of_cluster, of_user
    if "exec" in user or "auth-provider" in user:
        msg = "the kubeconfig's user needs a helper program; use a token instead"
        raise LoginError(msg)
    for name in UNSUPPORTED:
        if cluster.get(name) or user.get(name):
            msg = f"the kubeconfig has {name}, which is not supported here"
            raise LoginError(msg)
    key = _content(beside_user, user, "client-key")
    token_file = user.get("tokenFile")
    return ClusterAccess(
        server=cluster["server"].rstrip("/"),
        ca=_content(beside_cluster, cluster, "certificate-authority"),
        ca_file=_ca_file(beside_cluster, cluster),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        token=Token(user["token"]) if user.get("token") else None,
        token_file=beside_user / token_file if token_file else None,
        certificate=_content(beside_user, user, "client-certificate"),
        key=Token(key) if key else None,
    )


def _ca_file(folder: Path, cluster: Mapping[str, Any]) -> Path | None:
    file = cluster.get("certificate-authority")
    return folder / file if file and not cluster.get("certificate-authority-data") else None


def _content(folder: Path, part: Mapping[str, Any], key: str) -> str | None:
    data, file = part.get(f"{key}-data"), part.get(key)
    if data:
        return base64.b64decode(data).decode()
    return (folder / file).read_text() if file else None
