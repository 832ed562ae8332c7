"""
How are users warned that the manifest of a linked ServiceAccount sets the list that we write?

Our entry goes in all the same. But whoever applies that manifest again ends in a
conflict or takes our entry out, and neither would lead them to us: so one Event
says it, for each ServiceAccount and each tool, not for each repair.
"""

from __future__ import annotations

from ...model.actions import Action, LinkAccount
from ...model.errors import Reason
from ...model.world import Present
from ...plan.credentials.links import declared_elsewhere
from ...plan.scene import Scene
from ..cache.store import Body
from ..connection.context import Context

__all__ = ["tell_declared"]


def tell_declared(context: Context, body: Body, action: Action, before: Scene) -> None:
    """Write the Event about the resource *body* after *action*; *before* is the scene then."""
    if not isinstance(action, LinkAccount):
        return
    # Our write takes the field over, and the note of who applied it goes: so before, not after.
    seen = before.accounts.get(action.name)
    if not isinstance(seen, Present):
        return
    links = {link for link, _ in action.add}
    for link, words in declared_elsewhere(seen.value).items():
        if link in links and context.told.first((before.me.uid, seen.value.uid, words)):
            context.recorder.emit(
                body,
                kind=before.me.kind,
                warning=True,
                reason=Reason.IMAGE_PULL_SECRETS_DECLARED,
                note=words,
            )
