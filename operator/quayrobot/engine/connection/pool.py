"""
Which connections are in use, and what do we remember of each?

A LiveConnection is one that can be used now: its client, its memory of robots,
its budget. It is made on first use, created again when the spec changes, and given
a new client when the credential does. A refused credential is believed after
its Secret was read once more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from ...cluster.bundles import Bundles
from ...cluster.secrets import CredentialRead, Secrets
from ...cluster.tokens import Tokens
from ...model.address_policy import AddressPolicy
from ...model.durations import parse_duration
from ...model.errors import Denied, InvalidSpec, QuayRobotError, Reason, Refused
from ...model.fence import Fence
from ...model.names import OwnerName, RobotName
from ...model.resources.connection import (
    AccessRule,
    ClusterConnectionSpec,
    ConnectionSpec,
    OwnerCount,
)
from ...model.resources.federation import IdentityState
from ...model.resources.parse import lenient_access
from ...model.world import ConnectionSeen, RobotSeen
from ...plan.rights.access import connection_not_found
from ...quay.client import Observer, QuayClient
from ...quay.concurrency import START
from ...quay.grants import GrantsCache
from ...quay.limits import Limits
from ...quay.oidc import Assertion
from ...quay.rights import Rights
from ...quay.snapshot import Snapshots
from ...quay.transport import Endpoint
from ..cache.store import ConnectionRecord, Store
from ..workqueue.keys import ResourceKey
from .api_access import assertion_of, bearer_of, read_credential
from .egress import Egress, read_egress
from .not_found_cache import NotFoundCache
from .places import secret_place
from .quay_probe import QuayProbe
from .token_user import TokenUser

__all__ = ["LiveConnection", "ConnectionPool"]


class LiveConnection:
    """One connection in use; mutable, owned by the ConnectionPool."""

    def __init__(
        self,
        record: ConnectionRecord,
        spec: ConnectionSpec | ClusterConnectionSpec,
        credential: CredentialRead,
        egress: Egress,
        limits: Limits,
        observer: Observer,
        clock: Callable[[], float],
        reach: AddressPolicy,
        drops_token: Callable[[RobotName], bool],
        on_change: Callable[[], None],
        assertion: Assertion | None = None,
        fence: Fence | None = None,
    ) -> None:
        self.reach, self.egress, self.retired = reach, egress, False
        self._drops_token, self._fence = drops_token, fence or Fence()
        self._assertion = assertion
        self.key, self.uid, self.generation = record.key, record.uid, record.generation
        self.spec, self.credential, self.limits = spec, credential, limits
        self.place = secret_place(record.key, spec)
        self.resync_s = parse_duration(spec.resync_interval).total_seconds()
        self.whose = TokenUser(lambda: self.client, clock=clock, again_s=0.85 * self.resync_s)
        self.probe = QuayProbe(spec.origin, limits, on_change=on_change)
        self._leaving, self._denied_until = ("", 0.0), 0.0
        self.denied: Denied | None = None
        self._held: tuple[QuayRobotError | None, float] = (None, 0.0)
        self.refused: dict[OwnerName, QuayRobotError] = {}
        # What the last lists showed, as long as the process lives.
        self.summary: dict[OwnerName, OwnerCount] = {}
        self.listed_at: str | None = None
        self.told_at: datetime | None = None
        self.counted_at: datetime | None = None
        # Whose robots are being made right now; the passes over them say so.
        self.needed_by: set[ResourceKey] = set()
        # When to try again to store that its token is being renewed; None: that is no trouble.
        self.unstored_s: float | None = None
        self._new = True
        self._observer, self._clock = observer, clock
        self.client = self._connect()
        self.snapshots = Snapshots(self._list, clock=clock)
        self.grants = GrantsCache(self._rights, clock=clock)
        self.not_found = NotFoundCache(clock=clock)
        # None: the drift beat wants it read again.
        self.federation: dict[RobotName, tuple[IdentityState, ...] | None] = {}
        self.drift_s = parse_duration(spec.drift_interval).total_seconds()
        self.drift_due: dict[OwnerName, float] = {}

    def seen(self, record: ConnectionRecord) -> ConnectionSeen:
        """Return the connection as the rules see it."""
        guarded = self.key.kind != "QuayConnection" or (record.guarded and self.credential.guarded)
        return ConnectionSeen(
            kind=self.key.kind,
            namespace=self.key.namespace or None,
            name=self.key.name,
            uid=self.uid,
            origin=self.spec.origin,
            registry_hosts=self.spec.registries,
            guarded=guarded,
            terminating=record.terminating,
            in_doubt=self.probe.in_doubt,
        )

    def is_of(self, record: ConnectionRecord) -> bool:
        """
        Return whether *record* declares what is in use.

        A deletion is a new generation too, and may have taken what it was made of.
        """
        same = self.generation == record.generation
        return self.uid == record.uid and (
            same or (record.terminating and self.spec == record.spec)
        )

    def introduce(self) -> bool:
        """Return True the first time, when the connection is new."""
        new, self._new = self._new, False
        return new

    @property
    def refusal(self) -> QuayRobotError | None:
        """Why no call is made: the credential was refused, and it is too early to ask again."""
        error, until = self._held
        if error is not None and self._clock() < until:
            return error
        return self.denied if self._clock() < self._denied_until else None

    def hold(self, error: QuayRobotError, seconds: float) -> None:
        """Make no call for *seconds*, because of *error*, unless a new credential comes first."""
        self._held = (error, self._clock() + seconds)

    def deny(self, error: Denied) -> bool:
        """Believe *error* until the next resync; return whether that is news."""
        news = self.denied is None
        self.denied, self._denied_until = error, self._clock() + self.resync_s
        return news

    def _accepted(self) -> None:
        self.denied = None

    def renew(self, credential: CredentialRead) -> None:
        """
        Use a new credential.

        What is remembered of robots stays, what was refused does not; calls under way go on.
        """
        self.credential = credential
        self.whose.forget()
        self.denied, self._held = None, (None, 0.0)
        self.refused.clear()
        self.grants.forget_refusals()
        self._connect_again()

    def take(self, egress: Egress) -> None:
        """
        Take *egress* from now on, and let the next call through to see whether that helps.

        Raises:
            Refused: It holds no certificate; the previous one stays.
        """
        before, self.egress = self.egress, egress
        try:
            self._connect_again()
        except Refused:
            self.egress = before
            raise
        self.limits.retry()

    def leaving_for(self, seconds: float) -> bool:
        """Return whether the credential's Secret has been terminating for *seconds*."""
        version, since = self._leaving
        if version != self.credential.version:
            self._leaving = (self.credential.version, self._clock())
            return False
        return self._clock() - since >= seconds

    def take_memory(self, old: LiveConnection) -> None:
        """Take over what *old* knew of the robots of the same Quay."""
        same = old.spec.credentials == self.spec.credentials
        if same and old.credential.token == self.credential.token:
            self.whose.take(old.whose)
        self.snapshots = old.snapshots
        self.snapshots.list_with(self._list)
        self.grants, self.drift_due = old.grants, old.drift_due
        self.federation, self.not_found = old.federation, old.not_found
        self.grants.read_with(self._rights)
        self.summary, self.listed_at, self.counted_at = old.summary, old.listed_at, old.counted_at
        self.limits.inherit_pace(old.limits)

    def _connect(self) -> QuayClient:
        timeout = parse_duration(self.spec.limits.timeout).total_seconds()
        egress, fence = self.egress, self._fence
        endpoint = Endpoint(
            self.spec.origin, egress.bundle, timeout, self.reach, fence, proxy=egress.proxy
        )
        said, secret = self.spec.credentials, self.credential.token
        self.bearer = bearer_of(said, endpoint, secret, self._assertion, self._clock)
        try:
            return QuayClient(
                endpoint,
                self.bearer,
                limits=self.limits,
                observer=self._observer,
                accepted=self._accepted,
                recognized=self.probe.recognized,
            )
        except InvalidSpec as error:
            field = "caBundleRef" if self.spec.ca_bundle_ref else "caBundle"
            raise _not_valid(self.key, error.message.replace("caBundle", field)) from None

    def _connect_again(self) -> None:
        before, self.client = self.client, self._connect()
        self.client.identities.take(before.identities)

    async def _list(self, owner: OwnerName) -> dict[str, RobotSeen]:
        listed = await self.client.list_robots(owner)
        return {
            full: seen.without_token()
            if self._drops_token(RobotName(owner, full.partition("+")[2]))
            else seen
            for full, seen in listed.items()
        }

    def _rights(self) -> Rights:
        return self.client.rights


