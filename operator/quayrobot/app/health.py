"""
Is the process alive, is it ready, and what are its numbers?

Alive: the event loop turns and the shell that watches the cluster runs. Ready:
everything that existed at the start has been seen, and the workers work. The
state of a registry is neither: a restart would not bring it back.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from .metrics import Metrics
from .settings import Settings
from .startup import CannotStart

__all__ = ["HealthServer", "Pulse", "Probes"]

LAG_MAX_S = 30.0
BEAT_S = 1.0
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def _yes() -> bool:
    return True


@dataclass(slots=True)
class Probes:
    """What the parts say of themselves; each is asked on every probe."""

    shell_alive: Callable[[], bool] = _yes
    trusted: Callable[[], bool] = _yes
    listed: Callable[[], bool] = field(default=lambda: False)
    working: Callable[[], bool] = field(default=lambda: False)


class Pulse:
    """How late the event loop's last beat was, or is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due = clock()
        self._late = 0.0

    @property
    def lag_s(self) -> float:
        """Seconds by which the loop is behind."""
        return max(self._late, self._clock() - self._due)

    def beat(self) -> None:
        """Say that the loop turns; the next beat is due in BEAT_S."""
        now = self._clock()
        self._late = max(0.0, now - self._due)
        self._due = now + BEAT_S

    async def run(self) -> None:
        """Beat forever."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)


class HealthServer:
    """Serves /livez, /readyz and /metrics while its context is open."""

    def __init__(self, settings: Settings, probes: Probes, metrics: Metrics) -> None:
        self._settings = settings
        self._probes = probes
        self._metrics = metrics
        self._runners: list[web.AppRunner] = []
        self._beating: asyncio.Task[None] | None = None
        self.pulse = Pulse(lambda: asyncio.get_running_loop().time())
        self.ports: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        health = [("/livez", self._live), ("/readyz", self._ready)]
        numbers = [("/metrics", self._numbers)]
        settings = self._settings
        self._beating = asyncio.create_task(self.pulse.run(), name="pulse")
        try:
            if settings.health_port == settings.metrics_port != 0:
                await self._serve(settings.health_port, health + numbers)
            else:
                await self._serve(settings.health_port, health)
                await self._serve(settings.metrics_port, numbers)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def _serve(self, port: int, routes: Sequence[tuple[str, _Handler]]) -> None:
        app = web.Application()
        app.on_response_prepare.append(_hide_version)
        for path, handler in routes:
            app.router.add_get(path, handler)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
        self._runners.append(runner)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.bind_address or None, port).start()
        except OSError as error:
            raise CannotStart(_not_listening(self._settings, port, error)) from error
        self.ports |= {path: runner.addresses[0][1] for path, _ in routes}

    async def _close(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
        for runner in self._runners:
            await runner.cleanup()

    async def _live(self, _request: web.Request) -> web.Response:
        if not self._probes.shell_alive():
            return _no("the shell that watches the cluster has ended")
        if not self._probes.trusted():
            return _no("the API server's certificate is not trusted")
        if self.pulse.lag_s > LAG_MAX_S:
            return _no("the event loop is stuck")
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        if not self._probes.listed():
            return _no("the first lists are not complete")
        if not self._probes.working():
            return _no("the workers do not run")
        return web.Response(text="ok\n")

    async def _numbers(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.render(), headers={"Content-Type": _TEXT})


def _not_listening(settings: Settings, port: int, error: OSError) -> str:
    ways = "--health-port and --metrics-port"
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken by another process; give free ones by {ways}"
        case errno.EACCES:
            return f"this user may not listen on port {port}; give ports above 1023 by {ways}"
        case _:
            where = settings.bind_address or "all addresses"
            return f"cannot listen on {where}, port {port}; give an own address by --bind-address"


def _no(why: str) -> web.Response:
    return web.Response(status=503, text=f"{why}\n")


async def _hide_version(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
