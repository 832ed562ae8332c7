"""How does a Quay misbehave when a test wants it to?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .replies import page
from .state import State


@dataclass(slots=True)
class Fault:
    """
    One fault: which calls (*operation*, and *path*, patterns), how often, when, and what.

    *when* is before or after the effect. *kind* is `answer` (with *status*,
    *body*, *headers*), `page` (the HTML page of *status*), `cut` (no answer at
    all), `delay` (then as usual), `rename` (the answer shows the robot
    *body*), or `lag` (a replica answers that stands where Quay stood when the
    fault was added).
    """

    operation: str
    kind: str = "answer"
    when: str = "before"
    count: int = 1
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    path: str = ""
    replica: State | None = None

    def matches(self, operation: str, path: str) -> bool:
        """Tell whether this call is to be spoiled."""
        return (
            self.count != 0
            and re.fullmatch(self.operation, operation) is not None
            and re.search(self.path, path) is not None
        )

    @property
    def replaces(self) -> bool:
        """Tell whether the answer is the fault's own."""
        return self.kind in {"answer", "cut", "page"}


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, operation: str, path: str = "") -> Fault | None:
        """Return the fault for this call, and count it."""
        for fault in self.waiting:
            if fault.matches(operation, path):
                fault.count -= 1
                if fault.count == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def add(self, **fields: Any) -> None:
        """Add a fault; a negative count never ends."""
        self.waiting.append(Fault(**fields))


def spoiled(request: Request, fault: Fault) -> Response:
    """Return the fault's own answer, or cut the connection."""
    if fault.kind == "page":
        return page(fault.status).response
    if fault.kind == "cut":
        transport: Any = request.scope.get("transport")
        if transport is not None:
            transport.abort()
    headers = {"Content-Type": "text/html", "Connection": "close", **fault.headers}
    return Response(fault.body, fault.status, headers)


def renamed(response: Response, name: str) -> Response:
    """Return the answer with another robot's name in it."""
    body = json.loads(bytes(response.body))
    body["name"] = name
    return Response(json.dumps(body), response.status_code, media_type="application/json")
