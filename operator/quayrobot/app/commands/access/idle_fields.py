"""
Which fields of a manifest are taken and do nothing?

The API server takes them, so that a stored resource stays valid whatever a later version
makes of it; what was meant is asked best where the manifest is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ....cluster.kinds import CLUSTER_QUAY_ROBOT, QUAY_ROBOT
from .documents import Document

__all__ = ["idle_fields"]


def idle_fields(document: Document) -> Iterator[str]:
    """Yield what *document* says without effect, in words."""
    steps = {QUAY_ROBOT.kind: ("spec",), CLUSTER_QUAY_ROBOT.kind: ("spec", "template", "spec")}
    path = steps.get(document.kind)
    rotation = _at(document.body, (*path, "rotation")) if path else {}
    if "overlap" in rotation and rotation.get("strategy") != "Overlap":
        place = ".".join((*(path or ()), "rotation"))
        yield (
            f"{document.kind} {document.name}: {place}.overlap does nothing without "
            "strategy: Overlap; a rotation in place ends the old token at once"
        )


def _at(body: object, steps: tuple[str, ...]) -> Mapping[str, object]:
    for step in steps:
        body = body.get(step) if isinstance(body, Mapping) else None
    return body if isinstance(body, Mapping) else {}
