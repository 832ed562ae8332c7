"""
Which watches deliver the cluster's events?

kopf is the shell: it logs in, lists, watches and comes back after every fault.
The objects are taken out of the answers on their way to it (`intake`), so nothing is
patched, and no finalizer and no annotation of kopf's is ever written. The settings below
were measured with the pinned version; a comment says what each prevents,
`tests/app/test_kopf_facts.py` proves it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import kopf
import structlog

from ..model.names import GROUP, LABEL_MANAGED_BY, OPERATOR, VERSION
from .initial_lists import InitialLists
from .intake import Intake, Sink
from .kubeconfig import ClusterAccess
from .session import EndlessBackoff, open_session
from .settings import Settings

__all__ = [
    "Doors",
    "build_registry",
    "own_kinds",
    "run_shell",
    "take_signals",
    "watched_paths",
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool

    @property
    def root(self) -> str:
        prefix = f"/apis/{self.group}" if self.group else "/api"
        return f"{prefix}/{self.version}"


_KINDS = (
    _Kind("QuayRobot", GROUP, VERSION, "quayrobots", namespaced=True),
    _Kind("QuayConnection", GROUP, VERSION, "quayconnections", namespaced=True),
    _Kind("ClusterQuayConnection", GROUP, VERSION, "clusterquayconnections", namespaced=False),
    _Kind("ClusterQuayRobot", GROUP, VERSION, "clusterquayrobots", namespaced=False),
    _Kind("Secret", "", "v1", "secrets", namespaced=True),
    _Kind("ServiceAccount", "", "v1", "serviceaccounts", namespaced=True),
    _Kind("Namespace", "", "v1", "namespaces", namespaced=False),
)


class Doors(kopf.OperatorRegistry):
    """A registry of what is watched, which knows who wants to know."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.sink = sink


def build_registry(sink: Sink, *, clusterwide: bool = True) -> Doors:
    """Return a registry of all kinds, whose objects go to *sink*."""
    doors = Doors(sink)
    for kind in _kinds(clusterwide):
        _add_door(doors, kind)
    return doors


def _kinds(clusterwide: bool) -> tuple[_Kind, ...]:  # noqa: FBT001
    # Who serves named namespaces has no right beyond them.
    return _KINDS if clusterwide else tuple(each for each in _KINDS if each.namespaced)


def _add_door(doors: Doors, kind: _Kind) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, id=kind.plural, registry=doors)
    async def door(**_: Any) -> None:
        """Make kopf watch the kind; nothing is left to go through."""


async def run_shell(
    registry: Doors,
    access: ClusterAccess,
    settings: Settings,
    stop: asyncio.Event,
    ready: asyncio.Event,
) -> None:
    """
    Watch the cluster until *stop*; set *ready* when all that existed has been observed.

    With scanning disabled kopf looks once which kinds are served: all have to be.
    SIGTERM and SIGINT set *stop*.
    """
    if not settings.clusterwide:
        away = sorted(each.kind for each in _KINDS if not each.namespaced)
        log.info("watch.bounded", namespaces=settings.namespaces, unavailable=away)
    lists = _watched_lists(settings)
    initial_lists = InitialLists(lists, ready.set, bounded=not settings.clusterwide)
    intake = Intake(registry.sink, lists)
    _add_login(registry, access, initial_lists, intake, watches=len(lists))
    before = await kopf.spawn_tasks(
        registry=registry,
        settings=kopf_settings(),
        identity=_identity(),
        clusterwide=settings.clusterwide,
        namespaces=settings.namespaces,
        stop_flag=stop,
    )
    # kopf has just taken the signals for itself.
    take_signals(stop.set)
    log.info("watch.started", watches=len(lists), clusterwide=settings.clusterwide)
    await kopf.run_tasks(before, ignored=_Everything())


def _identity() -> Any:
    # Without one kopf asks the password database for a name; the uid that a pod is given, as
    # OpenShift does it, has no entry there. The host's name is the pod's.
    return f"{socket.gethostname()}/{os.getpid()}"


def own_kinds(settings: Settings) -> set[str]:
    """Return which kinds of ours are watched, by their plural."""
    return {each.plural for each in _kinds(settings.clusterwide) if each.group == GROUP}


def watched_paths(settings: Settings) -> Iterator[str]:
    """Return the paths of all lists that are watched."""
    yield from _watched_lists(settings)


def _watched_lists(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return kind and namespace (empty: all) of what is listed at each path."""
    if settings.clusterwide:
        return {f"{each.root}/{each.plural}": (each.kind, "") for each in _KINDS}
    return {
        f"{each.root}/namespaces/{namespace}/{each.plural}": (each.kind, namespace)
        for each in _kinds(clusterwide=False)
        for namespace in settings.namespaces
    }


def _add_login(
    registry: Doors,
    access: ClusterAccess,
    initial_lists: InitialLists,
    intake: Intake,
    *,
    watches: int,
) -> None:
    @kopf.on.login(id="login", registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        log.info("cluster.login", server=access.server)
        # A new session each time: kopf never again takes one that it once saw fail.
        session = open_session(access, initial_lists, intake, watches=watches)
        return kopf.AiohttpSession(server=access.server, aiohttp_session=session)


def take_signals(call: Callable[[], None]) -> None:
    """Let SIGTERM and SIGINT call *call*, where this is the thread that gets them."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, call)


def kopf_settings() -> kopf.OperatorSettings:
    """Return the settings under which kopf only watches, and does so forever."""
    own = kopf.OperatorSettings()
    # Removed by kopf from whatever carries it, so it must be a name that nobody sets.
    own.persistence.finalizer = f"{GROUP}/unused"
    own.watching.chunk_size = 500
    # Streaming the first list loses what a cut stream had not yet shown.
    own.watching.initial_streaming = False
    own.watching.server_timeout = 300
    own.watching.connect_timeout = 10
    own.watching.label_selectors["", "v1", "secrets"] = f"{LABEL_MANAGED_BY}={OPERATOR}"
    own.networking.connect_timeout = 10
    own.networking.request_timeout = 30
    # The default ends the process after 54 seconds without an API server.
    own.networking.error_backoffs = EndlessBackoff(0.5, 15)
    own.networking.enforce_retry_after = True
    own.posting.enabled = False
    own.scanning.disabled = True
    own.peering.standalone = True
    # A process that hangs at its end is cut off by Ending.
    own.process.ultimate_exiting_timeout = None
    return own


class _Everything(Collection[Any]):
    """
    All tasks there are.

    At its end kopf cancels every task of the loop that it was not told to
    leave alone; ours are not its own, whenever they began.
    """

    def __contains__(self, _task: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 1
