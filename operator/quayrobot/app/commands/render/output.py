"""
How does a command print its result?

As text for people, as wide as their terminal; into a pipe or a file a line is
never wrapped, so that grep finds what it looks for. As JSON or YAML for programs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
import yaml
from rich.console import Console

__all__ = ["Output", "OutputOption", "console", "echo_items"]

LEAST_WIDTH = 100
# More than any line: what rich takes for no limit.
NO_LIMIT = 10_000


class Output(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="text, json or yaml.")]


def console() -> Console:
    """Return where text goes: as wide as the terminal (or `COLUMNS`), else without a limit."""
    shown = Console(highlight=False)
    limited = shown.is_terminal or os.environ.get("COLUMNS", "").isdecimal()
    shown.width = max(shown.width, LEAST_WIDTH) if limited else NO_LIMIT
    return shown


def echo_items(items: Sequence[dict[str, Any]], output: Output) -> None:
    """Print *items* as one JSON or YAML document with the list `items`."""
    as_json = orjson.dumps({"items": list(items)}, option=orjson.OPT_INDENT_2).decode()
    if output is Output.YAML:
        # By way of JSON, so that both say the same.
        plain = orjson.loads(as_json)
        typer.echo(yaml.safe_dump(plain, sort_keys=False, width=NO_LIMIT).rstrip())
    else:
        typer.echo(as_json)
