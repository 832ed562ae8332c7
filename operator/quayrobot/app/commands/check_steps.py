"""
How is the input of `quayrobot check` read?

The cluster is read with the caller's rights, what the operator may do is asked
of the API server, and Quay is asked through each connection by reads alone.
What cannot be read is said to be so, and holds up nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from ...cluster.api import Body, ClusterApi
from ...cluster.kinds import (
    CLUSTER_QUAY_CONNECTION,
    NAMESPACE,
    QUAY_CONNECTION,
    QUAY_ROBOT,
    Kind,
)
from ...cluster.leases import Leases
from ...cluster.resources import Resources
from ...engine.cache.one_shot import OneShotCache
from ...engine.connection.pool import LiveConnection
from ...engine.workqueue.keys import ResourceKey
from ...model.crd import DEFINITIONS
from ...model.errors import InvalidSpec, QuayRobotError, Reason
from ...model.names import GROUP, OPERATOR, OwnerName, RobotName
from ...model.resources.connection import ClusterConnectionSpec
from .access.readers import now, reading_pool
from .access.survey import told_by_name
from .account_steps import linked_accounts
from .report.checks import (
    CheckResult,
    State,
    check_clock,
    check_definition,
    check_leader,
    check_operators,
    check_renewal,
    failed,
)
from .report.proxies import check_proxies
from .report.rights import check_rights, denied_to
from .report.served_namespaces import (
    check_connection_kinds,
    check_place,
    check_served,
    namespaces_of,
)
from .sign_on_steps import signed_on

__all__ = ["CheckOptions", "check_all"]

DEFINITION = Kind(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
    namespaced=False,
)  # fmt: skip
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
ORGANIZATIONS_MAX = 20
ANY_REPOSITORY = "quayrobot-check"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """
    What to look at: the operator's ServiceAccount (namespace and name) and what it serves.

    Where no *namespaces* are given the operator's Deployment is asked; where no
    *organizations* are, they are those in use.
    """

    account: tuple[str, str]
    namespaces: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


async def check_all(api: ClusterApi, asked: CheckOptions) -> list[CheckResult]:
    """
    Return all results.

    Raises:
        QuayRobotError: The API server cannot be asked at all.
    """
    # Who serves nothing would be taken for a cluster that has nothing.
    await api.get("/version")
    deployments = await _deployments(api, asked.account[0])
    served = asked.namespaces or namespaces_of(deployments, asked.account)
    results = [
        *await _definitions(api),
        *await _rights(api, asked.account, served),
        check_operators(deployments),
        await _leader(api, asked.account[0]),
        check_clock("the API server", api.date, now()),
    ]
    cache = OneShotCache(Resources(api))
    unread = await _take_in(cache, served)
    results += [*unread, *await linked_accounts(cache, served)]
    pool = reading_pool(api, cache.store)
    try:
        for key in sorted(cache.store.connections, key=lambda key: (key.kind, key.namespace)):
            names = asked.organizations or _organizations(cache, key)
            results += await _connection(cache, pool.get(key), key, names)
    finally:
        await pool.aclose()
    results += check_proxies(deployments, os.environ, _without_proxy(cache))
    seen = all(each.state is not State.UNSEEN for each in unread)
    if seen and not cache.store.connections:
        helps = "Create one; docs/install.md explains how."
        results.append(CheckResult("connections", State.DOUBTFUL, "There is none.", helps))
    return results


async def _take_in(cache: OneShotCache, served: tuple[str, ...]) -> list[CheckResult]:
    """Read what the operator serves; return what cannot be read or is not served."""
    kinds = (QUAY_CONNECTION,) if served else (CLUSTER_QUAY_CONNECTION, QUAY_CONNECTION)
    reads: list[tuple[Kind, str | None]] = [
        (kind, place) for kind in kinds for place in served or (None,)
    ]
    if served:
        reads = [(QUAY_ROBOT, place) for place in served] + reads
    else:
        await cache.everybody(())
    results = []
    for kind, place in reads:
        about = f"{kind.kind}s" + (f" in {place}" if place else "")
        try:
            async for body in cache.resources.list_all(kind, namespace=place):
                cache.store.observe(kind.kind, None, body)
        except QuayRobotError as error:
            results.append(failed(about, error, State.UNSEEN))
    robots = [
        (f"{each.key.namespace}/{each.key.name}", each) for each in cache.store.robots.values()
    ]
    named = check_connection_kinds((place, each.lenient_spec) for place, each in robots)
    return [*results, *([named] if served and named else [])]


# The cluster -------------------------------------------------------------


async def _definitions(api: ClusterApi) -> list[CheckResult]:
    results = []
    for definition in DEFINITIONS:
        name = f"{definition.plural}.{GROUP}"
        try:
            live = await Resources(api).get(DEFINITION, None, name)
            results.append(check_definition(definition, live))
        except QuayRobotError as error:
            results.append(failed(f"definition {name}", error, State.UNSEEN))
    return results


async def _rights(
    api: ClusterApi, account: tuple[str, str], served: tuple[str, ...]
) -> list[CheckResult]:
    who = f"ServiceAccount {account[0]}/{account[1]}"
    if not served:
        return [check_rights(who, await denied_to(api, account))]
    results = [check_served(served)]
    for namespace in served:
        if place := await _place(api, namespace):
            results.append(place)
        results.append(check_rights(who, await denied_to(api, account, namespace), namespace))
    return results


async def _place(api: ClusterApi, namespace: str) -> CheckResult | None:
    try:
        return check_place(namespace, await Resources(api).get(NAMESPACE, None, namespace))
    except QuayRobotError as error:
        return failed(f"namespace {namespace}", error, State.UNSEEN)


async def _deployments(api: ClusterApi, home: str) -> list[Body] | None:
    """All of the operator's; those in its *home* where no more may be read."""
    selector = f"app.kubernetes.io/name={OPERATOR}"
    for place in (None, home):
        found = Resources(api).list_all(DEPLOYMENT, namespace=place, selector=selector)
        with suppress(QuayRobotError):
            return [each async for each in found]
    return None


