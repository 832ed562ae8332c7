"""How does a Quay misbehave when a test wants it to?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """
    One fault: which calls (*operation*, a pattern), how often, when, and what.

    *when* is before or after the effect. *kind* is `answer` (with *status*,
    *body*, *headers*), `cut` (no answer at all), `delay` (then as usual), or
    `rename` (the answer shows the robot *body*).
    """

    operation: str
    kind: str = "answer"
    when: str = "before"
    count: int = 1
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0

    def matches(self, operation: str) -> bool:
        """Tell whether this call is to be spoiled."""
        return self.count != 0 and re.fullmatch(self.operation, operation) is not None


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, operation: str) -> Fault | None:
        """Return the fault for this call, and count it."""
        for fault in self.waiting:
            if fault.matches(operation):
                fault.count -= 1
                if fault.count == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def add(self, **fields: Any) -> None:
        """Add a fault; a negative count never ends."""
        self.waiting.append(Fault(**fields))
