"""
Can the operator start, and if not, why not?

Some things come later than the operator does (an API server that starts, a
definition or a ClusterRole that is applied after the Deployment): they are
waited for, for a while. What nobody brings ends the process with one line that
says what is missing and what helps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ..cluster.api import ClusterApi
from ..model.crd import DEFINITIONS
from ..model.errors import QuayRobotError, Refused
from ..model.names import GROUP, VERSION
from .session import EndlessBackoff
from .settings import Settings

__all__ = ["CannotStart", "await_cluster", "await_definitions"]

log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """The process cannot begin; the message is one line: what is wrong, and what helps."""


@dataclass(frozen=True, slots=True)
class _Obstacle:
    event: str
    words: str


async def await_cluster(
    api: ClusterApi,
    settings: Settings,
    stop: asyncio.Event,
    kinds: Iterable[str],
    paths: Iterable[str],
) -> None:
    """
    Return when the API server serves our *kinds* and lets us list *paths*, or at *stop*.

    Raises:
        CannotStart: It did not within the time that the settings give it.
    """
    loop = asyncio.get_running_loop()
    deadline, told = loop.time() + settings.start_timeout_s, ""
    wanted, listed = frozenset(kinds), tuple(paths)
    for pause_s in EndlessBackoff(0.5, 5):
        obstacle = await _obstacle(api, settings, wanted, listed)
        if obstacle is None or stop.is_set():
            return
        if loop.time() > deadline:
            raise CannotStart(obstacle.words)
        if obstacle.words != told:
            told = obstacle.words
            log.warning(obstacle.event, why=told)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(pause_s, settings.start_timeout_s)):
                await stop.wait()


async def await_definitions(settings: Settings) -> None:
    """
    Return when the API server serves all of our kinds, whoever may use them.

    Raises:
        CannotStart: It did not within the time that the settings give it, or cannot be reached.
    """
    try:
        api = await ClusterApi.connect(settings.kubeconfig, settings.context, env_proxies=False)
    except QuayRobotError as error:
        raise CannotStart(f"{error.message}; name a readable one by --kubeconfig") from error
    kinds = [each.plural for each in DEFINITIONS]
    try:
        await await_cluster(api, settings, asyncio.Event(), kinds, ())
    finally:
        await api.aclose()


async def _obstacle(
    api: ClusterApi, settings: Settings, kinds: frozenset[str], paths: tuple[str, ...]
) -> _Obstacle | None:
    try:
        unserved = await _unserved(api, kinds)
        return unserved or await _forbidden(api, settings, paths)
    except QuayRobotError as error:
        words = (
            f"{error.message}, at {api.server}; make sure that it runs, that the address is its "
            "own and that it knows this account (--kubeconfig and --context, or the pod's own)"
        )
        return _Obstacle("cluster.unreachable", words)


async def _unserved(api: ClusterApi, kinds: frozenset[str]) -> _Obstacle | None:
    try:
        missing = kinds - await api.kinds(f"{GROUP}/{VERSION}")
    except Refused as error:
        words = f"{error.message}; bind the ClusterRole system:discovery to its account"
        return _Obstacle("cluster.rights_awaited", words)
    return _Obstacle("cluster.kinds_awaited", _no_kinds(missing)) if missing else None


def _no_kinds(missing: frozenset[str]) -> str:
    named = ", ".join(f"{each}.{GROUP}" for each in sorted(missing))
    return f"the cluster has no {named}; apply the definitions: kubectl apply -k deploy/crds"


async def _forbidden(
    api: ClusterApi, settings: Settings, paths: tuple[str, ...]
) -> _Obstacle | None:
    refusals = [words for path in paths if (words := await _refusal(api, path))]
    # One namespace without its Role must not hold up the others.
    enough = 1 if settings.clusterwide else len(paths)
    if not refusals or len(refusals) < enough:
        return None
    manifests = "deploy/manifests" if settings.clusterwide else "deploy/manifests-namespaced"
    words = f"{refusals[0]}; apply its roles and their bindings: kubectl apply -k {manifests}"
    return _Obstacle("cluster.rights_awaited", words)


async def _refusal(api: ClusterApi, path: str) -> str | None:
    try:
        await api.list_metadata(path, limit="1")
    except Refused as error:
        return error.message
    return None
