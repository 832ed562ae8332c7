"""
Which settings does the operator have?

By the environment (`QUAYROBOT_...`) and by flags, which win. Everything about a
registry is in connections; what is here is about the process alone, so none of
it is a secret.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ..model.address_policy import AddressPolicy, Network
from ..model.grace import DEFAULT_GRACE
from ..model.names import OPERATOR

__all__ = ["ENV_PREFIX", "LogFormat", "LogLevel", "Settings"]

ENV_PREFIX = "QUAYROBOT_"
_HOST = re.compile(r"[A-Za-z0-9*?.:\[\]!-]{1,300}")
# Where the kubelet writes it, beside the ServiceAccount's token.
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]
Port = Annotated[int, Field(ge=0, le=65535)]


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _check_namespaces(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_NAMESPACE.fullmatch(name) for name in names):
        msg = "each namespace must be a plain name; patterns are not supported"
        raise ValueError(msg)
    return tuple(dict.fromkeys(names))


def _check_namespace(name: str) -> str:
    if not _NAMESPACE.fullmatch(name):
        msg = "it must be a plain name, such as quay-robot-operator"
        raise ValueError(msg)
    return name


def _networks(value: object) -> object:
    parts = _split(value)
    if not isinstance(parts, list):
        return parts
    try:
        return [ip_network(each) for each in parts]
    except ValueError:
        msg = "each must be a network such as 10.0.0.0/8"
        raise ValueError(msg) from None


def _check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_HOST.fullmatch(each) for each in hosts):
        msg = "each must be a host or a glob pattern for hosts, without a scheme"
        raise ValueError(msg)
    return hosts


class Settings(BaseSettings):
    """What one operator process is told; empty *namespaces* means the whole cluster."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    namespaces: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(_split),
        AfterValidator(_check_namespaces),
    ] = ()
    cluster_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    cluster_name: (
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=63)]
        | None
    ) = None
    log_level: LogLevel = "info"
    log_format: LogFormat = "json"
    bind_address: str = ""
    health_port: Port = 8080
    metrics_port: Port = 8081
    workers: Annotated[int, Field(ge=1, le=256)] = 24
    leader_election: bool = True
    lease_namespace: Annotated[str, AfterValidator(_check_namespace)] | None = None
    lease_name: Annotated[str, AfterValidator(_check_namespace)] = OPERATOR
    start_timeout_s: Annotated[float, Field(ge=0)] = 60.0
    grace_s: Annotated[float, Field(ge=0)] = DEFAULT_GRACE.total_seconds()
    relist_interval_s: Annotated[float, Field(ge=10)] = 600.0
    tenant_hosts: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_hosts)
    ] = ()
    tenant_refused_networks: Annotated[
        tuple[Network, ...], NoDecode, BeforeValidator(_networks)
    ] = ()
    kubeconfig: Path | None = None
    context: str | None = None

    @model_validator(mode="after")
    def _check_identity(self) -> Self:
        if self.namespaces and self.cluster_id is None:
            msg = (
                "--namespaces needs --cluster-id: the uid of kube-system, which names this "
                "cluster on robots, is not read with rights in some namespaces only; give any "
                "name that no other cluster has, and never change it"
            )
            raise ValueError(msg)
        return self

    @property
    def lease_place(self) -> str | None:
        """The namespace of the Lease; None where this process works without one."""
        if not self.leader_election:
            return None
        return self.lease_namespace or _own_namespace()

    @property
    def tenants_reach(self) -> AddressPolicy:
        """Where connections that tenants write may lead, and through which proxies."""
        return AddressPolicy(self.tenant_hosts, self.tenant_refused_networks, any_proxy=False)

    @property
    def clusterwide(self) -> bool:
        """Return whether all namespaces are served."""
        return not self.namespaces


def _own_namespace() -> str | None:
    """The namespace of the pod; None outside of one, where one process is all there is."""
    try:
        return _POD_NAMESPACE.read_text().strip() or None
    except OSError:
        return None
