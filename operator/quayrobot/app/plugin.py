"""
Which commands does `kubectl quayrobot` have?

`status` tells how robots stand, `plan` what the operator would do. `rotate
NAME` asks for a new credential by the annotation that counts like
`spec.rotation.trigger`. GitOps tools leave it alone: it is in no manifest.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..cluster.api import Body, ClusterApi
from ..model.names import ANNOTATION_ROTATE
from ..model.resources.robot import suspend_field
from .commands.access.cluster_access import (
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    context_namespace,
    fail,
    reach,
    run,
)
from .commands.access.login_options import as_kubectl_does
from .commands.access.resource_args import ResourceArg, parse_resource_arg
from .commands.plan import plan
from .commands.status import status
from .programs import PlanCommand, PluginCommands
from .release import VersionOption

__all__ = ["app", "main"]

MANAGER = "kubectl-quayrobot"
POLL_S = 0.5
STATUS_EXAMPLES = """\b
Examples:
  kubectl quayrobot status -n team-a
  kubectl quayrobot status cqr/puller
  kubectl quayrobot status -A -o json"""
PLAN_EXAMPLES = """\b
Examples:
  kubectl quayrobot plan -f robots.yaml
  kubectl quayrobot plan ci -n team-a
  helm template . | kubectl quayrobot plan -f -"""
ROTATE_EXAMPLES = """\b
Examples:
  kubectl quayrobot rotate ci -n team-a --wait"""

app = typer.Typer(
    cls=PluginCommands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Robot accounts of Quay, from the command line.",
)


@app.callback()
def top(*, version: VersionOption = False) -> None:
    """Robot accounts of Quay, from the command line."""


app.command(epilog=STATUS_EXAMPLES)(as_kubectl_does(status))
app.command(cls=PlanCommand, epilog=PLAN_EXAMPLES)(as_kubectl_does(plan))


@app.command(epilog=ROTATE_EXAMPLES)
@as_kubectl_does
def rotate(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the QuayRobot, or cqr/NAME.")
    ],
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the Secrets hold the new credential.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds to wait, at least 1.")
    ] = 120.0,
) -> None:
    """
    Request a new credential for a robot.

    For a ClusterQuayRobot, request one for each of its robots. With --wait the exit code is 1 if
    the Secrets do not hold the new credential in time, or cannot.
    """
    one, place = parse_resource_arg(name), namespace or context_namespace(kubeconfig, context)
    run(_rotate(one, place, kubeconfig, context, timeout if wait else 0.0))


async def _rotate(
    one: ResourceArg, namespace: str, kubeconfig: Path | None, context: str | None, wait_s: float
) -> None:
    async with reach(kubeconfig, context) as api:
        before = await _read(api, one, namespace)
        if wait_s and one.is_cluster_robot and before["spec"].get("mode") != "Shared":
            fail("each of its QuayRobots has a credential of its own: wait for them one by one")
        value = datetime.now(UTC).isoformat()
        patch: Body = {"metadata": {"annotations": {ANNOTATION_ROTATE: value}}}
        await api.write("PATCH", _path(one, namespace), patch, fieldManager=MANAGER)
        typer.echo(f"{one.shown}: a new credential was requested")
        if _robot_spec(before).get("suspend"):
            _say_suspended(one, wait=bool(wait_s))
        elif retiring := _retiring(before):
            _say_retiring(one, retiring, wait_s)
        if wait_s:
            await _wait(api, one, namespace, _last(before), wait_s)
            typer.echo(f"{one.shown}: the new credential is in its Secrets")


async def _wait(
    api: ClusterApi, one: ResourceArg, namespace: str, before: str | None, wait_s: float
) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await _until_rotated(api, one, namespace, before)
    except TimeoutError:
        status = (await _read(api, one, namespace)).get("status") or {}
        says = _condition(status, "Reconciling") or _condition(status, "Ready")
        why = f"{says['reason']}: {says['message']}" if says else "the operator has said nothing"
        fail(f"{one.shown}: no new credential within {wait_s:.0f} s ({why})")


def _say_suspended(one: ResourceArg, *, wait: bool) -> None:
    words = f"it is suspended: nothing happens until {suspend_field(one.kind.kind)} is false"
    if wait:
        fail(f"{one.shown}: {words}")
    typer.echo(words)


def _retiring(body: Body) -> Body:
    """Of two robots that take turns, the one that has to go before the next turn."""
    takes_turns = (_robot_spec(body).get("rotation") or {}).get("strategy") == "Overlap"
    rotation = (body.get("status") or {}).get("rotation") or {}
    return rotation.get("retiring") or {} if takes_turns else {}


def _say_retiring(one: ResourceArg, retiring: Body, wait_s: float) -> None:
    until = retiring["until"]
    words = f"it waits until {retiring['fullName']} is gone, which stays until {until}"
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    if wait_s and left.total_seconds() > wait_s:
        fail(f"{one.shown}: {words}")
    typer.echo(words)


def _robot_spec(body: Body) -> Body:
    spec: Body = body.get("spec") or {}
    inner: Body = (spec.get("template") or {}).get("spec") or spec
    return inner


async def _until_rotated(
    api: ClusterApi, one: ResourceArg, namespace: str, before: str | None
) -> None:
    while True:
        body = await _read(api, one, namespace)
        status = body.get("status") or {}
        open_ = (status.get("rotation") or {}).get("intent")
        stale = (status.get("namespaces") or {}).get("stale")
        if _last(body) != before and open_ is None and not stale:
            return
        if (why := _hopeless(body)) is not None:
            fail(f"{one.shown}: no new credential while this stands: {why}")
        await asyncio.sleep(POLL_S)


def _hopeless(body: Body) -> str | None:
    """What has to be changed by somebody before the resource gets a new credential."""
    if "deletionTimestamp" in body["metadata"]:
        return "it is being deleted"
    status = body.get("status") or {}
    stalled = _condition(status, "Stalled")
    if not stalled or status.get("observedGeneration") != body["metadata"].get("generation"):
        return None
    return f"{stalled['reason']}: {stalled['message']}"


def _condition(status: Body, kind: str) -> Body:
    return next((each for each in status.get("conditions") or () if each["type"] == kind), {})


def _path(one: ResourceArg, namespace: str) -> str:
    return one.kind.path(None if one.is_cluster_robot else namespace, one.name)


async def _read(api: ClusterApi, one: ResourceArg, namespace: str) -> Body:
    body = await api.get(_path(one, namespace))
    if body is None:
        inside = "" if one.is_cluster_robot else f" in the namespace {namespace}"
        fail(f"there is no {one.kind.kind.lower()} {one.name}{inside}")
    return body


def _last(body: Body) -> str | None:
    last: str | None = ((body.get("status") or {}).get("rotation") or {}).get("lastAt")
    return last


def main() -> None:
    """Run what the command line says."""
    app(prog_name="kubectl quayrobot")
