"""
A real OIDC service on loopback: discovery, keys, and a token endpoint (https, own authority).

Its keys can be rotated, it can hang, and it can be away and come back at the
same address. Clients prove themselves by a secret (RFC 6749 2.3.1) or, where
`cluster_keys` is given, by a token of a ServiceAccount (RFC 7523).
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from tests.kit.controlplane.certificates import Authority

__all__ = ["OidcService"]

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class OidcService:
    """A context manager; what its tokens say can be changed while it runs."""

    def __init__(self, folder: Path, *, audience: str = "quay") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(folder, "oidc-service-ca")
        self.ca = authority.file
        pair = authority.server("oidc")
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(pair.certificate, pair.key)
        self.audience: str | None = audience
        self.life_s = 300
        self.header: dict[str, Any] = {"typ": "JWT"}
        self.claims: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.clients: dict[str, str] = {}
        # Subjects that may stand for a client, and the keys of who signs their tokens.
        self.subjects: dict[str, str] = {}
        self.cluster_keys: Callable[[], dict[str, Any]] | None = None
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.issued = 0
        self._hanging = threading.Event()
        self._hanging.set()
        self._numbers = 0
        self.rotate()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """What its tokens name as `iss`."""
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang(on=False)
        self.down()

    def up(self) -> None:
        """Be there, at the same address as before."""
        if self._server is not None:
            return
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        self._server.socket = self._tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def down(self) -> None:
        """Be away: nobody listens."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def hang(self, *, on: bool = True) -> None:
        """Take requests and answer none, until told otherwise."""
        if on:
            self._hanging.clear()
        else:
            self._hanging.set()

    def rotate(self) -> None:
        """Sign with a new key from now on, and show no other."""
        self._numbers += 1
        self.key = RSAKey.generate_key(2048, {"kid": f"key-{self._numbers}", "use": "sig"})

    def token(self, subject: str = "operator", key: Any = None, **claims: Any) -> str:
        """Return a token of *subject*; None leaves a claim out."""
        now = int(time.time())
        said = {"iss": self.url, "sub": subject, "aud": self.audience, "iat": now,
                "exp": now + self.life_s} | self.claims | claims  # fmt: skip
        head = {"alg": "RS256", "kid": self.key.kid} | self.header
        kept = {name: value for name, value in said.items() if value is not None}
        shown = {name: value for name, value in head.items() if value is not None}
        # Not as a JWT, which would get a type whether it is wanted or not.
        return jws.serialize_compact(
            shown, json.dumps(kept).encode(), key or self.key, algorithms=[head["alg"]]
        )

    # What it answers ----------------------------------------------------

    def page(self, path: str) -> dict[str, Any] | None:
        """Return what is at *path*, if anything."""
        self.asked.append(path)
        self._hanging.wait(120)
        pages = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint": f"{self.url}/token",
            }
            | self.discovery,
            "/keys": {"keys": [self.key.as_dict(private=False)]},
        }
        return pages.get(path)

    def issue(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer a token request: status and body."""
        self.asked.append("/token")
        self.forms.append(form)
        self._hanging.wait(120)
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        client = self._by_secret(authorization) or self._by_assertion(form)
        if client is None:
            return 401, {"error": "invalid_client"}
        self.issued += 1
        token = self.token(client, azp=client)
        said = {"access_token": token, "token_type": "Bearer", "expires_in": self.life_s}
        return 200, said | self.answer

    def _by_secret(self, authorization: str) -> str | None:
        scheme, _, pair = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        known = self.clients.get(unquote_plus(name))
        return unquote_plus(name) if known and known == unquote_plus(secret) else None

    def _by_assertion(self, form: dict[str, str]) -> str | None:
        if form.get("client_assertion_type") != ASSERTION_TYPE or self.cluster_keys is None:
            return None
        try:
            keys = KeySet.import_key_set(self.cluster_keys())  # type: ignore[arg-type]
            claims = jwt.decode(form["client_assertion"], keys, algorithms=["RS256"]).claims
        except (JoseError, ValueError, KeyError):
            return None
        meant = claims.get("aud")
        if self.url not in (meant if isinstance(meant, list) else [meant]):
            return None
        client = self.subjects.get(str(claims.get("sub")))
        return client if claims["exp"] > time.time() else None


def _handler(service: OidcService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = service.page(self.path)
            self._answer(200 if found else 404, found or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path != "/token":
                self._answer(404, {})
                return
            self._answer(*service.issue(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
