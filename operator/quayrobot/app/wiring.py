"""
How do the parts become one running operator?

The only place that makes clocks, randomness and connections and hands them to
the packages that use them. Workers begin when everything that existed has been
seen: before, "nobody else claims this robot" could not be believed.
"""

from __future__ import annotations

import asyncio
import gc
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import structlog

from ..cluster.account_writer import AccountWriter
from ..cluster.api import ClusterApi
from ..cluster.bundles import Bundles
from ..cluster.events import Recorder
from ..cluster.issuer import Issuer
from ..cluster.kinds import EVENT, NAMESPACE
from ..cluster.members import Members
from ..cluster.missing_rights import MissingRights
from ..cluster.resources import Resources
from ..cluster.secrets import Secrets
from ..cluster.serviceaccounts import ServiceAccounts
from ..cluster.tokens import Tokens
from ..engine.cache.cluster_robot_memory import ClusterRobotMemories
from ..engine.cache.contests import Contests
from ..engine.cache.store import Store
from ..engine.connection.context import Context
from ..engine.connection.issuer_hosts import IssuerHosts
from ..engine.connection.pool import ConnectionPool
from ..engine.connection.renewals_asked import RenewalsAsked
from ..engine.controller.relist import relist_forever
from ..engine.controller.runner import Runner
from ..engine.controller.tenants import Tenants
from ..engine.workqueue.keys import ResourceKey
from ..engine.workqueue.queue import Queue
from ..engine.workqueue.worker_shares import WorkerShares
from ..model.errors import QuayRobotError, Reason, Refused
from ..model.fence import Fence
from ..model.resources.clusterrobot import NamespaceCounts
from ..plan.words.news import rotation_waits_for
from ..quay.resolver import addresses_of
from .authority import follow_authority, trusted
from .handlers import build_registry, own_kinds, run_shell, take_signals, watched_paths
from .health import HealthServer, Probes
from .kubeconfig import ClusterAccess, LoginError, find_access
from .leader_election import Leadership, fence_of
from .logs import configure_logs
from .metrics import Metrics
from .session import EndlessBackoff
from .settings import Settings
from .startup import CannotStart, await_cluster
from .version import installed_version

__all__ = ["run"]

GRACE_S = 15.0
# So long the end waits for Events.
EVENTS_S = 2.0
GAUGES_S, GAUGES_MOST_S, AT_ONCE = 5.0, 30.0, 500
COLLECT_AFTER = 10_000

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> bool:
    """
    Run the operator until it is told to stop; tell whether that was why it ended.

    Raises:
        CannotStart: Something that it needs is not there.
    """
    configure_logs(settings.log_level, settings.log_format)
    log.info("operator.starting")
    metrics = Metrics(version=installed_version())
    fence = fence_of(settings)
    stop, seen_all = asyncio.Event(), asyncio.Event()
    # The first process of a container ignores a signal that it does not take.
    take_signals(stop.set)
    access, api = await _reach(settings, fence)
    leadership = Leadership(settings, api, fence, stop.set)
    alive = [True]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(api.aclose)
        probes = Probes(
            shell_alive=lambda: alive[0], trusted=lambda: trusted(api), listed=seen_all.is_set
        )
        _in_background(stack, follow_authority(access, api))
        await stack.enter_async_context(HealthServer(settings, probes, metrics))
        await await_cluster(api, settings, stop, own_kinds(settings), watched_paths(settings))
        if stop.is_set():
            return True
        context, runner = await _assemble(settings, api, metrics, fence)
        stack.push_async_callback(context.pool.aclose)
        _in_background(stack, context.recorder.write_forever())
        # One that waits for the Lease with all caches filled is as ready as it can be.
        probes.working = lambda: runner.working or not leadership.held

        async def begin() -> None:
            await seen_all.wait()
            await leadership.gain(stack)
            await _begin(settings, context, runner, metrics, leadership.start_again)

        metrics.leader(lambda: leadership.held)
        watching = _in_background(stack, begin())
        try:
            registry = build_registry(runner, clusterwide=settings.clusterwide)
            await run_shell(registry, access, settings, stop, seen_all)
        finally:
            alive[0] = False
            await _end(context, runner)
            watching.cancel()
            await leadership.release()
    log.info("operator.stopped")
    return not leadership.lost


