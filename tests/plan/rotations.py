"""
What does a resource look like before, while and after its credential is replaced?

The last request was the trigger `one`; what is asked for now is `two`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from quayrobot.model.resources.robot import RobotSpec, RobotStatus
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.secrecy import Token
from quayrobot.plan.rotation.rotation import request_of
from quayrobot.plan.scene import Scene

from .scenes import (
    TOKEN,
    held,
    me,
    spec,
    status,
)

__all__ = ["TURN", "asked", "begun", "known", "open_intent", "request", "turning"]

TURN = ["RehearseSecrets", "RecordIntent", "Regenerate"]
DAY = timedelta(days=1)


def turning(**fields: Any) -> RobotSpec:
    """Return a spec whose `rotation` says *fields*."""
    return spec(rotation=fields)


def request(annotation: str | None = None, **fields: Any) -> str:
    """Return the digest of what is asked for by *annotation* and spec."""
    return request_of(held(spec=turning(**fields), me=me(guarded=True, rotate=annotation)))


def known(**changes: Any) -> RobotStatus:
    """Return a status that knows which request was the last one; by default trigger `one`."""
    state = RotationState(**{"last_trigger": request(trigger="one"), **changes})
    return status(rotation=state)


def open_intent(token: Token = TOKEN, cause: str = "Request", **fields: Any) -> Intent:
    """Return the intent to replace *token* because of *fields*, by default trigger `two`."""
    asked = request(**(fields or {"trigger": "two"}))
    return Intent(cause=cause, request=asked, digest=token.digest)


def asked(**changes: Any) -> Scene:
    """Return a robot at rest whose trigger went from `one` to `two`."""
    return held(**{"spec": turning(trigger="two"), "status": known(), **changes})


def begun(**changes: Any) -> Scene:
    """Return the same, with the intent stored and nothing else done."""
    return asked(**{"status": known(intent=open_intent()), **changes})
