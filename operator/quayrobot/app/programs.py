"""What does a program say to a command that only the other program has, and to a wrong option?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from .commands.access.cluster_access import fail

__all__ = ["OperatorCommands", "PlanCommand", "PluginCommands"]


class _Commands(TyperGroup):
    elsewhere: ClassVar[dict[str, str]]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that *args* begin with; exit 1 with words if another has it."""
        instead = self.elsewhere.get(args[0])
        if instead is not None:
            fail(f"{ctx.command_path} has no command {args[0]}: use {instead}")
        return super().resolve_command(ctx, args)


class PlanCommand(TyperCommand):
    """`plan`, whose exit code 2 says that there is something to do: wrong usage ends with 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the command line means; wrong usage raises, with the exit code 1."""
        with _wrong_usage_is(1):
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run it; options that do not go together raise, with the exit code 1."""
        with _wrong_usage_is(1):
            return super().invoke(ctx)


@contextmanager
def _wrong_usage_is(code: int) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        error.exit_code = code
        raise


class OperatorCommands(_Commands):
    """The commands of `quayrobot`."""

    elsewhere: ClassVar[dict[str, str]] = {
        each: f"kubectl quayrobot {each}" for each in ("status", "plan", "rotate")
    }


class PluginCommands(_Commands):
    """The commands of `kubectl quayrobot`."""

    elsewhere: ClassVar[dict[str, str]] = {
        **{each: f"quayrobot {each}" for each in ("check", "import", "crds", "run")},
        "version": "kubectl quayrobot --version",
    }
