"""
What does a command know of the cluster if the caller may read only a part of it?

A store as the watches of the operator would fill it, read once with the
caller's rights. What may not be read is told, because a decision that rests
on it can differ from the operator's.
"""

from __future__ import annotations

from collections.abc import Container, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from ...cluster.api import Body
from ...cluster.kinds import (
    CLUSTER_QUAY_CONNECTION,
    CLUSTER_QUAY_ROBOT,
    NAMESPACE,
    OURS,
    QUAY_CONNECTION,
    QUAY_ROBOT,
    SECRET,
    SERVICE_ACCOUNT,
    Kind,
)
from ...cluster.resources import Resources
from ...cluster.secrets import secret_seen
from ...model.errors import QuayRobotError, Reason, Refused
from ...model.names import LABEL_MANAGED_BY, OPERATOR
from ...model.world import SecretSeen
from ...plan.cluster_robot.copies import noted_links
from ..workqueue.keys import ResourceKey
from .store import ClusterRobotRecord, ConnectionRecord, RobotRecord, Store

__all__ = ["OneShotCache"]


class OneShotCache:
    """
    Reads what concerns some resources into a store; *notes* say what could not be read.

    *complete* says that all who may have a robot could: QuayRobots and ClusterQuayRobots.
    """

    def __init__(self, resources: Resources, *, cluster_name: str | None = None) -> None:
        self.resources = resources
        self.store = Store(cluster_name=cluster_name)
        self.notes: list[str] = []
        self.complete = True

    async def read(self, robots: Iterable[Body], others: Iterable[tuple[str, Body]]) -> None:
        """Load *robots* and *others* (kind and body) as they are, and everything they refer to."""
        mine = [RobotRecord(QUAY_ROBOT.kind, each) for each in robots]
        for kind, body in others:
            self.store.observe(kind, None, body)
        keys = [each.key for each in mine]
        await self.everybody((each.namespace for each in keys), keys)
        for record in mine:
            self.store.observe(QUAY_ROBOT.kind, None, record.body)
        concerned = {each.key: each for each in mine}
        for record in mine:
            concerned |= {each.key: each for each in self.store.namesakes(record)}
        for key in dict.fromkeys(each.connection_key for each in concerned.values()):
            await self._connection(key)
        for namespace in dict.fromkeys(each.key.namespace for each in mine):
            await self._own_connections(namespace)
        for namespace in dict.fromkeys(each.key.namespace for each in concerned.values()):
            if namespace:
                await self._namespace(namespace)
        for namespace in dict.fromkeys(each.key.namespace for each in mine):
            await self._secrets(namespace)
        for record in mine:
            await self._accounts(record)

    async def cluster_robots(self, records: Iterable[ClusterRobotRecord]) -> None:
        """
        Load what the ClusterQuayRobots refer to; call it after `everybody`.

        Raises:
            QuayRobotError: What is given to all namespaces cannot be told without it.
        """
        mine = list(records)
        if not mine:
            return
        if not self.complete:
            msg = "you may not list the QuayRobots and ClusterQuayRobots of all namespaces"
            raise Refused(Reason.CLUSTER_REFUSED, msg)
        await self._take(NAMESPACE, but=frozenset(self.store.namespaces))
        names: set[str] = set()
        for record in mine:
            if record.connection_key.kind == CLUSTER_QUAY_CONNECTION.kind:
                await self._connection(record.connection_key)
            else:
                await self._try(self._take(QUAY_CONNECTION), "all QuayConnections")
            for each in self.store.namesakes(record) if record.shared else ():
                await self._connection(each.connection_key)
            names |= record.account_names if record.shared else set()
        if any(each.shared for each in mine):
            await self._take(SECRET, selector=f"{LABEL_MANAGED_BY}={OPERATOR}")
            names |= self._noted({each.uid for each in mine})
            await self._take(SERVICE_ACCOUNT, only=names)

    def _noted(self, uids: set[str]) -> set[str]:
        """The ServiceAccounts that name a copy because of us, by the notes on the copies."""
        places = [(space, uid) for space in self.store.namespaces for uid in uids]
        copies = [each for space, uid in places for each in self.store.secrets_of(space, uid)]
        return {link.service_account for link in noted_links(copies)}

    async def _take(
        self,
        kind: Kind,
        *,
        selector: str = "",
        only: Container[str] | None = None,
        but: Container[str] = (),
    ) -> None:
        """Take in all of the cluster, or *only* those of some names, *but* not those."""
        async for body in self.resources.list_all(kind, selector=selector):
            name = body["metadata"]["name"]
            if name not in but and (only is None or name in only):
                self.store.observe(kind.kind, None, body)

    async def connection(self, key: ResourceKey) -> None:
        """Load one connection."""
        await self._connection(key)

    async def everybody(self, namespaces: Iterable[str], but: Iterable[ResourceKey] = ()) -> None:
        """Load all that may hold a robot, in *namespaces* where nothing else may be listed."""
        others = set(but) | self.store.cluster_robots.keys()
        unread = []
        try:
            await self._claimants(QUAY_ROBOT, None, others)
        except QuayRobotError:
            unread.append("QuayRobots of other namespaces")
            for namespace in dict.fromkeys(filter(None, namespaces)):
                await self._try(
                    self._claimants(QUAY_ROBOT, namespace, others), f"QuayRobots in {namespace}"
                )
        try:
            await self._claimants(CLUSTER_QUAY_ROBOT, None, others)
        except QuayRobotError:
            unread.append("ClusterQuayRobots")
        if unread:
            self.complete = False
            self.notes.append(
                f"{' and '.join(unread)} may not be read: whether one of them has a robot is "
                "not known"
            )

    async def secret_names(self, namespace: str) -> dict[str, SecretSeen] | None:
        """Return the Secrets of *namespace* by their metadata alone; None where none may look."""
        found: dict[str, SecretSeen] = {}
        try:
            async for body in self.resources.list_all(
                SECRET, namespace=namespace, metadata_only=True
            ):
                found[body["metadata"]["name"]] = secret_seen(body)
        except QuayRobotError:
            self.notes.append(
                f"Secrets in {namespace} may not be listed: whether one has a name that is wanted "
                "is not known"
            )
            return None
        return found

    async def _claimants(self, kind: Kind, namespace: str | None, but: set[ResourceKey]) -> None:
        async for body in self.resources.list_all(kind, namespace=namespace):
            if RobotRecord(kind.kind, body).key not in but:
                self.store.observe(kind.kind, None, body)

    async def _connection(self, key: ResourceKey) -> None:
        if key in self.store.connections:
            return
        await self._one(OURS[key.kind], key.namespace or None, key.name)

    async def _own_connections(self, namespace: str) -> None:
        """Load those that a resource could name instead; who may not read them misses a hint."""
        with suppress(QuayRobotError):
            async for body in self.resources.list_all(QUAY_CONNECTION, namespace=namespace):
                # What a manifest says of one comes before what is stored.
                if ConnectionRecord(QUAY_CONNECTION.kind, body).key not in self.store.connections:
                    self.store.observe(QUAY_CONNECTION.kind, None, body)

    async def _namespace(self, name: str) -> None:
        if name not in self.store.namespaces:
            await self._one(NAMESPACE, None, name)

    async def _secrets(self, namespace: str) -> None:
        async def read() -> None:
            selector = f"{LABEL_MANAGED_BY}={OPERATOR}"
            async for body in self.resources.list_all(
                SECRET, namespace=namespace, selector=selector
            ):
                self.store.observe(SECRET.kind, None, body)

        await self._try(read(), f"Secrets in {namespace}")

    async def _accounts(self, record: RobotRecord) -> None:
        for name in sorted(record.account_names):
            await self._one(SERVICE_ACCOUNT, record.key.namespace, name)

    async def _one(self, kind: Kind, namespace: str | None, name: str) -> None:
        async def read() -> None:
            body = await self.resources.get(kind, namespace, name)
            if body is not None:
                self.store.observe(kind.kind, None, body)

        await self._try(read(), f"the {kind.kind} {name}")

    async def _try(self, work: Coroutine[Any, Any, None], what: str) -> None:
        try:
            await work
        except QuayRobotError as error:
            self.notes.append(
                f"{what} could not be read ({error.message}); what follows may differ"
            )