async def _leader(api: ClusterApi, home: str) -> CheckResult:
    try:
        return check_leader(await Leases(api, home, OPERATOR).read(), now())
    except QuayRobotError as error:
        return failed("leader", error, State.UNSEEN)


# Connections -------------------------------------------------------------


def _about(key: ResourceKey) -> str:
    return f"{key.kind} {key.name}" + (f" in {key.namespace}" if key.namespace else "")


def _without_proxy(cache: OneShotCache) -> list[str]:
    return [
        _about(key)
        for key, record in cache.store.connections.items()
        if not isinstance(record.spec, InvalidSpec) and record.spec.proxy is None
    ]


def _organizations(cache: OneShotCache, key: ResourceKey) -> tuple[str, ...]:
    """Those of the robots behind the connection, and those that its rules name."""
    spec = cache.store.connections[key].spec
    rules = spec.access if isinstance(spec, ClusterConnectionSpec) else []
    named = {each for rule in rules for each in rule.organizations if _is_exact(each)}
    owners = {each.robot_name.owner for each in cache.store.users_of(key)}
    used = {each.name for each in owners if each.kind == "organization"}
    return tuple(sorted(used | named)[:ORGANIZATIONS_MAX])


def _is_exact(glob: str) -> bool:
    return not set(glob) & set("*?[]")


async def _connection(
    cache: OneShotCache,
    getting: Awaitable[LiveConnection],
    key: ResourceKey,
    organizations: Iterable[str],
) -> list[CheckResult]:
    about = _about(key)
    try:
        live = await getting
    except QuayRobotError as error:
        return [failed(about, error, State.WRONG)]
    results = await signed_on(live, about)
    if any(each.state is State.WRONG for each in results):
        return results
    for name in organizations:
        results += await _organization(cache, live, about, OwnerName("organization", name))
        if results[-1].state is State.WRONG and live.limits.open:
            break
    if not results:
        words = "Its Secret holds a token, but there is no organization to test it with."
        results.append(CheckResult(about, State.DOUBTFUL, words, "Name one: --organization."))
    if live.spec.origin.startswith("http://"):
        words = "It sends the token over http, where anyone on the network path can read it."
        results.append(CheckResult(about, State.DOUBTFUL, words, "Serve Quay over https."))
    results += check_renewal(about, cache.store.connections[key].status.conditions)
    if live.client.date is not None:
        results.append(check_clock(f"the Quay of {about}", live.client.date, now()))
    return results


async def _organization(
    cache: OneShotCache, live: LiveConnection, about: str, owner: OwnerName
) -> list[CheckResult]:
    about = f"{about}, organization {owner.name}"
    try:
        # Prototypes are shown to whoever administers robots, and to nobody else.
        await live.client.rights.defaults(owner)
    except QuayRobotError as error:
        return [failed(about, await told_by_name(live, owner, error), State.WRONG)]
    results = [CheckResult(about, State.FINE, "Quay answers, and the token has org:admin there.")]
    held = [
        each.active_name
        for each in cache.store.users_of(live.key)
        if each.robot_name.owner == owner and each.status.holds
    ]
    results.append(await _repositories(live, f"{about}, repositories", owner, held))
    if held:
        results.append(await _federation(live, f"{about}, federation", held[0]))
    return results


async def _repositories(
    live: LiveConnection, about: str, owner: OwnerName, held: list[RobotName]
) -> CheckResult:
    try:
        await live.client.rights.roles(owner, ANY_REPOSITORY)
    except QuayRobotError as error:
        result = failed(about, error, State.DOUBTFUL)
        words = f"Permissions on repositories cannot be granted: {error.message}."
        return CheckResult(about, result.state, words, result.cure)
    words = "The token has repo:admin there."
    if held and not await _shows_one_robot(live, held[0]):
        words += (
            " It lacks user:admin: the roles of one robot are read from its repositories, "
            "at one call each."
        )
    return CheckResult(about, State.FINE, words)


async def _shows_one_robot(live: LiveConnection, robot: RobotName) -> bool:
    try:
        await live.client.rights.roles_of(robot)
    except QuayRobotError as error:
        return error.reason is not Reason.INSUFFICIENT_SCOPE
    return True


async def _federation(live: LiveConnection, about: str, robot: RobotName) -> CheckResult:
    try:
        await live.client.federation(robot)
    except QuayRobotError as error:
        return failed(about, error, State.DOUBTFUL)
    return CheckResult(about, State.FINE, "Quay has federation (3.13 or newer).")
