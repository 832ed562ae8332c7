"""
How do the robots of a namespace stand?

Told from the resources alone, by the caller's right to read QuayRobots: no
call to Quay, no look at a Secret. The connection is looked at where the
caller may, because whether Quay answers is said there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from ...cluster.api import Body, ClusterApi
from ...cluster.kinds import OURS, QUAY_ROBOT
from ...cluster.resources import Resources
from ...model.errors import QuayRobotError
from .reach import (
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    context_namespace,
    fail,
    note,
    reach,
    run,
)
from .standing import standing_of
from .tree import tree_of

__all__ = ["Output", "status"]

WIDTH = 100


class Output(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="text or json.")]


def status(
    name: Annotated[str | None, typer.Argument(help="One QuayRobot; default: all.")] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    *,
    everywhere: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Of all namespaces.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show robots with their Secrets and rights, and what stands in their way."""
    if name is not None and everywhere:
        fail("a name is in one namespace: give -n instead of -A")
    place = None if everywhere else namespace or context_namespace(kubeconfig, context)
    standings = run(_read(kubeconfig, context, place, name))
    if output is Output.JSON:
        typer.echo(orjson.dumps({"items": standings}, option=orjson.OPT_INDENT_2))
        return
    _print(standings, place)


def _print(standings: list[dict[str, Any]], place: str | None) -> None:
    if not standings:
        note("there are no quayrobots" + (f" in the namespace {place}" if place else ""))
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    for each in standings:
        console.print(tree_of(each, datetime.now(UTC), place=place is None))


async def _read(
    kubeconfig: Path | None, context: str | None, place: str | None, name: str | None
) -> list[dict[str, Any]]:
    async with reach(kubeconfig, context) as api:
        bodies = await _robots(api, place, name)
        connections = await _connections(api, bodies)
    return [
        standing_of(each, connections.get(_connection_of(each)))
        for each in sorted(bodies, key=_place_of)
    ]


async def _robots(api: ClusterApi, place: str | None, name: str | None) -> list[Body]:
    resources = Resources(api)
    if name is None:
        return [each async for each in resources.list_all(QUAY_ROBOT, namespace=place)]
    body = await resources.get(QUAY_ROBOT, place, name)
    if body is None:
        fail(f"there is no quayrobot {name} in the namespace {place}")
    return [body]


async def _connections(
    api: ClusterApi, bodies: list[Body]
) -> dict[tuple[str, str | None, str], Body]:
    found = {}
    for kind, namespace, name in {_connection_of(each) for each in bodies}:
        try:
            body = await Resources(api).get(OURS[kind], namespace, name)
        except QuayRobotError:
            # A tenant may see its robots and not the connection of all.
            continue
        if body is not None:
            found[kind, namespace, name] = body
    return found


def _connection_of(body: Mapping[str, Any]) -> tuple[str, str | None, str]:
    ref = (body.get("spec") or {}).get("connectionRef") or {}
    kind = ref.get("kind", "ClusterQuayConnection")
    namespace = body["metadata"]["namespace"] if kind == "QuayConnection" else None
    return kind, namespace, ref.get("name", "default")


def _place_of(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]
