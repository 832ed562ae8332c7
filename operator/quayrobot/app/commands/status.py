"""
What is the state of the robots of a namespace, and of a ClusterQuayRobot?

Told from the resources alone, by the caller's right to read them: no
call to Quay, no look at a Secret. The connection is looked at where the
caller may, because whether Quay answers is said there. Exit codes: 0 all that
was found is ready, 1 something is not, 2 it could not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ...cluster.api import Body, ClusterApi
from ...cluster.kinds import CLUSTER_QUAY_ROBOT, OURS, QUAY_CONNECTION, QUAY_ROBOT
from ...cluster.resources import Resources
from ...model.errors import QuayRobotError
from .access.cluster_access import (
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    context_namespace,
    fail,
    note,
    reach,
    run,
)
from .access.resource_args import ResourceArg, parse_resource_arg
from .render.cluster_robot_tree import cluster_robot_tree_of
from .render.output import Output, OutputOption, console, echo_items
from .render.tree import tree_of
from .report.cluster_robot import cluster_robot_report_of, robot_body_of
from .report.robot import report_of

__all__ = ["status"]

NOT_READY = 1
NOT_SEEN = 2


def status(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="One QuayRobot, or cqr/NAME; default: all."),
    ] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    *,
    everywhere: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Of all namespaces.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """
    Show robots, what is wrong, and how to fix it.

    Exit code 0: everything is ready, 1: something is not, 2: it could not be read.
    """
    if name is not None and everywhere:
        fail("a name is in one namespace: give -n instead of -A", code=NOT_SEEN)
    one = None if name is None else parse_resource_arg(name, code=NOT_SEEN)
    place = None if everywhere else namespace or context_namespace(kubeconfig, context)
    reports = run(_read(kubeconfig, context, place, one), code=NOT_SEEN)
    if output is Output.TEXT:
        _print(reports, place)
    else:
        echo_items(reports, output)
    if any(each["ready"] != "True" for each in reports):
        raise typer.Exit(NOT_READY)


def _print(reports: list[dict[str, Any]], place: str | None) -> None:
    if not reports:
        note("there are no quayrobots" + (f" in the namespace {place}" if place else ""))
    screen = console()
    now = datetime.now(UTC)
    for each in reports:
        cluster_robot = each["kind"] == CLUSTER_QUAY_ROBOT.kind
        screen.print(
            cluster_robot_tree_of(each, now)
            if cluster_robot
            else tree_of(each, now, place=place is None)
        )


async def _read(
    kubeconfig: Path | None, context: str | None, place: str | None, one: ResourceArg | None
) -> list[dict[str, Any]]:
    async with reach(kubeconfig, context) as api:
        if one is not None:
            body = await _one(api, place, one)
            cluster_robots, robots = ([body], []) if one.is_cluster_robot else ([], [body])
        else:
            cluster_robots = [] if place else await _cluster_robots(api)
            robots = [each async for each in Resources(api).list_all(QUAY_ROBOT, namespace=place)]
        seen = await _connections(api, [*robots, *map(robot_body_of, cluster_robots)])
    told = [
        cluster_robot_report_of(each, seen.get(_connection_of(robot_body_of(each))))
        for each in sorted(cluster_robots, key=_place_of)
    ]
    told += [
        report_of(each, seen.get(_connection_of(each))) for each in sorted(robots, key=_place_of)
    ]
    return told


async def _one(api: ClusterApi, place: str | None, one: ResourceArg) -> Body:
    where = None if one.is_cluster_robot else place
    body = await Resources(api).get(one.kind, where, one.name)
    if body is None:
        inside = "" if one.is_cluster_robot else f" in the namespace {place}"
        fail(f"there is no {one.kind.kind.lower()} {one.name}{inside}", code=NOT_SEEN)
    return body


async def _cluster_robots(api: ClusterApi) -> list[Body]:
    """Those of the whole cluster, which not everybody who sees all QuayRobots may see."""
    try:
        return [each async for each in Resources(api).list_all(CLUSTER_QUAY_ROBOT)]
    except QuayRobotError as error:
        note(f"ClusterQuayRobots could not be read ({error.message})")
        return []


async def _connections(
    api: ClusterApi, bodies: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str | None, str], Body]:
    found = {}
    for kind, namespace, name in {_connection_of(each) for each in bodies}:
        if kind == QUAY_CONNECTION.kind and namespace is None:
            # The template of a ClusterQuayRobot names another one in each namespace.
            continue
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
    namespace = body["metadata"].get("namespace") if kind == QUAY_CONNECTION.kind else None
    return kind, namespace, ref.get("name", "default")


def _place_of(body: Body) -> tuple[str, str]:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]
