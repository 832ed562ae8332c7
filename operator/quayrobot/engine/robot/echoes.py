"""Which object does an action write so that a watch would wake the resource again?"""

from __future__ import annotations

from ...cluster.kinds import SECRET
from ...model.actions import Action, AddFinalizer, CreateSecret, ReplaceSecret
from ..cache.in_flight import Place
from ..workqueue.keys import ResourceKey

__all__ = ["echo_of"]


def echo_of(action: Action, key: ResourceKey) -> Place | None:
    """Return the place of what *action* for the resource *key* writes; a status wakes nobody."""
    match action:
        case CreateSecret() | ReplaceSecret():
            return SECRET.kind, *action.place
        case AddFinalizer():
            return key.kind, key.namespace, key.name
        case _:
            return None
