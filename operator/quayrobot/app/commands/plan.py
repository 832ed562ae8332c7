"""
What would the operator do about QuayRobots and ClusterQuayRobots, and why?

Decided by the operator's own rules from what the caller may see: the cluster
and Quay are read, nothing is written. Exit codes: 0 nothing to do, 2 something
to do, 1 something is in the way, or could not be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.tree import Tree

from ...cluster.api import Body
from ...cluster.kinds import CLUSTER_QUAY_ROBOT, NAMESPACE, OURS, QUAY_ROBOT
from ...cluster.resources import Resources
from ...engine.cache.one_shot import OneShotCache
from ...engine.cache.store import ClusterRobotRecord, RobotRecord
from ...engine.connection.context import Context
from ...engine.preview.cluster_robot import ClusterRobotPreview, preview_cluster_robot
from ...engine.preview.robot import Preview, preview_robot
from ...engine.workqueue.keys import ResourceKey
from ...model.actions import Component
from ...model.errors import InvalidSpec, QuayRobotError
from ...plan.scene import Finding
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
from .access.documents import (
    Document,
    applied,
    check_change,
    check_cluster_robot_change,
    check_declared,
    read_documents,
)
from .access.idle_fields import idle_fields
from .access.readers import (
    ClusterIdOption,
    ClusterNameOption,
    cluster_of,
    now,
    reading_context,
)
from .access.resource_args import ResourceArg, parse_resource_arg
from .render.cluster_robot_plan_text import cluster_robot_plan_tree
from .render.output import Output, OutputOption, console, echo_items
from .render.plan_text import plan_tree
from .render.plan_values import cluster_robot_plan_values, plan_values

__all__ = ["plan"]

SOMETHING_TO_DO = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What would be done about one resource, as it is shown, and how that counts."""

    tree: Tree
    values: dict[str, Any]
    busy: bool
    blocked: bool


@dataclass(slots=True)
class Wanted:
    """The resources to plan for as if applied, others that count, and what is refused."""

    robots: list[Body] = field(default_factory=list)
    cluster_robots: list[Body] = field(default_factory=list)
    others: list[tuple[str, Body]] = field(default_factory=list)
    refusals: dict[ResourceKey, Finding] = field(default_factory=dict)

    def add(self, kind: str, body: Body) -> None:
        """Take in one."""
        if kind == QUAY_ROBOT.kind:
            self.robots.append(body)
            return
        if kind == CLUSTER_QUAY_ROBOT.kind:
            self.cluster_robots.append(body)
        self.others.append((kind, body))


def plan(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Existing QuayRobots, or cqr/NAME."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--filename",
            "-f",
            metavar="<path>",
            help="Plan manifests: a file, a folder, - for stdin. Can be repeated.",
        ),
    ] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    cluster_id: ClusterIdOption = None,
    cluster_name: ClusterNameOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """
    Show what the operator would do, and why.

    Nothing is written, in the cluster or in Quay. Exit code 0: nothing to do, 2: something to do,
    1: something is in the way, or could not be read.
    """
    if not names and not files:
        fail("give names of QuayRobots, or -f with manifests")
    place = namespace or context_namespace(kubeconfig, context)
    asked = [parse_resource_arg(each) for each in names or []]
    documents = [each for file in files or [] for each in _read(file, place)]
    if not asked and not documents:
        fail("there is no manifest in what -f names")
    told = run(_plan(kubeconfig, context, (cluster_id, cluster_name), place, asked, documents))
    if output is Output.TEXT:
        _print(told)
    else:
        echo_items([each.values for each in told], output)
    if any(each.blocked for each in told):
        raise typer.Exit(1)
    if any(each.busy for each in told):
        raise typer.Exit(SOMETHING_TO_DO)


def _print(told: list[Answer]) -> None:
    screen = console()
    for each in told:
        screen.print(each.tree)


def _read(file: str, place: str) -> list[Document]:
    try:
        return read_documents(file, place)
    except QuayRobotError as error:
        fail(error.message)


