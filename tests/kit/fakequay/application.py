"""How does one request go through the double?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import accounts, admin, registry, robots
from .callers import Caller, caller_of, check_entry
from .faults import Fault, Faults
from .ledger import Ledger, operation_of
from .replies import Refusal, not_found_page, shape_c, shape_f
from .state import State

Handler = Callable[[State, Request, Caller], Awaitable[Response]]
BODY_MAX = 1024 * 1024


class Double:
    """The state of one Quay, its ledger and its faults."""

    def __init__(self) -> None:
        self.state, self.ledger, self.faults = State(), Ledger(), Faults()

    def app(self) -> Starlette:
        """Return the application that serves it."""
        return Starlette(
            routes=[
                *self._robot_routes("/api/v1/organization/{org}/robots"),
                *self._robot_routes("/api/v1/user/robots"),
                self._route("/api/v1/organization/{org}", GET=accounts.get_organization,
                            DELETE=accounts.delete_organization),
                self._route("/api/v1/user/", GET=accounts.get_user),
                Route("/v2/", self._plain(registry.ping)),
                Route("/v2/auth", self._plain(registry.auth)),
                Route("/health/instance", self._health),
                *admin.routes(self),
                Route("/{rest:path}", self._nowhere, methods=["GET", "PUT", "POST", "DELETE"]),
            ]
        )  # fmt: skip

    def _robot_routes(self, root: str) -> list[Route]:
        one = f"{root}/{{short}}"
        return [
            self._route(root, GET=robots.list_robots),
            self._route(one, GET=robots.get_robot, PUT=robots.create_robot,
                        DELETE=robots.delete_robot),
            self._route(f"{one}/regenerate", POST=robots.regenerate),
            self._route(f"{one}/permissions", GET=robots.robot_permissions),
        ]  # fmt: skip

    def _route(self, path: str, **handlers: Handler) -> Route:
        async def serve(request: Request) -> Response:
            async def work() -> Response:
                handler = handlers.get("GET" if request.method == "HEAD" else request.method)
                return await self._api(handler, request)

            return await self._spoiled(request, work)

        return Route(path, serve, methods=["GET", "PUT", "POST", "DELETE", "PATCH"])

    async def _api(self, handler: Handler | None, request: Request) -> Response:
        try:
            if int(request.headers.get("content-length") or 0) > BODY_MAX:
                raise shape_f(413)
            caller = caller_of(self.state, request)
            request.state.caller = caller
            check_entry(self.state, request, caller)
            if handler is None:
                raise shape_c(405, "The method is not allowed for the requested URL.")
            response = await handler(self.state, request, caller)
        except Refusal as refusal:
            response = refusal.response
        # The proxy in front of Quay's API keeps no connection.
        response.headers["Connection"] = "close"
        if response.status_code < 400:
            response.headers["X-Frame-Options"] = "DENY"
        return response

    def _plain(
        self, handler: Callable[[State, Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            return await self._spoiled(request, lambda: handler(self.state, request))

        return serve

    async def _spoiled(
        self, request: Request, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Do *work* with the fault that waits for it, if any, and note it in the ledger."""
        operation = operation_of(request.method, request.url.path)
        fault = self.faults.take(operation)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if fault.when == "before" and fault.kind in {"answer", "cut"}:
                self._note(request, operation, fault.status, effect=False)
                return _spoil(request, fault)
        response = await work()
        effect = response.status_code < 300 and request.method not in {"GET", "HEAD"}
        self._note(request, operation, response.status_code, effect=effect)
        if fault is not None and fault.kind == "rename":
            return _renamed(response, fault.body)
        if fault is not None and fault.when == "after" and fault.kind in {"answer", "cut"}:
            return _spoil(request, fault)
        return response

    def _note(self, request: Request, operation: str, status: int, *, effect: bool) -> None:
        caller = getattr(request.state, "caller", Caller())
        self.ledger.note(
            time=self.state.now(),
            method=request.method,
            path=request.url.path,
            operation=operation,
            status=status,
            effect=effect,
            token=caller.token_id,
        )

    async def _health(self, _request: Request) -> Response:
        return Response(json.dumps({"data": {"services": {}}, "status_code": 200}), 200)

    async def _nowhere(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/api/") and not path.endswith("/"):
            return RedirectResponse(f"{path}/", 308, headers={"Connection": "close"})
        return not_found_page().response


def _spoil(request: Request, fault: Fault) -> Response:
    if fault.kind == "cut":
        transport: Any = request.scope.get("transport")
        if transport is not None:
            transport.abort()
    headers = {"Content-Type": "text/html", "Connection": "close", **fault.headers}
    return Response(fault.body, fault.status, headers)


def _renamed(response: Response, name: str) -> Response:
    body = json.loads(bytes(response.body))
    body["name"] = name
    return Response(json.dumps(body), response.status_code, media_type="application/json")
