"""
Which cluster do the tests run on?

The one seam for `pytest --cluster`: tests ask for a fixture and never make a
cluster themselves. A further kind of cluster is a name in CHOICES and a case in
`chosen_cluster`; it yields what a ControlPlane offers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .plane import ControlPlane

__all__ = ["CHOICES", "chosen_cluster"]

CHOICES = ("local",)


@contextmanager
def chosen_cluster(choice: str = "local") -> Iterator[ControlPlane]:
    """
    Yield a cluster of the kind *choice*, ready for use, and take it down at the end.

    Raises:
        PartMissing: A part that it needs cannot be had here.
    """
    match choice:
        case "local":
            with ControlPlane() as plane:
                yield plane
        case _:
            raise ValueError(f"{choice} is none of {', '.join(CHOICES)}")
