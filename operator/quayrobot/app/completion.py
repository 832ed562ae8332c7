"""
How does `kubectl quayrobot` complete words when Tab is pressed?

kubectl runs `kubectl_complete-quayrobot` with all words so far, the unfinished
one last, and reads one suggestion a line (after a tab what it means) and then
`:` with a number for the shell. What cannot be looked up is no suggestion.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from ..cluster.kinds import NAMESPACE, QUAY_ROBOT, Kind
from ..cluster.login import Login
from ..cluster.resources import Resources
from ..model.errors import QuayRobotError
from .commands.access.cluster_access import context_namespace, kubeconfig_names, reach
from .commands.access.resource_args import named_kind
from .commands.render.output import Output
from .plugin import app

__all__ = ["main", "suggestions"]

# As kubectl's own completions say them: nothing special, and no names of files.
PLAIN, NO_FILES = 0, 4
LOOKED_S = 5.0
_FILES = {"--filename", "-f", "--kubeconfig"}


def suggestions(words: Sequence[str]) -> tuple[list[str], int]:
    """Return what may stand for the last of *words*, and the number for the shell."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    *before, begun = words or [""]
    if not before:
        told = [f"{name}\t{each.get_short_help_str(80)}" for name, each in group.commands.items()]
        return _beginning(told, begun), NO_FILES
    command = group.commands.get(before[0])
    if command is None:
        return [], NO_FILES
    option = _option(command, before[-1]) if len(before) > 1 else None
    if option is not None and not option.is_flag:
        if _FILES & set(option.opts):
            return [], PLAIN
        return _beginning(_values(option, before), begun), NO_FILES
    if begun.startswith("-"):
        return _beginning(list(_options(command)), begun), NO_FILES
    return _beginning(_names(before, begun), begun), NO_FILES


def _beginning(found: list[str], begun: str) -> list[str]:
    return [each for each in found if each.startswith(begun)]


def _option(command: Any, word: str) -> TyperOption | None:
    options = (each for each in command.params if isinstance(each, TyperOption))
    return next((each for each in options if word in each.opts), None)


def _options(command: Any) -> Iterator[str]:
    for each in command.params:
        if isinstance(each, TyperOption):
            yield from (f"{name}\t{each.help}" for name in each.opts if name.startswith("--"))


def _values(option: TyperOption, words: Sequence[str]) -> list[str]:
    """Return what may be given for *option*, as far as that is known."""
    names = set(option.opts)
    if "--output" in names:
        return list(Output)
    if "--namespace" in names:
        return _listed(words, NAMESPACE, None)
    for part in ("contexts", "users", "clusters"):
        if f"--{part.removesuffix('s')}" in names:
            return kubeconfig_names(_kubeconfig(words), part)
    return []


def _names(words: Sequence[str], begun: str) -> list[str]:
    """Return the QuayRobots of the namespace; after `cqr/` the ClusterQuayRobots."""
    kind, slash, _ = begun.rpartition("/")
    found = named_kind(kind) if slash else QUAY_ROBOT
    if found is None:
        return []
    namespace = None
    if found is QUAY_ROBOT:
        context = _value(words, "--context")
        namespace = _value(words, "--namespace", "-n")
        namespace = namespace or context_namespace(_kubeconfig(words), context)
    return [f"{kind}{slash}{each}" for each in _listed(words, found, namespace)]


def _listed(words: Sequence[str], kind: Kind, namespace: str | None) -> list[str]:
    """Return the names of all of *kind*; none where they cannot be read at once."""
    try:
        return asyncio.run(_read(words, kind, namespace))
    except (QuayRobotError, TimeoutError):
        return []


async def _read(words: Sequence[str], kind: Kind, namespace: str | None) -> list[str]:
    login = Login(
        user=_value(words, "--user"),
        cluster=_value(words, "--cluster"),
        server=_value(words, "--server", "-s"),
        as_user=_value(words, "--as"),
    )
    connected = reach(_kubeconfig(words), _value(words, "--context"), login)
    async with asyncio.timeout(LOOKED_S), connected as api:
        listed = Resources(api).list_all(kind, namespace=namespace)
        return sorted([each["metadata"]["name"] async for each in listed])


def _kubeconfig(words: Sequence[str]) -> Path | None:
    path = _value(words, "--kubeconfig")
    return Path(path) if path else None


def _value(words: Sequence[str], *options: str) -> str | None:
    """Return what was given for one of *options*, as `-n x` or `--namespace=x`."""
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in options:
            return value or next(iter(words[place + 1 :]), None)
    return None


def main() -> None:
    """Print what may come next, as kubectl reads it."""
    found, number = suggestions(sys.argv[1:])
    typer.echo("\n".join([*found, f":{number}"]))
