"""
How does a pass learn what others set back?

Before a write: what has to be repaired and was already as wanted is lost. After
it: what came back otherwise is lost too, and not tried again in this pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...model.actions import Action, CreateSecret, LinkAccount, ReplaceSecret
from ...model.errors import QuayRobotError
from ...model.world import Contest, Present
from ...plan.credentials.contest import (
    account_fields,
    account_place,
    lost_fields,
    secret_place,
    was_as_wanted,
    was_linked,
)
from ...plan.scene import Scene
from ..cache.contests import Spot
from ..connection.context import Context

__all__ = ["known_contests", "managers_of", "note_losses", "note_write"]


def known_contests(context: Context, scene: Scene) -> Scene:
    """Return *scene* with what is known of contests about its Secrets and ServiceAccounts."""
    places = [secret_place(each) for each in scene.secrets]
    places += [account_place(each) for each in scene.accounts]
    found = {each: context.contests.view(_spot(scene, each), _words(each)) for each in places}
    contested: Mapping[str, Contest] = {key: each for key, each in found.items() if each}
    return scene if contested == scene.contested else replace(scene, contested=contested)


async def note_losses(context: Context, actions: Iterable[Action], scene: Scene) -> Scene:
    """Return *scene* after it was noted which of the fields that *actions* repair were lost."""
    held = False
    for action in actions:
        place, fields, sure = _repaired(action, scene)
        spot = _spot(scene, place)
        if lost := context.contests.met(spot, fields, sure=sure):
            context.contests.name(spot, await managers_of(context, spot, lost))
            held = True
    return known_contests(context, scene) if held else scene


def note_write(context: Context, action: Action, before: Scene, after: Scene) -> Scene:
    """Return *after* with what came back otherwise from *action* noted."""
    place, fields, _ = _repaired(action, before)
    if not fields:
        return after
    changed = _repaired(action, after)[1]
    context.contests.wrote(_spot(before, place), fields, changed)
    return known_contests(context, after)


def _repaired(action: Action, scene: Scene) -> tuple[str, dict[str, str], bool]:
    """Where *action* writes, which fields it makes right, and whether they were so before."""
    match action:
        case CreateSecret(wanted) | ReplaceSecret(wanted):
            seen = scene.secrets.get(wanted.name)
            fields = {} if seen is None else lost_fields(wanted, seen)
            return secret_place(wanted.name), fields, was_as_wanted(scene, action)
        case LinkAccount(name=name):
            fields = account_fields(action, scene.accounts.get(name))
            return account_place(name), fields, was_linked(scene, action)
        case _:
            return "", {}, False


def _spot(scene: Scene, place: str) -> Spot:
    me, life = scene.me, _life(scene, place)
    return Spot(me.uid, me.generation, scene.namespace.name, place, life)


def _life(scene: Scene, place: str) -> str:
    """Return the uid of the ServiceAccount, or of the namespace that a copy of a Secret is in."""
    kind, _, name = place.partition("/")
    account = scene.accounts.get(name) if kind == "ServiceAccount" else None
    if isinstance(account, Present):
        return account.value.uid
    # Those of a QuayRobot go with it, and it has another uid when it is created again.
    return "" if scene.me.namespace else scene.namespace.uid


def _words(place: str) -> str:
    return place.replace("/", " ")


async def managers_of(context: Context, spot: Spot, fields: Iterable[str]) -> dict[str, str]:
    """Return who else has each of *fields* at *spot*, as far as that is noted and can be read."""
    kind, _, name = spot.place.partition("/")
    try:
        return await context.resources.managers(kind, spot.namespace, name, fields)
    except QuayRobotError:
        # Who it is would help; that it happens is what counts.
        return {}
