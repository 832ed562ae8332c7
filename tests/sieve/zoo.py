"""
Do the patterns go red for an operator that they were made for?

A deliberate bug, switched on in the operator's process, for each pattern of which one is
known that harms no undisturbed life; `make sieve ZOO=1`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.zoo.bugs import BUGS, Bug

__all__ = ["BELIEVES", "PROOFS"]


def _never(_real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *_args: False


BELIEVES = Bug(
    "VIEW", "what a watch showed is written by, however old it is", "L2",
    "engine.robot.writes", "rests_on_spec", _never,
)  # fmt: skip
# By pattern: the bug, and a life whose plans have to end otherwise with it.
PROOFS = {
    "unobserved": (BUGS["B13"], "rights"),
    "stale": (BELIEVES, "rights"),
}
