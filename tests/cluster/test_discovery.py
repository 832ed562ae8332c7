"""Are our kinds found on every API server, whichever way it lists what it serves?"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from quayrobot.cluster.api import ClusterApi
from quayrobot.model.errors import QuayRobotError, Reason, TryLater

OURS = "quayrobot.io/v1alpha1"
LISTED = {"versions": [{"version": "v1alpha1", "resources": [{"resource": "quayrobots"}]}]}
NAMED = [{"name": "quayrobot.io", "versions": [{"groupVersion": OURS, "version": "v1alpha1"}]}]
PLAIN = {"kind": "APIGroupList", "apiVersion": "v1"}
OTHERS = [{"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}]}]
AGGREGATED = {
    "kind": "APIGroupDiscoveryList",
    "items": [{"metadata": {"name": "quayrobot.io"}, **LISTED}],
}
RESOURCES = {
    "kind": "APIResourceList",
    "groupVersion": OURS,
    "resources": [{"name": "quayrobots"}, {"name": "quayrobots/status"}],
}
# What is answered by path, and what to what is accepted; nothing else is there.
SERVERS: dict[str, dict[str, dict[str, Any]]] = {
    "1.30 and newer": {"/apis": {"v=v2,": AGGREGATED}},
    "1.26 to 1.29": {"/apis": {"v=v2beta1,": AGGREGATED}},
    "older": {"/apis": {"": {**PLAIN, "groups": NAMED}}, f"/apis/{OURS}": {"": RESOURCES}},
}


class Answer(BaseHTTPRequestHandler):
    """Answers by path, with the first that is accepted; else 404."""

    def do_GET(self) -> None:
        known = self.server.answers.get(self.path, {})  # type: ignore[attr-defined]
        accepted = f"{self.headers['Accept']},"
        body = next((each for part, each in known.items() if part in accepted), None)
        raw = json.dumps(body or {"kind": "Status", "code": 404}).encode()
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def kinds(server: ThreadingHTTPServer, folder: Path, answers: dict[str, Any]) -> frozenset[str]:
    server.answers = answers  # type: ignore[attr-defined]
    url = f"http://127.0.0.1:{server.server_address[1]}"
    path = folder / "kubeconfig"
    parts = {"cluster": {"server": url}, "context": {"cluster": "x", "user": "x"}, "user": {}}
    named = {f"{each}s": [{each: body, "name": "x"}] for each, body in parts.items()}
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "x", **named}
    path.write_text(yaml.safe_dump(config))

    async def ask() -> frozenset[str]:
        api = await ClusterApi.connect(path, None)
        try:
            return await api.kinds(OURS)
        finally:
            await api.aclose()

    return asyncio.run(ask())


@pytest.mark.parametrize("answers", SERVERS.values(), ids=SERVERS)
def test_kinds_are_found(server: ThreadingHTTPServer, tmp_path: Path, answers: dict[str, Any]):
    assert kinds(server, tmp_path, answers) == {"quayrobots"}


@pytest.mark.parametrize(
    "answer", [{**PLAIN, "groups": OTHERS}, {**PLAIN, "groups": None}], ids=["others", "no groups"]
)
def test_kinds_that_are_not_named_are_not_there(server, tmp_path: Path, answer: dict[str, Any]):
    assert kinds(server, tmp_path, {"/apis": {"": answer}}) == frozenset()


def test_what_is_no_api_server_has_no_missing_kinds(server, tmp_path: Path):
    with pytest.raises(TryLater, match="no API server"):
        kinds(server, tmp_path, {"/apis": {"": {"hello": "world"}}})


def test_a_group_that_goes_meanwhile_is_waited_for(server, tmp_path: Path):
    with pytest.raises(QuayRobotError) as told:
        kinds(server, tmp_path, {"/apis": {"": {**PLAIN, "groups": NAMED}}})
    assert told.value.reason is Reason.CLUSTER_UNAVAILABLE
