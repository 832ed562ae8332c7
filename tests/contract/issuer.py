"""An issuer of OIDC tokens, as a cluster is one: https with its own authority, on loopback."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.kit.controlplane.certificates import Authority

__all__ = ["Issuer"]


class Issuer:
    """A context manager; *discovery* changes what the discovery document says."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "contract-issuer-ca")
        self.ca = authority.file
        self.asked: list[str] = []
        self.discovery: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = authority.server("issuer")
        context.load_cert_chain(pair.certificate, pair.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What its tokens name as `iss`."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(
        self, *, header: dict[str, Any] | None = None, key: Any = None, **claims: Any
    ) -> str:
        """Return a token with a Kubernetes ServiceAccount's claims; None leaves a claim out."""
        now = int(time.time())
        said = {"iss": self.url, "sub": "someone", "iat": now, "exp": now + 600} | claims
        said = {name: value for name, value in said.items() if value is not None}
        head = {"alg": "RS256", "kid": "one"} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        signing = self.key if key is None else key
        if head["alg"].startswith("HS"):
            signing = OctKey.import_key("a shared secret that is long enough for this")
        return jwt.encode(head, said, signing, algorithms=[head["alg"]])

    def pages(self) -> dict[str, Any]:
        """Return what is served, by path."""
        base = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {
            "/.well-known/openid-configuration": base | self.discovery,
            "/keys": {"keys": [self.key.as_dict(private=False)]},
        }


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            found = issuer.pages().get(self.path.replace("//", "/"))
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