async def _plan(
    kubeconfig: Path | None,
    context: str | None,
    cluster: tuple[str | None, str | None],
    place: str,
    asked: list[ResourceArg],
    documents: list[Document],
) -> list[Answer]:
    async with reach(kubeconfig, context) as api:
        resources = Resources(api)
        cluster_id = cluster[0] or await cluster_of(resources)
        wanted = Wanted()
        for one in asked:
            wanted.add(one.kind.kind, await _live(resources, place, one))
        for number, document in enumerate(documents, 1):
            for line in idle_fields(document):
                note(f"note: {line}")
            if document.ours:
                wanted.add(document.kind, await _as_applied(resources, document, number, wanted))
            else:
                words = "is skipped: only QuayRobots and ClusterQuayRobots have plans"
                note(f"{document.kind} {document.name} {words}")
        cache = OneShotCache(resources, cluster_name=cluster[1])
        await cache.read(wanted.robots, wanted.others)
        await cache.cluster_robots(
            ClusterRobotRecord(each, cluster[1]) for each in wanted.cluster_robots
        )
        for line in cache.notes:
            note(f"note: {line}")
        return await _answers(reading_context(api, cluster_id, cache.store), wanted)


async def _answers(context: Context, wanted: Wanted) -> list[Answer]:
    try:
        cluster_robots = [
            await _cluster_robot(context, wanted, each) for each in wanted.cluster_robots
        ]
        return cluster_robots + [await _robot(context, wanted, each) for each in wanted.robots]
    finally:
        await context.pool.aclose()


async def _robot(context: Context, wanted: Wanted, body: Body) -> Answer:
    record = context.store.robots[RobotRecord(QUAY_ROBOT.kind, body).key]
    refusal = wanted.refusals.get(record.key)
    told = (
        await preview_robot(context, record) if refusal is None else Preview(findings=(refusal,))
    )
    return Answer(
        plan_tree(record, told), plan_values(record, told), bool(told.steps), bool(told.findings)
    )


async def _cluster_robot(context: Context, wanted: Wanted, body: Body) -> Answer:
    """One namespace that is refused holds up no other: something to do comes first."""
    record = context.store.cluster_robots[RobotRecord(CLUSTER_QUAY_ROBOT.kind, body).key]
    refusal = wanted.refusals.get(record.key)
    if refusal is None:
        told = await preview_cluster_robot(context, record)
    else:
        told = ClusterRobotPreview(findings=(refusal,))
    robot = told.robot is not None and bool(told.robot.findings)
    refused = not told.busy and any(each.findings for each in told.namespaces)
    blocked = bool(told.findings) or robot or refused
    tree, values = cluster_robot_plan_tree(record, told), cluster_robot_plan_values(record, told)
    return Answer(tree, values, told.busy, blocked)


async def _live(resources: Resources, place: str, one: ResourceArg) -> Body:
    body = await resources.get(one.kind, None if one.is_cluster_robot else place, one.name)
    if body is None:
        inside = "" if one.is_cluster_robot else f" in the namespace {place}"
        fail(f"there is no {one.kind.kind.lower()} {one.name}{inside}")
    return body


async def _as_applied(
    resources: Resources, document: Document, number: int, wanted: Wanted
) -> Body:
    kind = OURS.get(document.kind, NAMESPACE)
    live = await resources.get(kind, document.namespace, document.name)
    body = applied(document, live, now(), number)
    try:
        check_declared(document, body["spec"])
        if live is not None and kind is QUAY_ROBOT:
            check_change(document.name, live["spec"], body["spec"])
        elif live is not None and kind is CLUSTER_QUAY_ROBOT:
            check_cluster_robot_change(live["spec"], body["spec"])
    except InvalidSpec as error:
        if kind not in (QUAY_ROBOT, CLUSTER_QUAY_ROBOT):
            fail(f"{document.kind} {document.name} is not valid: {error.message}")
        key = RobotRecord(document.kind, body).key
        wanted.refusals[key] = Finding(Component.SPEC, error)
    return body
