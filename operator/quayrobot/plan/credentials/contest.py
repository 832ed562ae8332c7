"""
Which fields do others set back, and what of ours can wait meanwhile?

Somebody else may want a field otherwise than we: a tool that owns a
ServiceAccount, a policy that relabels Secrets. Each of us would repair it for
ever. What is known of such a contest is in the scene: a write that would repair
nothing but fields whose turn has not come is left out, everything else goes on.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...model.actions import (
    Component,
    CreateSecret,
    LinkAccount,
    ReplaceSecret,
    SecretWanted,
    SecretWrite,
)
from ...model.world import Absent, AccountSeen, Contest, Present, SecretSeen, Seen
from ..scene import Finding, Scene
from .digests import content_digest

__all__ = [
    "account_fields",
    "account_place",
    "contests_of",
    "entry_field",
    "is_of_credential",
    "lost_fields",
    "secret_place",
    "was_as_wanted",
    "was_linked",
    "withhold",
]

# Fields of the whole: that it is there at all, and that there is no key that is not ours.
OBJECT = "the Secret itself"
OTHER_KEYS = "data (keys that are not ours)"


def lost_fields(wanted: SecretWanted, seen: Seen[SecretSeen]) -> dict[str, str]:
    """Return the fields that *seen* has otherwise than *wanted*, with what is wanted of each."""
    if isinstance(seen, Absent):
        return {OBJECT: "there"}
    if not isinstance(seen, Present):
        return {}
    there = seen.value
    found = {
        f"data[{key}]": digest
        for key, digest in wanted.digests.items()
        if there.digests.get(key) != digest
    }
    if set(there.digests) - set(wanted.digests):
        found[OTHER_KEYS] = "none"
    found |= _pairs("metadata.labels", wanted.labels, there.labels)
    found |= _pairs("metadata.annotations", wanted.annotations, there.annotations)
    if (there.controller_uid is not None) != wanted.controlled:
        found["metadata.ownerReferences"] = str(wanted.controlled)
    if there.type != wanted.type:
        found["type"] = wanted.type
    return found


def _pairs(part: str, wanted: object, there: object) -> dict[str, str]:
    known: dict[str, str] = dict(there)  # type: ignore[call-overload]
    pairs: dict[str, str] = dict(wanted)  # type: ignore[call-overload]
    return {f"{part}[{key}]": value for key, value in pairs.items() if known.get(key) != value}


def account_fields(action: LinkAccount, seen: Seen[AccountSeen] | None) -> dict[str, str]:
    """Return the entries that *action* adds and *seen* lacks, as fields."""
    there = seen.value.links if isinstance(seen, Present) else {}
    return {
        entry_field(link, secret): "named"
        for link, secret in action.add
        if secret not in there.get(link, ())
    }


def entry_field(link: str, secret: str) -> str:
    """Return the field that names *secret* in the list *link* of a ServiceAccount."""
    return f"{link}[{secret}]"


def was_linked(scene: Scene, action: LinkAccount) -> bool:
    """Return whether the status says that a ServiceAccount had all that *action* adds."""
    noted = {
        (each.link, each.secret)
        for each in scene.status.links
        if each.service_account == action.name
    }
    ready = any(
        each.type == "SecretsReady" and each.status == "True" for each in scene.status.conditions
    )
    return ready and action.add <= noted and _is_observed(scene)


def is_of_credential(fields: Iterable[str]) -> bool:
    """Return whether the credential cannot be used while *fields* are not as wanted."""
    return any(each in {OBJECT, "type"} or each.startswith("data[") for each in fields)


def account_place(name: str) -> str:
    """Return under which key the scene has the contest about ServiceAccount *name*."""
    return f"ServiceAccount/{name}"


def secret_place(name: str) -> str:
    """Return under which key the scene has the contest about Secret *name*."""
    return f"Secret/{name}"


def withhold(
    scene: Scene, wanted: SecretWanted, seen: Seen[SecretSeen], writes: tuple[SecretWrite, ...]
) -> tuple[SecretWrite, ...]:
    """Return *writes* without those that would repair nothing but what others set back."""
    contest = scene.contested.get(secret_place(wanted.name))
    if contest is None or not writes:
        return writes
    return () if lost_fields(wanted, seen).keys() <= contest.held else writes


def contests_of(scene: Scene, *places: str) -> tuple[Finding, ...]:
    """Return what is to be told of the contests at *places*; last, because the rest goes on."""
    found: Iterable[Contest | None] = (scene.contested.get(each) for each in places)
    return tuple(Finding(Component.SECRETS, each.error) for each in found if each is not None)


def was_as_wanted(scene: Scene, write: CreateSecret | ReplaceSecret) -> bool:
    """Return whether the status says that the Secret was already as *write* would make it."""
    if not _is_observed(scene):
        return False
    noted = {each.name: each.digest for each in scene.status.secrets}.get(write.wanted.name)
    if isinstance(write, CreateSecret):
        return noted is not None
    return noted == content_digest(write.wanted.digests)


def _is_observed(scene: Scene) -> bool:
    return scene.status.observed_generation == scene.me.generation
