"""What does a program say to a command that only the other program has?"""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperGroup

from .commands.access.cluster_access import fail

__all__ = ["OperatorCommands", "PluginCommands"]


class _Commands(TyperGroup):
    elsewhere: ClassVar[dict[str, str]]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that *args* begin with; exit 1 with words if another has it."""
        instead = self.elsewhere.get(args[0])
        if instead is not None:
            fail(f"{ctx.command_path} has no command {args[0]}: use {instead}")
        return super().resolve_command(ctx, args)


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
