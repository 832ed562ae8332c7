"""
Which rights does the API server say that we lack?

What is refused ends as a word in a status, if it ends anywhere: a new password or the Lease
has none while all goes on to work. So each right is told once, until it is there again.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model.errors import QuayRobotError, Reason
from .refusals import right_of

__all__ = ["MissingRights"]

MANY = 1000

Tell = Callable[[str, str, str], None]


class MissingRights:
    """Calls *tell* with verb, resource and namespace (empty: cluster-wide) of a missing right."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: set[tuple[str, str, str]] = set()

    def failed(self, verb: str, path: str, status: int, error: QuayRobotError) -> None:
        """Tell of the right to *verb* at *path*, if its want is the *error*."""
        right = right_of(verb, path)
        if status != 403 or error.reason is not Reason.CLUSTER_REFUSED or right in self._told:
            return
        if len(self._told) < MANY:
            self._told.add(right)
        self._tell(*right)

    def done(self, verb: str, path: str) -> None:
        """Take note that we may *verb* at *path*."""
        if self._told:
            self._told.discard(right_of(verb, path))
