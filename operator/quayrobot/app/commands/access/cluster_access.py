"""
How does a command reach the cluster, and as whom?

By the caller's kubeconfig and with the caller's rights, like kubectl. What
goes wrong is one line on stderr and the exit code 1, or what the command says.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import yaml

from ....cluster.api import ClusterApi
from ....cluster.kubeconfig_files import current_context, find_entry, read_files
from ....cluster.login import Login
from ....model.errors import QuayRobotError
from .login_options import typed_login

__all__ = [
    "ContextOption",
    "KubeconfigOption",
    "NamespaceOption",
    "context_namespace",
    "fail",
    "kubeconfig_names",
    "note",
    "reach",
    "run",
]

ResultT = TypeVar("ResultT")
KubeconfigOption = Annotated[
    Path | None, typer.Option("--kubeconfig", help="Default: KUBECONFIG or ~/.kube/config.")
]
ContextOption = Annotated[
    str | None, typer.Option("--context", help="Default: the kubeconfig's current one.")
]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Default: the context's.")
]


@asynccontextmanager
async def reach(
    kubeconfig: Path | None, context: str | None, login: Login | None = None
) -> AsyncIterator[ClusterApi]:
    """
    Connect as the caller, with what *login*, by default the command line, wants otherwise.

    Raises:
        Refused: There is no usable kubeconfig.
    """
    login = login or typed_login()
    api = await ClusterApi.connect(kubeconfig, context, who="you", login=login)
    try:
        yield api
    finally:
        await api.aclose()


def run(work: Coroutine[Any, Any, ResultT], *, code: int = 1) -> ResultT:
    """Run *work* to its end; what it cannot do ends the command, with the exit *code*."""
    try:
        return asyncio.run(work)
    except QuayRobotError as error:
        fail(error.message, code=code)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def context_namespace(kubeconfig: Path | None, context: str | None) -> str:
    """Return the namespace of the context, as kubectl has it."""
    try:
        files = read_files(_named(kubeconfig))
        _, chosen = find_entry(files, "contexts", context or current_context(files))
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return "default"
    namespace: str = chosen.get("namespace", "")
    return namespace or "default"


def kubeconfig_names(kubeconfig: Path | None, part: str) -> list[str]:
    """Return the names of all entries; *part* is "contexts", "clusters" or "users"."""
    try:
        files = read_files(_named(kubeconfig))
        entries = [each for _, content in files for each in content.get(part) or []]
        return sorted({str(each["name"]) for each in entries})
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return []


def _named(kubeconfig: Path | None) -> str:
    return str(kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")


def note(message: str) -> None:
    """Say something beside the result."""
    typer.echo(message, err=True)


def fail(message: str, *, code: int = 1) -> NoReturn:
    """End the command with the exit *code* and what went wrong."""
    note(f"error: {message}")
    raise typer.Exit(code)
