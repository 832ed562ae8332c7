"""
Which ServiceAccounts have to name our Secrets, and which no longer?

Only our own entries are added or removed: what we are about to add is stored
first. A Secret that is not ours is never linked. A ServiceAccount that is not
there is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...model.actions import Action, Component, LinkAccount, RecordLinks
from ...model.errors import Reason, Refused
from ...model.resources.robot import LinkState, links_of
from ...model.world import AccountSeen, Present, Unknown
from ..scene import Finding, Plan, Scene
from .contest import account_place, contests_of, entry_field
from .secrets import owns

__all__ = ["declared_elsewhere", "plan_links", "unlink"]


def plan_links(scene: Scene) -> Plan:
    """Return the next changes of ServiceAccounts."""
    wanted = tuple(
        each for each in links_of(scene.me.name, scene.spec) if owns(scene, each.secret)
    )
    recorded = tuple(each for each in scene.status.links if not _in_doubt(scene, each))
    findings = (*_missing(scene, wanted), *_contests(scene, wanted))
    changes = [
        change
        for name in dict.fromkeys(each.service_account for each in (*wanted, *recorded))
        if (change := _change(scene, name, wanted, recorded)) is not None
    ]
    unrecorded = [each for each in wanted if each not in scene.status.links]
    if unrecorded and changes:
        return Plan((RecordLinks((*scene.status.links, *unrecorded)), *changes), findings)
    return Plan(tuple(changes), findings)


def unlink(scene: Scene) -> tuple[Action, ...]:
    """Return what takes every entry of ours out of the ServiceAccounts."""
    if scene.namespace.terminating:
        return ()
    changes = (
        _change(scene, name, (), scene.status.links)
        for name in dict.fromkeys(each.service_account for each in scene.status.links)
    )
    return tuple(change for change in changes if change is not None)


def declared_elsewhere(seen: AccountSeen) -> Mapping[str, str]:
    """Return in words, by list, what the manifest of *seen* does to our entries."""
    return {
        link: f"the manifest of ServiceAccount {seen.name} names {link} ({by}): each time it is "
        "applied it ends in a conflict or takes our Secret out again"
        for link, by in seen.declared.items()
    }


def _in_doubt(scene: Scene, link: LinkState) -> bool:
    """Return whether it is wanted and its Secret was not seen: then it is left as it is."""
    wanted = link in links_of(scene.me.name, scene.spec)
    return wanted and not isinstance(scene.secrets.get(link.secret), Present)


def _missing(scene: Scene, wanted: Iterable[LinkState]) -> Iterable[Finding]:
    for name in dict.fromkeys(each.service_account for each in wanted):
        seen = scene.accounts.get(name)
        if isinstance(seen, Unknown):
            yield Finding(Component.LINKS, seen.error)
        elif not isinstance(seen, Present):
            msg = (
                f"there is no ServiceAccount {name} in namespace {scene.me.namespace}; "
                "it is linked once it exists"
            )
            yield Finding(Component.LINKS, Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, msg))


def _change(
    scene: Scene, name: str, wanted: Iterable[LinkState], recorded: Iterable[LinkState]
) -> LinkAccount | None:
    seen = scene.accounts.get(name)
    if not isinstance(seen, Present):
        return None
    account: AccountSeen = seen.value
    want, had = _of(name, wanted), _of(name, recorded)
    there = {(link, secret) for link, secrets in account.links.items() for secret in secrets}
    add, drop = want - there - _held(scene, name), (had - want) & there
    if not add and not drop:
        return None
    return LinkAccount(account.namespace, name, frozenset(add), frozenset(drop))


def _held(scene: Scene, name: str) -> set[tuple[str, str]]:
    """The entries that others take away again, while their turn has not come."""
    contest = scene.contested.get(account_place(name))
    pairs = _of(name, links_of(scene.me.name, scene.spec))
    return {each for each in pairs if contest is not None and entry_field(*each) in contest.held}


def _contests(scene: Scene, wanted: Iterable[LinkState]) -> tuple[Finding, ...]:
    names = dict.fromkeys(each.service_account for each in wanted)
    return contests_of(scene, *(account_place(each) for each in names))


def _of(name: str, links: Iterable[LinkState]) -> set[tuple[str, str]]:
    return {(each.link, each.secret) for each in links if each.service_account == name}
