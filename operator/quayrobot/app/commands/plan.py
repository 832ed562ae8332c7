"""
What would the operator do, and why?

Decided by the operator's own rules from what the caller may see: the cluster
and Quay are read, nothing is written. Exit codes: 0 nothing to do, 2 something
to do, 1 something is in the way, or could not be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...cluster.api import Body, ClusterApi
from ...cluster.kinds import NAMESPACE, OURS, QUAY_ROBOT
from ...cluster.resources import Resources
from ...engine.foretell import Foretold, foretell
from ...engine.keys import ResourceKey
from ...engine.peek import Peek
from ...engine.store import RobotRecord
from ...model.actions import Component
from ...model.errors import InvalidSpec
from ...plan.scene import Finding
from .documents import Document, applied, check_change, read_documents
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
from .reading import ClusterIdOption, cluster_of, now, reading_tools
from .sentences import plan_tree
from .status import WIDTH

__all__ = ["plan"]

SOMETHING_TO_DO = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What would be done about one resource."""

    record: RobotRecord
    told: Foretold


def plan(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="QuayRobots that are there.")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--filename", "-f", help="Manifests as if applied; - is stdin."),
    ] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    cluster_id: ClusterIdOption = None,
) -> None:
    """Tell what the operator would do and why, without doing it (exit code 2: something)."""
    if not names and not files:
        fail("give names of QuayRobots, or -f with manifests")
    place = namespace or context_namespace(kubeconfig, context)
    answers = run(_plan(kubeconfig, context, cluster_id, place, names or [], files or []))
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    for each in answers:
        console.print(plan_tree(each.record, each.told))
    if any(each.told.findings for each in answers):
        raise typer.Exit(1)
    if any(each.told.steps for each in answers):
        raise typer.Exit(SOMETHING_TO_DO)


async def _plan(
    kubeconfig: Path | None,
    context: str | None,
    cluster_id: str | None,
    place: str,
    names: list[str],
    files: list[str],
) -> list[Answer]:
    documents = [each for file in files for each in read_documents(file, place)]
    async with reach(kubeconfig, context) as api:
        resources = Resources(api)
        cluster = cluster_id or await cluster_of(resources)
        bodies = [await _live(resources, place, name) for name in names]
        refusals: dict[ResourceKey, Finding] = {}
        others = []
        for number, each in enumerate(documents, 1):
            body = await _as_applied(resources, each, number, refusals)
            if each.kind == QUAY_ROBOT.kind:
                bodies.append(body)
            elif each.ours:
                others.append((each.kind, body))
            else:
                note(f"{each.kind} {each.name} is left aside: plans are made of QuayRobots")
        peek = Peek(resources)
        await peek.read(bodies, others)
        for line in peek.notes:
            note(f"note: {line}")
        return await _answers(api, cluster, peek, bodies, refusals)


async def _answers(
    api: ClusterApi,
    cluster: str,
    peek: Peek,
    bodies: list[Body],
    refusals: dict[ResourceKey, Finding],
) -> list[Answer]:
    tools = reading_tools(api, cluster, peek.store)
    answers = []
    try:
        for body in bodies:
            key = RobotRecord(QUAY_ROBOT.kind, body).key
            record = peek.store.robots[key]
            if key in refusals:
                told = Foretold(findings=(refusals[key],))
            else:
                told = await foretell(tools, record)
            answers.append(Answer(record, told))
    finally:
        await tools.lines.aclose()
    return answers


async def _live(resources: Resources, place: str, name: str) -> Body:
    body = await resources.get(QUAY_ROBOT, place, name)
    if body is None:
        fail(f"there is no quayrobot {name} in the namespace {place}")
    return body


async def _as_applied(
    resources: Resources, document: Document, number: int, refusals: dict[ResourceKey, Finding]
) -> Body:
    kind = OURS.get(document.kind, NAMESPACE)
    live = None
    if document.ours:
        live = await resources.get(kind, document.namespace, document.name)
    body = applied(document, live, now(), number)
    if live is not None and document.kind == QUAY_ROBOT.kind:
        try:
            check_change(document.name, live["spec"], body["spec"])
        except InvalidSpec as error:
            key = RobotRecord(document.kind, body).key
            refusals[key] = Finding(Component.SPEC, error)
    return body
