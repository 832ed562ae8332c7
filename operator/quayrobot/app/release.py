"""How does a command say which version it is?"""

from __future__ import annotations

from typing import Annotated

import typer

from .version import installed_version

__all__ = ["VersionOption"]


def _print(asked: bool) -> None:  # noqa: FBT001 - the option's value
    if asked:
        typer.echo(installed_version())
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option("--version", callback=_print, is_eager=True, help="Print the version."),
]