class ConnectionPool:
    """All connections in use."""

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        bundles: Bundles,
        *,
        tokens: Tokens,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        observer: Observer,
        on_change: Callable[[ResourceKey], None],
        tenants_reach: AddressPolicy,
        clusterwide: bool,
        fence: Fence | None = None,
    ) -> None:
        self._fence = fence or Fence()
        self._tenants_reach, self._clusterwide = tenants_reach, clusterwide
        self._store, self._secrets, self._bundles = store, secrets, bundles
        self._tokens = tokens
        self._clock, self._jitter = clock, jitter
        self._observer, self._on_change = observer, on_change
        self._pool: dict[ResourceKey, LiveConnection] = {}
        self._locks: dict[ResourceKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Held by whoever lets a connection and its Secret go.
        self.releasing = asyncio.Lock()

    def rules(self, key: ResourceKey) -> tuple[AccessRule, ...] | None:
        """Return the access rules of *key*; None for a kind without rules, or no record."""
        record = self._store.connections.get(key)
        if record is None or key.kind == "QuayConnection":
            return None
        if isinstance(record.spec, ClusterConnectionSpec):
            return tuple(record.spec.access)
        # What is wrong with it is told to nobody whom it does not let in.
        return lenient_access(record.raw_spec)

    def known(self, key: ResourceKey) -> LiveConnection | None:
        """Return the connection of *key*, if it is in use already."""
        return self._pool.get(key)

    async def get(self, key: ResourceKey) -> LiveConnection:
        """
        Return the connection of *key*, and make it if it is not in use yet.

        Raises:
            Refused: There is no such connection, or it cannot be used.
            TryLater: Its Secret cannot be read now.
        """
        async with self._locks[key]:
            record = self._record(key)
            live = self._pool.get(key)
            if live is not None and live.is_of(record):
                return live
            return await self._make(record, live)

    async def check(self, key: ResourceKey) -> bool:
        """
        Read the token, the CA bundle and the proxy's again; return whether any is new.

        Raises:
            Refused: There is no token, or no certificate, any more.
            TryLater: They cannot be read now.
        """
        live = await self.get(key)
        async with self._locks[key]:
            known = live.credential
            fresh = await read_credential(self._secrets, live.place)
            egress = await read_egress(key, live.spec, self._secrets, self._bundles)
            new_token, new_egress = fresh.token != known.token, egress != live.egress
            # Somebody touched the Secret of a refused token: it may be good by now.
            touched = live.denied is not None and fresh.version != known.version
            if new_token or touched:
                live.renew(fresh)
            if new_egress:
                live.take(egress)
            live.credential = fresh
            return new_token or new_egress or touched

    async def drop(self, key: ResourceKey) -> None:
        """Forget a connection that is gone; calls under way may finish."""
        live = self._pool.pop(key, None)
        if live is not None:
            live.retired = True

    async def aclose(self) -> None:
        """Close all."""
        for live in self._pool.values():
            await live.client.aclose()

    def _record(self, key: ResourceKey) -> ConnectionRecord:
        record = self._store.connections.get(key)
        if record is None and key.kind == "ClusterQuayConnection" and not self._clusterwide:
            msg = (
                "this operator serves some namespaces only and uses no ClusterQuayConnection; "
                "name a QuayConnection of this namespace in connectionRef"
            )
            raise Refused(Reason.NOT_SUPPORTED, msg)
        if record is None:
            raise connection_not_found(key.kind, key.name)
        return record

    async def _make(self, record: ConnectionRecord, old: LiveConnection | None) -> LiveConnection:
        spec = record.spec
        if isinstance(spec, InvalidSpec):
            raise _not_valid(record.key, spec.message)

        credential = await read_credential(self._secrets, secret_place(record.key, spec))
        key = record.key
        limits = Limits(
            clock=self._clock,
            jitter=self._jitter,
            concurrency=spec.limits.concurrency,
            start=START[spec.credentials.type],
            rate_per_s=spec.limits.requests_per_second,
            on_change=lambda _open: self._on_change(key),
            waited=self._observer.waited,
        )
        # Who writes the cluster's own kind is an administrator.
        reach = self._tenants_reach if key.kind == "QuayConnection" else AddressPolicy()
        live = LiveConnection(
            record,
            spec,
            credential,
            await read_egress(key, spec, self._secrets, self._bundles),
            limits,
            self._observer,
            self._clock,
            reach,
            self._store.drops_token,
            lambda: self._on_change(key),
            assertion_of(key, spec.credentials, self._tokens),
            self._fence,
        )
        if old is not None and old.spec.origin == spec.origin and old.uid == record.uid:
            # The same Quay: what is known of its robots is still known.
            live.take_memory(old)
        if old is not None:
            old.retired = True
        self._pool[key] = live
        return live


def _not_valid(key: ResourceKey, what: str) -> Refused:
    return Refused(Reason.CONNECTION_NOT_READY, f"{key.kind} {key.name} is not valid: {what}")
