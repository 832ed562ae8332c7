"""
Which cluster do the tests run on?

The one seam for `pytest --cluster`: tests ask for a fixture and never make a
cluster themselves. A further kind of cluster is a name in CHOICES and a case in
`chosen_cluster`; it yields what a ControlPlane offers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .current import CurrentCluster
from .kind import kind_cluster
from .plane import ControlPlane

__all__ = ["CHOICES", "chosen_cluster"]

CHOICES = ("local", "kind", "current")


@contextmanager
def chosen_cluster(
    choice: str = "local", *, context: str | None = None, image: str | None = None
) -> Iterator[ControlPlane | CurrentCluster]:
    """
    Yield a cluster of the kind *choice*, ready for use, and take down at the end what is ours.

    *context* confirms the name of the current context; *image* is that of kind's node.

    Raises:
        PartMissing: A part that it needs cannot be had here.
        NotConfirmed: The current context is another one than *context*.
    """
    match choice:
        case "local":
            with ControlPlane() as plane:
                yield plane
        case "kind":
            with kind_cluster(image) as cluster:
                yield cluster
        case "current":
            with CurrentCluster.confirmed(context) as cluster:
                yield cluster
        case _:
            raise ValueError(f"{choice} is none of {', '.join(CHOICES)}")
