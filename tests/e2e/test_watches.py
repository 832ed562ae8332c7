"""Does the operator go on where a watch is answered with whatever there is but events?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, WatchAnswer, When
from tests.kit.replicas import Replica, replicas

OWN = {"kind": "QuayConnection", "name": "own"}
HTML = b"<html><body>Please log in</body></html>"
# Of our resources, and Secrets, ServiceAccounts, Namespaces.
KINDS = 7
FINALIZERS_OFF = '[{"op": "remove", "path": "/metadata/finalizers"}]'
ROBOTS = "/apis/quayrobot.io/v1alpha1/quayrobots"


def error(code: int) -> bytes:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"


# tests/app/test_watch_answers.py has many more.
ANSWERS = {
    "error 504": WatchAnswer(body=error(504)),
    "half an event": WatchAnswer(body=b'{"type":"ADDED","object":{"metada'),
    "a page": WatchAnswer(body=HTML, content_type="text/html"),
    "404": WatchAnswer(status=404, body=b"404 page not found", content_type="text/plain"),
    "410": WatchAnswer(status=410, body=b"{}"),
    "a redirection": WatchAnswer(status=302, headers=(("Location", "/login"),)),
}


@pytest.fixture
def replica(house: Installation, canary_watch: CanaryWatch) -> Iterator[Replica]:
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        yield one


class Lists:
    """Counts how often robots are listed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, asked: Asked, when: When) -> bool:
        self.count += when == "before" and (asked.method, asked.path) == ("GET", ROBOTS)
        return False


def test_a_watch_is_never_the_end(house: Installation, replica: Replica):
    tenant = house.tenant()
    tenant.connection()
    lists, process = Lists(), replica.operator.pid
    replica.spoil = lists
    for number, (name, answer) in enumerate(ANSWERS.items()):
        listed, begun = lists.count, len(replica.front.watches)
        replica.front.watch_answer = answer
        replica.front.end_watches()
        wait_for(
            lambda begun=begun: replica.front.watches[begun:].count(ROBOTS) >= 2,
            f"two watches that get {name}; running: {replica.operator.running()}",
            timeout_s=40,
        )
        asked = replica.front.watches[begun:].count(ROBOTS)
        replica.front.watch_answer = None

        tenant.robot(f"robot-{number}", connectionRef=OWN)
        tenant.wait_ready(f"robot-{number}", timeout_s=60)
        assert replica.operator.running(), name
        assert replica.operator.pid == process
        # No more than one list for each watch.
        assert lists.count - listed <= asked + 2, name
    tenant.leave()


def test_what_goes_while_nobody_watches_is_noticed_by_the_next_list(
    house: Installation, replica: Replica
):
    tenant, other = house.tenant(), house.tenant()
    for each in (tenant, other):
        each.robot()
        each.wait_ready()
    watched = len(replica.front.watches)

    # As when the API server was restarted meanwhile: where the watches were, nobody knows.
    replica.front.lead("cut")
    tenant.delete("ci", "secret")
    # Somebody lost patience, and made it again.
    other.kubectl("patch", "quayrobot", "ci", "--type=json", "-p", FINALIZERS_OFF)
    other.delete()
    other.wait_gone("ci", "secret")
    other.robot()
    replica.front.watch_answer = ANSWERS["410"]
    replica.front.lead("open")
    wait_for(lambda: len(set(replica.front.watches[watched:])) == KINDS, "watches that end")
    replica.front.watch_answer = None

    for each in (tenant, other):
        each.wait_login(timeout_s=40)
        each.wait_ready()
    for each in (tenant, other):
        each.leave()
