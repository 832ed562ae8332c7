"""What becomes of robots that are applied while their connection's url is mistyped?"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.kit.canary import oauth_token
from tests.kit.controlplane.certificates import Authority
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Body, Tenant
from tests.kit.processes import free_port, wait_for

OWN = {"kind": "QuayConnection", "name": "own"}


class _Page(BaseHTTPRequestHandler):
    """A web site that is no Quay."""

    def do_GET(self) -> None:
        body = b"<html><title>Welcome</title></html>"
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 - the name that the server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Moved(_Page):
    """What leads http to https."""

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("Location", f"https://quay.example.com{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_GET  # noqa: N815 - the name that the server calls


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site() -> Iterator[str]:
    with _serving(_Page) as url:
        yield url


@pytest.fixture
def moved() -> Iterator[str]:
    with _serving(_Moved) as url:
        yield url


@pytest.fixture
def strange_quay(tmp_path: Path) -> Iterator[FakeQuay]:
    pair = Authority(tmp_path).server("quay")
    with FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay:
        yield quay


@pytest.fixture(params=["name", "port", "certificate", "site", "moved"])
def mistake(
    request: pytest.FixtureRequest, tenant: Tenant, strange_quay: FakeQuay, site: str, moved: str
) -> tuple[dict[str, Any], str]:
    """Return what the connection says instead, and what it has to be told of that."""
    around = tenant.house.surroundings
    assert around is not None
    around.name(nohost=[])
    return {
        "name": ({"url": "http://nohost.test"}, "the name nohost.test is not known"),
        "port": ({"url": f"http://127.0.0.1:{free_port()}"}, "no connection"),
        "certificate": (
            {"url": strange_quay.url, "allowPlaintext": False},
            "its certificate was refused (its authority is not known: see caBundleRef)",
        ),
        "site": ({"url": site}, "(is http or the port wrong?)"),
        "moved": ({"url": moved}, "a redirect (status 301), which is not followed"),
    }[request.param]


def condition(tenant: Tenant, kind: str) -> Body:
    body = tenant.get("own", "quayconnection") or {}
    listed = (body.get("status") or {}).get("conditions") or []
    return next((each for each in listed if each["type"] == kind), {})


def test_a_mistyped_url_strands_no_robot_and_is_told_by_the_connection_too(
    tenant: Tenant, mistake: tuple[dict[str, Any], str]
):
    changes, words = mistake
    tenant.connection(**changes)
    tenant.robot(connectionRef=OWN)
    tenant.robot("given-up", connectionRef=OWN)

    wait_for(lambda: words in tenant.condition().get("message", ""), f"{words}; {tenant.get()}")
    wait_for(
        lambda: words in condition(tenant, "Reachable").get("message", ""),
        f"{words}; {tenant.get('own', 'quayconnection')}",
    )
    assert condition(tenant, "Reachable")["status"] == "False"
    assert condition(tenant, "Ready")["status"] == "False"
    body = tenant.get()
    assert body is not None
    assert "connection" not in body["status"], "an origin where nothing was sent"
    assert "finalizers" not in body["metadata"], "a finalizer where nothing was made"

    # What was never sent anywhere goes at once.
    tenant.kubectl("delete", "quayrobot", "given-up", "--timeout=5s")

    tenant.connection()
    tenant.wait_ready(timeout_s=40)
    assert tenant.logs_in()
    wait_for(lambda: condition(tenant, "Ready").get("status") == "True", "the connection")


def test_a_token_that_quay_refuses_strands_no_robot(tenant: Tenant):
    tenant.connection(token=oauth_token())
    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("CredentialRefused")

    wait_for(lambda: "finalizers" not in (tenant.get() or {})["metadata"], "it made nothing")
    assert "connection" not in (tenant.get() or {})["status"]
    tenant.kubectl("delete", "quayrobot", "ci", "--timeout=5s")

    tenant.robot(connectionRef=OWN)
    tenant.connection()
    tenant.wait_ready(timeout_s=40)
    assert tenant.logs_in()


def test_a_token_that_is_none_is_told_without_a_call(tenant: Tenant):
    called, token = tenant.house.quay.mark(), tenant.house.token
    tenant.connection(token=f'"{token}"')
    tenant.robot(connectionRef=OWN)
    wait_for(lambda: "without quotes" in condition(tenant, "Ready").get("message", ""), "quotes")

    tenant.connection(token=base64.b64encode(token.encode()).decode())
    wait_for(lambda: "base64 twice" in tenant.condition().get("message", ""), "the second time")
    tenant.connection(token=f"\ufeff{token}")
    wait_for(lambda: "byte order mark" in tenant.condition().get("message", ""), "the mark")
    assert tenant.operations(called) == []

    tenant.connection()
    tenant.wait_ready(timeout_s=40)


def test_a_robot_says_what_its_connection_lacks_now(tenant: Tenant):
    tenant.robot(connectionRef=OWN)
    wait_for(lambda: "there is no" in tenant.condition().get("message", ""), "no connection")
    tenant.connections({"own": {}})

    # By itself it looks less often each time, and would be late for the last ones.
    for key, value, words in (
        (None, "", "does not exist"),
        ("password", "x", "has no key token"),
        ("token", "", "is empty"),
        ("token", "two words", "without spaces"),
        ("token", "'quoted'", "without quotes"),
    ):
        if key:
            tenant.kubectl("delete", "secret", "token-own", "--ignore-not-found")
            tenant.kubectl(
                "create", "secret", "generic", "token-own", f"--from-literal={key}={value}"
            )
        wait_for(lambda w=words: w in tenant.condition().get("message", ""), words, timeout_s=12)


def test_a_write_that_never_left_leaves_no_origin(tenant: Tenant, tmp_path: Path):
    """Quay goes away between the last answer and the first write of a robot."""
    with FakeQuay() as quay:
        token = quay.admin("token", value=tenant.house.token)
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token)
        tenant.robot("first", connectionRef=OWN)
        tenant.wait_ready("first")
        tenant.robot("first", connectionRef=OWN, deletionPolicy="Orphan")
        tenant.delete("first")
        tenant.wait_gone("first")
    # The connection was well a moment ago: nobody asks first.
    written = len(tenant.house.plane.audit())
    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("QuayUnreachable")
    body = tenant.get()
    assert body is not None
    assert "connection" not in body["status"]
    assert "finalizers" not in body["metadata"]
    assert "quayrobot.io/made-at" not in body["metadata"].get("annotations", {})
    patched = f"patch quayrobots/ {tenant.name}/ci"
    wait_for(
        lambda: tenant.house.operator_writes(written).count(patched) >= 2,
        "the finalizer to be put there, and taken back",
    )

    tenant.connection()
    tenant.wait_ready(timeout_s=40)


def test_a_missing_organization_is_told_as_such_and_is_no_fault_of_the_connection(tenant: Tenant):
    tenant.connection()
    tenant.robot("fine", connectionRef=OWN)
    tenant.wait_ready("fine")

    tenant.robot(connectionRef=OWN, organization=f"no-{tenant.name}")

    tenant.wait_reason("OrganizationNotFound")
    assert f"no-{tenant.name}" in tenant.condition()["message"]
    wait_for(lambda: condition(tenant, "Authorized").get("status") == "True", "Authorized")
    assert condition(tenant, "Ready")["status"] == "True"


@pytest.mark.parametrize("kind", ["quayrobot", "quayconnection"])
def test_a_status_that_somebody_edits_is_written_again_as_it_was(tenant: Tenant, kind: str):
    tenant.connection()
    tenant.robot("own", connectionRef=OWN)
    tenant.wait_ready("own")
    tenant.rest()
    before, robot = outcome(tenant, kind), tenant.in_quay("own")
    said = {"status": "False", "reason": "InvalidSpec", "message": "by hand",
            "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    conditions = [said | {"type": "Ready"}, said | {"type": "Stalled", "status": "True"}]
    other = {"robot": {"fullName": "somebody+else"}} if kind == "quayrobot" else {}

    patch = json.dumps({"status": {"conditions": conditions, **other}})
    tenant.kubectl("patch", kind, "own", "--subresource=status", "--type=merge", "-p", patch)

    wait_for(lambda: outcome(tenant, kind) == before, f"{before} again")
    assert tenant.in_quay("own") == robot
    assert tenant.logs_in("own")
    tenant.rest()


def outcome(tenant: Tenant, kind: str) -> tuple[Body, list[Body]]:
    """Return what its status says of the robot and by its conditions, without their times."""
    status = (tenant.get("own", kind) or {})["status"]
    robot = status.get("robot", {}) if kind == "quayrobot" else {}
    return robot, [{**each, "lastTransitionTime": ""} for each in status["conditions"]]


def operations(quay: FakeQuay, organization: str) -> list[str]:
    part = f"/organization/{organization}"
    return [each.operation for each in quay.calls() if part in each.path]


def test_an_organization_in_another_case_is_told_and_nothing_stays_of_it(tenant: Tenant):
    quay, loud = tenant.house.quay, tenant.name.upper()
    quay.admin("settings", names_without_case=True)
    try:
        tenant.connection()
        tenant.robot("first", connectionRef=OWN)
        tenant.wait_ready("first")
        tenant.robot(organization=loud, connectionRef=OWN)
        tenant.wait_reason("InvalidSpec")

        assert f"is called {tenant.name} in Quay, not {loud}" in tenant.condition()["message"]
        wait_for(lambda: len(operations(quay, loud)) > 2, "the look at a resync", timeout_s=40)
        made, gone, *later = operations(quay, loud)
        assert (made, gone, set(later)) == ("robot.create", "robot.delete", {"organization.get"})
        assert quay.admin("robots").count(tenant.full()) == 0
        assert "finalizers" not in tenant.get()["metadata"]
    finally:
        quay.admin("settings", names_without_case=False)
