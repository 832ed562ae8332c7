"""
Which linked ServiceAccounts will lose our entry at the next apply of their manifest?

Only what the API server has noted can be seen: a tool that applied the list
itself and has not been overruled since, or what `kubectl apply` wrote last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from ...cluster.kinds import NAMESPACE, SERVICE_ACCOUNT
from ...cluster.serviceaccounts import account_seen
from ...engine.cache.one_shot import OneShotCache
from ...model.errors import InvalidSpec, QuayRobotError, Reason
from ...model.resources.robot import links_of
from ...plan.cluster_robot.targets import is_target
from ...plan.credentials.links import declared_elsewhere
from .report.checks import CheckResult, State, failed
from .report.cures import cure_of

__all__ = ["linked_accounts"]

ABOUT = "linked ServiceAccounts"
SHOWN_MAX = 20


async def linked_accounts(cache: OneShotCache, served: tuple[str, ...]) -> list[CheckResult]:
    """Return one result for each whose manifest names the list; nothing where none is linked."""
    try:
        wanted = {*_of_robots(cache), *await _of_shared(cache)}
        if not wanted:
            return []
        found = [each async for each in _declared(cache, wanted, served)]
    except QuayRobotError as error:
        return [failed(ABOUT, error, State.UNSEEN)]
    cure = cure_of(Reason.IMAGE_PULL_SECRETS_DECLARED)
    if not found:
        return [CheckResult(ABOUT, State.FINE, "No manifest of theirs names imagePullSecrets.")]
    return [
        CheckResult(f"ServiceAccount {place}", State.DOUBTFUL, f"{words}.", cure)
        for place, words in sorted(found)[:SHOWN_MAX]
    ]


def _of_robots(cache: OneShotCache) -> Iterable[tuple[str, str]]:
    for record in cache.store.robots.values():
        for each in links_of(record.key.name, record.lenient_spec):
            if each.link == "imagePullSecrets":
                yield record.key.namespace, each.service_account


async def _of_shared(cache: OneShotCache) -> set[tuple[str, str]]:
    """Those that a ClusterQuayRobot links in the namespaces that it picks."""
    found = set()
    shared = [each for each in cache.store.cluster_robots.values() if each.shared]
    linking = [each for each in shared if each.account_names]
    if linking and not cache.store.namespaces:
        async for body in cache.resources.list_all(NAMESPACE):
            cache.store.observe(NAMESPACE.kind, None, body)
    for record in linking:
        if isinstance(record.declared, InvalidSpec) or isinstance(record.copied_spec, InvalidSpec):
            continue
        for space in cache.store.namespaces.values():
            if is_target(record.declared, space):
                links = links_of(record.key.name, record.copied_spec)
                found |= {(space.name, each.service_account) for each in links}
    return found


async def _declared(
    cache: OneShotCache, wanted: set[tuple[str, str]], served: tuple[str, ...]
) -> AsyncIterator[tuple[str, str]]:
    """Each of *wanted* whose manifest names the list, and the words for it."""
    for place in served or (None,):
        async for body in cache.resources.list_all(SERVICE_ACCOUNT, namespace=place):
            seen = account_seen(body)
            if (seen.namespace, seen.name) in wanted:
                for words in declared_elsewhere(seen).values():
                    yield f"{seen.namespace}/{seen.name}", words
