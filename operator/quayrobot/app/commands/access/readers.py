"""
With what do commands read?

The context of passes over a one-shot cache, with the caller's rights. Nothing
that would write is ever handed an action.
"""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from ....cluster.account_writer import AccountWriter
from ....cluster.api import ClusterApi
from ....cluster.bundles import Bundles
from ....cluster.events import Recorder
from ....cluster.issuer import Issuer
from ....cluster.kinds import NAMESPACE
from ....cluster.members import Members
from ....cluster.resources import Resources
from ....cluster.secrets import Secrets
from ....cluster.serviceaccounts import ServiceAccounts
from ....cluster.tokens import Tokens
from ....engine.cache.cluster_robot_memory import ClusterRobotMemories
from ....engine.cache.contests import Contests
from ....engine.cache.store import Store
from ....engine.connection.context import Context
from ....engine.connection.issuer_hosts import IssuerHosts
from ....engine.connection.pool import ConnectionPool
from ....engine.connection.renewals_asked import RenewalsAsked
from ....engine.workqueue.queue import Queue
from ....model.address_policy import AddressPolicy
from ....model.errors import Reason, Refused
from ....quay.rate_limiter import Urgency
from ....quay.resolver import addresses_of

__all__ = [
    "ClusterIdOption",
    "ClusterNameOption",
    "cluster_of",
    "now",
    "reading_pool",
    "reading_context",
]

ClusterIdOption = Annotated[
    str | None,
    typer.Option("--cluster-id", help="The operator's setting; default: the cluster's uid."),
]

ClusterNameOption = Annotated[
    str | None,
    typer.Option("--cluster-name", help="What {cluster} stands for in names of robots."),
]


class Silent:
    """Is told of every call to Quay and keeps nothing."""

    def called(self, operation: str, status: int | str, seconds: float) -> None:
        """Take note of one call."""

    def waited(self, how: Urgency, seconds: float) -> None:
        """Take note of a wait."""


def reading_pool(api: ClusterApi, store: Store) -> ConnectionPool:
    """Return the connections in *store*, used with the tokens that the caller may read."""
    return ConnectionPool(
        store,
        Secrets(api),
        Bundles(api),
        tokens=Tokens(api),
        clock=time.monotonic,
        jitter=random.random,
        observer=Silent(),
        on_change=lambda _key: None,
        # The caller's own machine asks, where no tenant gains anything by it.
        tenants_reach=AddressPolicy(),
        clusterwide=True,
    )


def reading_context(api: ClusterApi, cluster: str, store: Store) -> Context:
    """Return the context of passes, over *store*."""
    return Context(
        cluster=cluster,
        store=store,
        queue=Queue(clock=time.monotonic, jitter=random.random),
        pool=reading_pool(api, store),
        renewals=RenewalsAsked(store),
        resources=Resources(api),
        secrets=Secrets(api),
        members=Members(api),
        memories=ClusterRobotMemories(refreshed=lambda _seconds: None),
        tokens=Tokens(api),
        issuer=Issuer(api),
        hosts=IssuerHosts(addresses_of, clock=time.monotonic),
        accounts=AccountWriter(ServiceAccounts(api), keep=store.keep_account),
        recorder=Recorder(
            api, now=now, suffix=lambda: secrets.token_hex(6), posted=lambda _type, _reason: None
        ),
        clock=time.monotonic,
        now=now,
        jitter=random.random,
        contests=Contests(clock=time.monotonic),
    )


async def cluster_of(resources: Resources) -> str:
    """
    Return this cluster's identity.

    Raises:
        Refused: The caller may not read it and has to say it.
    """
    try:
        body = await resources.get(NAMESPACE, None, "kube-system")
    except Refused:
        body = None
    if body is None:
        msg = (
            "the namespace kube-system, whose uid names the cluster, may not be read: "
            "give --cluster-id"
        )
        raise Refused(Reason.CLUSTER_REFUSED, msg)
    return str(body["metadata"]["uid"])


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
