"""
What is wrong with an installation?

Definitions, the operator's rights, how many of it run, and through each
connection Quay, its token and its scopes. Exit codes: 0 nothing is wrong, 1
something is, 2 something could not be seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ...model.names import OPERATOR
from ..settings import ENV_PREFIX
from .access.cluster_access import ContextOption, KubeconfigOption, fail, reach, run
from .check_steps import CheckOptions, check_all
from .render.output import Output, OutputOption, console, echo_items
from .report.checks import CheckResult, State

__all__ = ["check"]

NOT_ALL_SEEN = 2
_COLORS = {State.FINE: "green", State.WRONG: "red"}


def check(
    account: Annotated[
        str, typer.Option("--service-account", help="The operator's, as NAMESPACE/NAME.")
    ] = f"{OPERATOR}/{OPERATOR}",
    organization: Annotated[
        list[str] | None,
        typer.Option(
            "--organization",
            metavar="<str>",
            help="Try these; default: those in use. Can be repeated.",
        ),
    ] = None,
    namespaces: Annotated[
        str | None,
        typer.Option(
            "--namespaces",
            envvar=f"{ENV_PREFIX}NAMESPACES",
            help="The operator's setting; default: its Deployment's.",
        ),
    ] = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """
    Look for mistakes in an installation.

    Prints one line per check, and a fix for what is not ok. Exit code 1: something is wrong, 2:
    something could not be read.
    """
    namespace, _, name = account.partition("/")
    if not namespace or not name:
        fail("--service-account is NAMESPACE/NAME", code=NOT_ALL_SEEN)
    served = tuple(each.strip() for each in (namespaces or "").split(",") if each.strip())
    asked = CheckOptions((namespace, name), served, tuple(organization or ()))
    results = run(_check(kubeconfig, context, asked), code=NOT_ALL_SEEN)
    if output is Output.TEXT:
        _print(results)
    else:
        items = [
            {"about": each.about, "state": each.state, "words": each.words, "cure": each.cure}
            for each in results
        ]
        echo_items(items, output)
    if any(each.state is State.WRONG for each in results):
        raise typer.Exit(1)
    if any(each.state is State.UNSEEN for each in results):
        raise typer.Exit(NOT_ALL_SEEN)


async def _check(
    kubeconfig: Path | None, context: str | None, asked: CheckOptions
) -> list[CheckResult]:
    async with reach(kubeconfig, context) as api:
        return await check_all(api, asked)


def _print(results: list[CheckResult]) -> None:
    screen = console()
    for each in results:
        text = Text(f"{each.state}  ", style=_COLORS.get(each.state, "yellow"))
        text.append(f"{each.about}: ", style="bold").append(each.words, style="not bold default")
        screen.print(text)
        if each.state is not State.FINE and each.cure:
            screen.print(Text(f"    fix: {each.cure}"))
