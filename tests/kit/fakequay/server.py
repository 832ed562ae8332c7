"""How is the double started, in a thread of a test or as a process of its own?"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import admin
from .application import Double
from .ledger import Entry


class CuttingProtocol(HttpToolsProtocol):
    """Lets a fault cut the connection of its own request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]


def uvicorn_config(double: Double, **options: Any) -> uvicorn.Config:
    """Return the server's configuration."""
    return uvicorn.Config(
        double.app(),
        http=CuttingProtocol,
        loop="uvloop",
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        backlog=4096,
        **options,
    )


class Server(uvicorn.Server):
    """A server whose loop others can reach."""

    loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()


class FakeQuay:
    """
    A Quay in a thread of this process; a context manager.

    `down()` and `up()` take it away and bring it back at the same address,
    with its state.
    """

    def __init__(
        self,
        *,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        file: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        authority: Path | None = None,
    ) -> None:
        self.double = Double(file)
        self._tls = {"ssl_certfile": tls_cert, "ssl_keyfile": tls_key} if tls_cert else {}
        self._socket: socket.socket | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._host, self.port = host, port
        # What its own callers below believe; None: what the machine believes.
        self._trust = ssl.create_default_context(cafile=authority) if authority else None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start to listen."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((self._host, self.port))
        self.port = listening.getsockname()[1]
        self._server = Server(uvicorn_config(self.double, **self._tls))
        self._server.install_signal_handlers = lambda: None  # type: ignore[method-assign,attr-defined]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self._socket = listening
        self._thread.start()
        while not self._server.started or self._server.loop is None:
            time.sleep(0.01)

    def down(self) -> None:
        """Refuse connections from now on; nothing is forgotten."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        assert self._socket is not None
        self._socket.close()
        self._server = self._thread = None
        self.double.workers.close()

    # The admin side, without HTTP ---------------------------------------

    def admin(self, call: str, **fields: Any) -> Any:
        """Make one call of the admin side."""
        if self._server is None or self._server.loop is None:
            return admin.CALLS[call](self.double, fields)

        # In the server's own thread, so that no request sees half of it.
        async def work() -> Any:
            return admin.CALLS[call](self.double, fields)

        return asyncio.run_coroutine_threadsafe(work(), self._server.loop).result(60)

    def calls(self, since: int = 0) -> list[Entry]:
        """Return the API calls from number *since* on (logins are none)."""
        return [each for each in self.double.ledger.entries[since:] if each.api]

    def mark(self) -> int:
        """Return the ledger's position now."""
        return len(self.double.ledger.entries)

    def operations(self, since: int = 0) -> list[str]:
        """Return the names of the API operations from *since* on."""
        return [each.operation for each in self.calls(since)]

    def actions(self, user: str, password: str, repository: str) -> set[str]:
        """Return what the registry's answer lets *user* do with *repository* (`ns/name`)."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        scope = f"repository:{repository}:pull,push,*"
        request = urllib.request.Request(f"{self.url}/v2/auth?service=quay&scope={scope}")
        request.add_header("Authorization", f"Basic {pair}")
        with urllib.request.urlopen(request, timeout=10, context=self._trust) as answer:
            claims = json.loads(answer.read())["token"].split(".")[1]
        access = json.loads(base64.urlsafe_b64decode(claims + "=="))["access"]
        return {action for each in access for action in each["actions"]}

    def login(self, user: str, password: str) -> bool:
        """Tell whether the registry lets *user* in, asked over HTTP as a client would."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        request = urllib.request.Request(f"{self.url}/v2/auth?service=quay")
        request.add_header("Authorization", f"Basic {pair}")
        try:
            with urllib.request.urlopen(request, timeout=10, context=self._trust) as answer:
                return "token" in json.loads(answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 401:
                raise
            return False
