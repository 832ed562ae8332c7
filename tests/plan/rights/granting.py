"""How does a test ask for rights, and how does it tell the changes that follow?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Reason
from quayrobot.model.names import RobotName
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.world import DefaultSeen, GrantsSeen, Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene

from ..answering import RIGHTS_WRITES
from ..scenes import (
    ACME,
    held,
    spec,
    status,
)
from ..worlds import ANYTHING

CI = RobotName(ACME, "ci")

READS = [{"name": "app", "role": "read"}]


def finished(*, yes: bool = True) -> Condition:
    said = "True" if yes else "False"
    return Condition(type="GrantsReady", status=said, reason=Reason.RECONCILED)


def wants(
    seen: GrantsSeen | None,
    *,
    recorded: dict[str, Any] | None = None,
    ready: bool = False,
    changes: dict[str, Any] | None = None,
    **permissions: Any,
) -> Scene:
    """Return a look at a held robot that declares *permissions* and has what is *seen*."""
    grants = None if recorded is None else GrantsState.model_validate(recorded)
    known = status(grants=grants)
    known = known.model_copy(update={"conditions": (*known.conditions, finished(yes=ready))})
    view = Unlooked() if seen is None else Present(seen)
    scene = held(spec=spec(permissions=permissions), status=known, grants=view, rules=(ANYTHING,))
    return replace(scene, **(changes or {}))


def changes_of(scene: Scene) -> list[Any]:
    """Return the changes that *scene* leads to."""
    return [each for each in decide(scene).actions if isinstance(each, RIGHTS_WRITES)]


def default(role: str, creator: str | None = None, key: str = "1") -> DefaultSeen:
    return DefaultSeen(role, creator, f"id-{key}")


def words_of(changes: list[Any]) -> list[str]:
    parts = ("role", "repository", "team")
    said = ((type(each).__name__, *(getattr(each, p, None) for p in parts)) for each in changes)
    return [" ".join(filter(None, each)) for each in said]
