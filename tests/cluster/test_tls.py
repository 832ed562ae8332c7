"""Is an authority without key identifiers believed, on every version of Python?"""

from __future__ import annotations

import ast
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

import quayrobot
from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.kubeconfig import find_access
from quayrobot.app.session import open_session
from quayrobot.cluster.api import ClusterApi
from quayrobot.model.secrecy import Token
from quayrobot.quay.transport import Endpoint, Transport
from tests.kit.canary import oauth_token
from tests.kit.controlplane.certificates import Authority

MAKERS = {"create_default_context", "SSLContext"}


class Answer(BaseHTTPRequestHandler):
    """Answers everything with an empty object."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Server:
    """Where it listens, and in which file its authority is."""

    url: str
    ca: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    authority = Authority(tmp_path, identified=False)
    pair = authority.server("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield Server(f"https://127.0.0.1:{made.server_address[1]}", authority.file)
    made.shutdown()
    made.server_close()


@pytest.fixture
def kubeconfig(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    cluster = {"server": server.url, "certificate-authority": str(server.ca)}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": cluster}],
        "users": [{"name": "x", "user": {"token": "somebody"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path.write_text(yaml.safe_dump(body))
    return path


async def test_it_is_believed_of_quay(server):
    transport = Transport(Endpoint(server.url, server.ca.read_text(), 5.0))

    assert (await transport.send("GET", ("api",), token=Token(oauth_token()))).status == 200

    await transport.aclose()


async def test_it_is_believed_of_the_api_server(kubeconfig):
    api = await ClusterApi.connect(kubeconfig, None)

    assert await api.get("/version") == {}

    await api.aclose()


async def test_it_is_believed_of_the_api_server_by_the_shell(kubeconfig, server):
    session = open_session(find_access(kubeconfig), InitialLists((), lambda: None), watches=1)

    async with session, session.get(f"{server.url}/version") as answer:
        assert answer.status == 200


async def test_an_intermediate_authority_is_a_root_on_every_version(kubeconfig, server):
    api = await ClusterApi.connect(kubeconfig, None)
    transport = Transport(Endpoint(server.url, server.ca.read_text(), 5.0))
    seen = (api.tls, find_access(kubeconfig).ssl_context(), transport.tls)

    assert {bool(each.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN) for each in seen} == {True}
    assert {bool(each.verify_flags & ssl.VERIFY_X509_STRICT) for each in seen} == {False}
    assert {each.verify_mode for each in seen} == {ssl.CERT_REQUIRED}
    assert all(each.check_hostname for each in seen)
    await api.aclose()
    await transport.aclose()


def test_every_context_that_the_program_makes_goes_through_the_one_place():
    made, evened = 0, 0
    for path in Path(quayrobot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                made += _name(node) in MAKERS
                evened += _name(node) == "even" and any(
                    isinstance(each, ast.Call) and _name(each) in MAKERS for each in node.args
                )

    assert made == evened > 0


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))
