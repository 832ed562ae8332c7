"""
What can be typed after `kubectl quayrobot`?

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
from ..cluster.kinds import QUAY_ROBOT
from ..model.names import ANNOTATION_ROTATE
from .commands.plan import plan
from .commands.reach import (
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    context_namespace,
    fail,
    reach,
    run,
)
from .commands.status import status

__all__ = ["app", "main"]

MANAGER = "kubectl-quayrobot"
POLL_S = 0.5

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Robot accounts of Quay, from the command line.",
)


app.command()(status)
app.command()(plan)


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(help="Name of the QuayRobot.")],
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until the new credential is there.")
    ] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait.")] = 120.0,
) -> None:
    """Ask for a new credential of a QuayRobot."""
    place = namespace or context_namespace(kubeconfig, context)
    try:
        run(_rotate(name, place, kubeconfig, context, timeout if wait else 0.0))
    except TimeoutError:
        fail(f"quayrobot/{name}: no new credential within {timeout:.0f} s; see its conditions")


async def _rotate(
    name: str, namespace: str, kubeconfig: Path | None, context: str | None, wait_s: float
) -> None:
    async with reach(kubeconfig, context) as api:
        path = QUAY_ROBOT.path(namespace, name)
        before = await _read(api, path, name, namespace)
        value = datetime.now(UTC).isoformat()
        patch: Body = {"metadata": {"annotations": {ANNOTATION_ROTATE: value}}}
        await api.write("PATCH", path, patch, fieldManager=MANAGER)
        typer.echo(f"quayrobot/{name}: a new credential was asked for")
        if before.get("spec", {}).get("suspend"):
            typer.echo("it is suspended: nothing happens until spec.suspend is false")
        if wait_s:
            async with asyncio.timeout(wait_s):
                await _until_rotated(api, path, name, namespace, _last(before))
            typer.echo(f"quayrobot/{name}: the new credential is in its Secrets")


async def _until_rotated(
    api: ClusterApi, path: str, name: str, namespace: str, before: str | None
) -> None:
    while True:
        body = await _read(api, path, name, namespace)
        open_ = ((body.get("status") or {}).get("rotation") or {}).get("intent")
        if _last(body) != before and open_ is None:
            return
        await asyncio.sleep(POLL_S)


async def _read(api: ClusterApi, path: str, name: str, namespace: str) -> Body:
    body = await api.get(path)
    if body is None:
        fail(f"there is no quayrobot {name} in the namespace {namespace}")
    return body


def _last(body: Body) -> str | None:
    last: str | None = ((body.get("status") or {}).get("rotation") or {}).get("lastAt")
    return last


def main() -> None:
    """Run what the command line says."""
    app(prog_name="kubectl quayrobot")