async def _end(context: Context, runner: Runner) -> None:
    log.info("operator.stopping")
    await runner.stop(grace_s=GRACE_S)
    await context.recorder.settle(EVENTS_S)


async def _reach(settings: Settings, fence: Fence) -> tuple[ClusterAccess, ClusterApi]:
    try:
        access = find_access(settings.kubeconfig, settings.context)
        api = await ClusterApi.connect(
            settings.kubeconfig,
            settings.context,
            env_proxies=False,
            fence=fence,
            token_file=access.token_file,
            rights=MissingRights(_tell_missing),
        )
    except (LoginError, QuayRobotError) as error:
        cure = "name a readable one by --kubeconfig, or run in a pod with a ServiceAccount"
        raise CannotStart(f"{error}; {cure}") from error
    return access, api


async def _assemble(
    settings: Settings, api: ClusterApi, metrics: Metrics, fence: Fence
) -> tuple[Context, Runner]:
    store, resources = Store(cluster_name=settings.cluster_name), Resources(api)
    credentials = Secrets(api)
    turned: list[Runner] = []

    def circuit_changed(key: ResourceKey) -> None:
        turned[0].circuit_changed(key)

    pool = ConnectionPool(
        store,
        credentials,
        Bundles(api),
        tokens=Tokens(api),
        clock=time.monotonic,
        jitter=random.random,
        observer=metrics,
        on_change=circuit_changed,
        tenants_reach=settings.tenants_reach,
        clusterwide=settings.clusterwide,
        fence=fence,
    )
    tenants = Tenants(store, pool)
    shares = WorkerShares(settings.workers, tenant=tenants.of, in_doubt=tenants.in_doubt)
    context = Context(
        cluster=settings.cluster_id or await _cluster_id(resources),
        store=store,
        queue=Queue(clock=time.monotonic, jitter=random.random, shares=shares),
        pool=pool,
        renewals=RenewalsAsked(store),
        resources=resources,
        secrets=credentials,
        members=Members(api),
        memories=ClusterRobotMemories(refreshed=metrics.refreshed),
        issuer=Issuer(api),
        hosts=IssuerHosts(addresses_of, clock=time.monotonic),
        tokens=Tokens(api),
        accounts=AccountWriter(ServiceAccounts(api), keep=store.keep_account),
        recorder=_recorder(api, metrics),
        clock=time.monotonic,
        now=_now,
        jitter=random.random,
        contests=Contests(clock=time.monotonic),
        grace=timedelta(seconds=settings.grace_s),
    )
    turned.append(Runner(context, metrics, workers=settings.workers))
    return context, turned[0]


def _tell_missing(verb: str, resource: str, namespace: str) -> None:
    where = {"namespace": namespace} if namespace else {}
    log.warning("cluster.right_missing", verb=verb, resource=resource, **where)


def _recorder(api: ClusterApi, metrics: Metrics) -> Recorder:
    return Recorder(
        api,
        now=_now,
        suffix=lambda: secrets.token_hex(6),
        posted=metrics.posted,
        refused=lambda why: log.warning("cluster.forbidden", kind=EVENT.kind, why=why),
        failed=lambda error: log.error("event.failed", error=error),
        dropped=metrics.event_dropped,
        overflowed=lambda waiting: log.warning("event.dropped", waiting=waiting),
    )


async def _cluster_id(resources: Resources) -> str:
    """The uid of kube-system: it lives as long as the cluster does."""
    for pause_s in EndlessBackoff(0.5, 15):
        try:
            body = await resources.get(NAMESPACE, None, "kube-system")
        except Refused as error:
            log.warning("cluster.forbidden", kind=NAMESPACE.kind, why=error.message)
        except QuayRobotError as error:
            log.warning("cluster.unreachable", kind=NAMESPACE.kind, why=error.message)
        else:
            if body is not None:
                return str(body["metadata"]["uid"])
        await asyncio.sleep(pause_s)
    raise AssertionError


