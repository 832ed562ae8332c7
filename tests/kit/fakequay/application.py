"""How does one request go through the double?"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import admin
from .callers import NOBODY, Caller, caller_of, check_browser, check_entry
from .cost import Workers
from .faults import Faults, renamed, spoiled
from .ledger import Ledger, operation_of
from .limits import Zone, passes
from .replies import NOT_ALLOWED, Refusal, not_found_page, shape_c, shape_e, shape_f
from .routes import IMAGES, PLAIN, SLASHED, Handler, Plain, Resource, resources
from .state import State
from .storage import load, save

BODY_MAX = 1024 * 1024
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]
Work = Callable[[State], Awaitable[Response]]


class Double:
    """The state of one Quay, its ledger and its faults; *file* is where it remembers."""

    def __init__(self, file: Path | None = None) -> None:
        self.state, self.ledger, self.faults = State(), Ledger(), Faults()
        self.workers, self._zone, self._file = Workers(), Zone(), file
        self._saving: asyncio.TimerHandle | None = None
        if file is not None:
            load(self.state, file)

    def app(self) -> Starlette:
        """Return the application that serves it."""
        return Starlette(
            routes=[
                *(self._resource(each) for each in resources()[:10]),
                *(Route(path, self._plain((m,), do), methods=METHODS) for path, m, do in PLAIN),
                *(Route(path, self._plain(*rest), methods=METHODS) for path, *rest in IMAGES),
                Route("/health/instance", _health),
                *admin.routes(self),
                *(Route(path, self._slashed, methods=METHODS) for path in SLASHED),
                *(self._resource(each) for each in resources()[10:]),
                Route("/{rest:path}", self._nowhere, methods=METHODS),
            ]
        )

    def save(self) -> None:
        """Write the state to its file, if it has one."""
        self._saving = None
        if self._file is not None:
            save(self.state, self._file)

    def freeze(self) -> State:
        """Return a replica that stands still from now on."""
        replica = copy.copy(self.state)
        for name in ("robots", "organizations", "repositories"):
            setattr(replica, name, copy.deepcopy(getattr(self.state, name)))
        return replica

    # The ways in --------------------------------------------------------

    def _resource(self, resource: Resource) -> Route:
        async def serve(request: Request) -> Response:
            if not self.state.settings.at_least(resource.since):
                return await self._nowhere(request)
            name = "GET" if request.method == "HEAD" else request.method
            handler = resource.handlers.get(name)
            return await self._noted(request, lambda state: self._api(handler, request, state))

        return Route(resource.path, serve, methods=METHODS)

    def _plain(
        self, methods: tuple[str, ...], handler: Plain
    ) -> Callable[[Request], Awaitable[Response]]:
        async def work(request: Request, state: State) -> Response:
            if request.method not in {*methods, "HEAD"}:
                return await _unmatched(request, state)
            try:
                return await handler(state, request)
            except Refusal as refusal:
                return refusal.response

        async def serve(request: Request) -> Response:
            response = await self._noted(request, lambda state: work(request, state))
            return _closed(response) if request.url.path.startswith("/api/") else response

        return serve

    async def _slashed(self, request: Request) -> Response:
        return await self._noted(request, lambda _: _redirected(request))

    async def _nowhere(self, request: Request) -> Response:
        return await self._noted(request, lambda _: _unknown(request))

    async def _api(self, handler: Handler | None, request: Request, state: State) -> Response:
        try:
            response = await self._answered(handler, request, state)
        except Refusal as refusal:
            response = refusal.response
        return _closed(response)

    async def _answered(self, handler: Handler | None, request: Request, state: State) -> Response:
        self._check_front(request)
        _find_as_stored(request, state)
        if handler is None:
            raise shape_c(405, NOT_ALLOWED)
        check_browser(request)
        if "." in request.headers.get("authorization", ""):
            # A login service that is asked for its keys may take its time.
            caller = await asyncio.to_thread(caller_of, self.state, request)
        else:
            caller = caller_of(self.state, request)
        request.state.caller = caller
        settings = self.state.settings
        cost_s = settings.sign_on_cost_s if caller.signed_on else settings.call_cost_s
        if settings.realistic and (caller.signed_on or caller.token_id is not None):
            await self.workers.spend(cost_s, settings.workers)
        check_entry(self.state, request, caller)
        return await handler(state, request, caller)

    def _check_front(self, request: Request) -> None:
        client = request.client.host if request.client else ""
        settings = self.state.settings
        if not passes(self._zone, settings, request.url.path, client):
            raise shape_f(429)
        if int(request.headers.get("content-length") or 0) > BODY_MAX:
            raise shape_f(413) if settings.behind_proxy else shape_e()

    # Faults and the ledger ----------------------------------------------

    async def _noted(self, request: Request, work: Work) -> Response:
        """Do *work* with the fault that waits for it, if any, and note it in the ledger."""
        operation = operation_of(request.method, request.url.path)
        fault = self.faults.take(operation, request.url.path)
        # What came whole is carried out, whether or not anybody waits for the answer.
        await request.body()
        if fault is not None and fault.when == "before":
            await asyncio.sleep(fault.delay_s)
            if fault.replaces:
                response = spoiled(request, fault)
                self._note(request, operation, response.status_code, effect=False)
                return response
        state = self.state if fault is None or fault.replica is None else fault.replica
        response = await work(state)
        effect = response.status_code < 300 and request.method not in {"GET", "HEAD"}
        self._note(request, operation, response.status_code, effect=effect)
        if fault is not None and fault.when == "after":
            await asyncio.sleep(fault.delay_s)
        if fault is not None and fault.kind == "rename":
            return renamed(response, fault.body)
        if fault is not None and fault.when == "after" and fault.replaces:
            return spoiled(request, fault)
        return response

    def _note(self, request: Request, operation: str, status: int, *, effect: bool) -> None:
        caller: Caller = getattr(request.state, "caller", NOBODY)
        self.ledger.note(
            time=self.state.now(),
            method=request.method,
            path=request.url.path,
            operation=operation,
            status=status,
            effect=effect,
            token=caller.token_id,
        )
        if effect and self._file is not None and self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(0.5, self.save)


def _find_as_stored(request: Request, state: State) -> None:
    """Have the path mean what the database finds under the names in it."""
    found = request.path_params
    if "org" in found:
        found["org"] = state.spelled(found["org"])
    if "repository" in found:
        namespace, slash, name = found["repository"].partition("/")
        found["repository"] = f"{state.spelled(namespace)}{slash}{name}"


def _closed(response: Response) -> Response:
    # The proxy in front of Quay's API keeps no connection.
    response.headers["Connection"] = "close"
    if response.status_code < 400:
        response.headers["X-Frame-Options"] = "DENY"
    return response


async def _redirected(request: Request) -> Response:
    return _closed(RedirectResponse(f"{request.url.path}/", 308))


async def _unknown(request: Request) -> Response:
    """Answer for a path that is none: pages only, never JSON."""
    path = request.url.path
    if request.method not in {"GET", "HEAD"}:
        return _closed(shape_f(405).response)
    if path.startswith("/api/") and not path.endswith("/"):
        return await _redirected(request)
    return _closed(not_found_page().response)


async def _unmatched(request: Request, state: State) -> Response:
    """Answer for a path with another method: Quay's own JSON where it is the API's."""
    if not request.url.path.startswith("/api/v1/bootstrap/"):
        return shape_f(405).response
    here = state.settings.programmatic_bootstrap and state.settings.at_least("3.18")
    return shape_c(405, NOT_ALLOWED).response if here else await _unknown(request)


async def _health(_request: Request) -> Response:
    return Response(json.dumps({"data": {"services": {}}, "status_code": 200}), 200)
