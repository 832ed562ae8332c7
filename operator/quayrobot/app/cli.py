"""
Which commands does `quayrobot` have?

`quayrobot run` is the operator, `crds` writes the definitions of its kinds,
`await-definitions` waits until a cluster serves them, `import` prints manifests
for robots that are there, `check` tells what is wrong with an installation,
`version` says which one it is. Every setting is a flag and an environment
variable; the flag wins.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError

from . import run_options as options
from .commands.access.cluster_access import ContextOption, KubeconfigOption, fail
from .commands.access.login_options import as_kubectl_does
from .commands.check import check
from .commands.import_robots import import_robots
from .programs import OperatorCommands
from .release import VersionOption
from .settings import Settings
from .version import installed_version

__all__ = ["app", "main"]

IMPORT_EXAMPLES = """\b
Examples:
  quayrobot import --organization acme -n team-a > robots.yaml
  kubectl quayrobot plan -f robots.yaml
  kubectl apply --server-side -f robots.yaml"""
CHECK_EXAMPLES = """\b
Examples:
  quayrobot check
  quayrobot check --organization acme"""

app = typer.Typer(
    cls=OperatorCommands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Robot accounts of Quay as Kubernetes resources.",
)


@app.command()
def run(
    namespaces: options.Namespaces = None,
    cluster_id: options.ClusterId = None,
    cluster_name: options.ClusterName = None,
    log_level: options.LogLevel = None,
    log_format: options.LogFormat = None,
    bind_address: options.BindAddress = None,
    health_port: options.HealthPort = None,
    metrics_port: options.MetricsPort = None,
    workers: options.Workers = None,
    leader_election: options.LeaderElection = None,
    lease_namespace: options.LeaseNamespace = None,
    lease_name: options.LeaseName = None,
    grace_s: options.GraceS = None,
    relist_interval_s: options.RelistIntervalS = None,
    tenant_hosts: options.TenantHosts = None,
    tenant_refused_networks: options.TenantRefusedNetworks = None,
    start_timeout_s: options.StartTimeoutS = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Run the operator until it is told to stop."""
    given = {key: value for key, value in locals().items() if value is not None}
    settings = _settings(given)

    # The other commands start faster without these.
    from .ending import Ending  # noqa: PLC0415
    from .startup import CannotStart  # noqa: PLC0415
    from .wiring import run as run_operator  # noqa: PLC0415

    make_room_for_lookups()
    try:
        with Ending() as ending:
            done = uvloop.run(ending.last(run_operator(settings)))
    except CannotStart as error:
        fail(str(error))
    if not done:
        # Another replica leads; with nothing remembered this one may follow it.
        raise typer.Exit(1)


def make_room_for_lookups() -> None:
    """
    Let many names be looked up at once, before the event loop does the first.

    A name whose servers do not answer holds a thread for most of a minute. By default
    there are four, and one tenant's names would hold up all connections.
    """
    os.environ.setdefault("UV_THREADPOOL_SIZE", "64")


def _settings(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            name = f"{each['loc'][0]}: ".replace("_", "-") if each["loc"] else ""
            typer.echo(f"{name}{each['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


@app.command()
def crds(
    output: Annotated[
        Path, typer.Option("--output", help="Folder to write the definitions to.")
    ] = Path("deploy/crds"),
) -> None:
    """Write the definitions (CRDs) of the operator's kinds."""
    from .crds import write_crds  # noqa: PLC0415 - only this command needs it

    for path in write_crds(output):
        typer.echo(path)


@app.command("await-definitions")
def await_definitions(
    start_timeout_s: Annotated[
        float | None, options.flag("start_timeout_s", "Seconds to wait; default 60.")
    ] = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
) -> None:
    """
    Wait until the cluster serves the operator's kinds.

    For scripts that go on with connections and robots right after the definitions.
    """
    given = {key: value for key, value in locals().items() if value is not None}
    settings = _settings(given)

    from .logs import configure_logs  # noqa: PLC0415
    from .startup import CannotStart  # noqa: PLC0415
    from .startup import await_definitions as wait  # noqa: PLC0415

    configure_logs(settings.log_level, settings.log_format)
    try:
        asyncio.run(wait(settings))
    except CannotStart as error:
        fail(str(error))


app.command("import", epilog=IMPORT_EXAMPLES)(as_kubectl_does(import_robots))
app.command(epilog=CHECK_EXAMPLES)(as_kubectl_does(check))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version())


@app.callback()
def top(*, version: VersionOption = False) -> None:
    """Robot accounts of Quay as Kubernetes resources."""


def main() -> None:
    """Run what the command line says."""
    app(prog_name=Path(sys.argv[0]).name)