async def _begin(
    settings: Settings,
    context: Context,
    runner: Runner,
    metrics: Metrics,
    went_back: Callable[[], None],
) -> None:
    _collect_rarely()
    runner.start()
    log.info("operator.ready", robots=len(context.store.robots))
    async with asyncio.TaskGroup() as group:
        group.create_task(_gauges(context, metrics))
        group.create_task(
            relist_forever(
                context,
                runner.observe,
                metrics.diverged,
                went_back,
                every_s=settings.relist_interval_s,
                namespaces=settings.namespaces,
            )
        )


def _collect_rarely() -> None:
    """
    Spare the garbage collector what stays: all that was imported and read up to now.

    Passes make few cycles and many objects, and each full collection walked over all that
    the libraries hold: a tenth of all CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


async def _gauges(context: Context, metrics: Metrics) -> None:
    shown: set[tuple[str, str]] = set()
    while True:
        begun = time.monotonic()
        for lane, depth in context.queue.depth().items():
            metrics.queued(lane.name.lower(), depth)
        metrics.namespaces(_namespaces(context))
        await _count_robots(context, metrics)
        shown = _show_circuits(context, metrics, shown)
        # To count ten thousand takes no more than a hundredth of a core.
        took = time.monotonic() - begun
        await asyncio.sleep(min(max(GAUGES_S, 100 * took), GAUGES_MOST_S))


async def _count_robots(context: Context, metrics: Metrics) -> None:
    used: Counter[tuple[str, str, str]] = Counter()
    waiting: Counter[str] = Counter()
    for number, each in enumerate(list(context.store.robots.values())):
        if number % AT_ONCE == AT_ONCE - 1:
            # Others wait for the event loop.
            await asyncio.sleep(0)
        key, state = each.connection_key, _state(each)
        used[key.kind, key.name, state] += 1
        if state == "ready" and (reason := rotation_waits_for(each.status)) is not None:
            waiting[reason] += 1
    states: Counter[str] = Counter()
    for (_, _, state), count in used.items():
        states[state] += count
    metrics.robots(states)
    metrics.robots_of(used)
    metrics.rotations_put_off(waiting)


def _namespaces(context: Context) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in context.store.cluster_robots.values():
        counts = each.cluster_robot_status.namespaces or NamespaceCounts()
        total.update(counts.model_dump())
    return total


def _show_circuits(
    context: Context, metrics: Metrics, before: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    shown = set()
    for key, record in context.store.connections.items():
        live = context.pool.known(key)
        if live is not None:
            metrics.circuit(key.kind, key.name, "open" if live.limits.open else "closed")
            metrics.concurrency(key.kind, key.name, live.limits.width)
            counts = live.summary.values()
            metrics.leftovers(
                key.kind,
                key.name,
                sum(each.unmanaged for each in counts),
                sum(each.unused for each in counts),
            )
            ends = record.status.credential.expires_at if record.status.credential else None
            moment = datetime.fromisoformat(ends) if ends is not None else None
            metrics.token_ends(key.kind, key.name, moment)
            shown.add((key.kind, key.name))
    for kind, name in before - shown:
        metrics.connection_gone(kind, name)
    return shown


def _state(record: object) -> str:
    conditions = record.status.conditions  # type: ignore[attr-defined]
    ready = next((each for each in conditions if each.type == "Ready"), None)
    if record.terminating:  # type: ignore[attr-defined]
        blocked = ready is not None and ready.reason == Reason.DELETION_BLOCKED
        return str(Reason.DELETION_BLOCKED) if blocked else "deleting"
    if ready is None:
        return "new"
    return "ready" if ready.status == "True" else str(ready.reason)


def _in_background(stack: AsyncExitStack, work: object) -> asyncio.Task[None]:
    task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return task


def _now() -> datetime:
    return datetime.now(UTC)
