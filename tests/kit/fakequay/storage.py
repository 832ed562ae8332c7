"""How does the double remember over a restart? As one JSON file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .state import OAuth, Organization, Repository, Robot, Settings, State

_KEPT = (
    "users", "passwords", "organizations", "robots", "repositories", "oauth", "logs", "settings",
)  # fmt: skip


@dataclass
class Stored:
    """What is kept of a state."""

    users: set[str] = field(default_factory=set)
    passwords: dict[str, str] = field(default_factory=dict)
    organizations: dict[str, Organization] = field(default_factory=dict)
    robots: dict[str, Robot] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    oauth: dict[str, OAuth] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)


_ADAPTER = TypeAdapter(Stored)


def save(state: State, path: Path) -> None:
    """Write *state* to *path*, whole or not at all."""
    stored = Stored(**{name: getattr(state, name) for name in _KEPT})
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_ADAPTER.dump_json(stored))
    beside.replace(path)


def load(state: State, path: Path) -> None:
    """Fill *state* from *path*, if there is such a file."""
    if not path.exists():
        return
    stored = _ADAPTER.validate_json(path.read_bytes())
    for name in _KEPT:
        setattr(state, name, getattr(stored, name))
