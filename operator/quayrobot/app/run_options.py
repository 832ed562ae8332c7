"""
With which options is the operator started?

One type per option of `quayrobot run`, with its help, by subject. Each option is
a setting of `Settings` too; whoever adds one adds it there, here and to `run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .settings import ENV_PREFIX

__all__ = [
    "flag",
    "BindAddress",
    "ClusterId",
    "ClusterName",
    "Context",
    "GraceS",
    "HealthPort",
    "Kubeconfig",
    "LeaderElection",
    "LeaseName",
    "LeaseNamespace",
    "LogFormat",
    "LogLevel",
    "MetricsPort",
    "Namespaces",
    "RelistIntervalS",
    "StartTimeoutS",
    "TenantHosts",
    "TenantRefusedNetworks",
    "Workers",
]


def flag(setting: str, text: str) -> Any:
    """Return the option of *setting* with the help *text*, which also names its variable."""
    # pydantic-settings reads the environment; the help only says so.
    return typer.Option(
        f"--{setting.replace('_', '-')}",
        help=f"{text} [env: {ENV_PREFIX}{setting.upper()}]",
        show_default=False,
    )


# What is served, and under which name.
Namespaces = Annotated[
    str | None, flag("namespaces", "Serve these namespaces only, separated by commas.")
]
ClusterId = Annotated[
    str | None, flag("cluster_id", "This cluster's name on robots; default: a uid.")
]
ClusterName = Annotated[
    str | None, flag("cluster_name", "What {cluster} stands for in names of robots.")
]

# Logs.
LogLevel = Annotated[str | None, flag("log_level", "debug, info (default), warning or error.")]
LogFormat = Annotated[str | None, flag("log_format", "json (default) or console.")]

# Where health and metrics listen.
BindAddress = Annotated[
    str | None, flag("bind_address", "Where health and metrics listen; default: all.")
]
HealthPort = Annotated[
    int | None, flag("health_port", "Port of /livez and /readyz; default 8080.")
]
MetricsPort = Annotated[
    int | None, flag("metrics_port", "Port of /metrics; default 8081, may be the same.")
]

# How much is done at once, and by which replica.
Workers = Annotated[int | None, flag("workers", "Resources worked on at once; default 24.")]
LeaderElection = Annotated[
    bool | None,
    typer.Option(
        "--leader-election/--no-leader-election",
        help="Work only while holding the Lease; default in a pod. "
        f"[env: {ENV_PREFIX}LEADER_ELECTION]",
        show_default=False,
    ),
]
LeaseNamespace = Annotated[
    str | None, flag("lease_namespace", "Namespace of the Lease; default: the pod's own.")
]
LeaseName = Annotated[
    str | None, flag("lease_name", "Name of the Lease; default quay-robot-operator.")
]

# How long things may take.
GraceS = Annotated[
    float | None,
    flag("grace_s", "Seconds to wait for what may come later; default 300."),
]
RelistIntervalS = Annotated[
    float | None,
    flag("relist_interval_s", "Seconds between safety relists; default 600."),
]
StartTimeoutS = Annotated[
    float | None,
    flag("start_timeout_s", "Seconds to wait for the API server at the start; default 60."),
]

# Where tenants' connections may lead.
TenantHosts = Annotated[
    str | None,
    flag("tenant_hosts", "Hosts that a QuayConnection may name, globs; default: any."),
]
TenantRefusedNetworks = Annotated[
    str | None,
    flag("tenant_refused_networks", "Networks that no QuayConnection may lead to."),
]

# The cluster.
Kubeconfig = Annotated[
    Path | None, flag("kubeconfig", "Path of a kubeconfig; default: the pod's own access.")
]
Context = Annotated[
    str | None, flag("context", "Context of the kubeconfig; default: its current one.")
]
