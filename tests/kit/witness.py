"""
Who was called that must not be?

Listeners that stand where an attack would lead the operator: they count the
connections and keep the first bytes of each, and answer like a server that is
glad to be asked.
"""

from __future__ import annotations

import socketserver
import threading
from typing import Any, Self

__all__ = ["Witness"]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    heard: list[bytes]


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        server.heard.append(b"")
        self.request.settimeout(2)
        try:
            server.heard[-1] = self.request.recv(4096)
            self.request.sendall(ANSWER)
        except OSError:
            return


class Witness:
    """A listener at *address*; a context manager."""

    def __init__(self, address: str, port: int = 0) -> None:
        self._server = _Server((address, port), _Handler)
        self._server.heard = []
        self.address, self.port = address, int(self._server.server_address[1])
        self.url = f"http://{address}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def heard(self) -> list[bytes]:
        """What came with each connection so far."""
        return list(self._server.heard)
