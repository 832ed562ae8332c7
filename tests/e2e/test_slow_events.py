"""Does an API server that is slow to take Events hold up the work that they tell of?"""

from __future__ import annotations

import threading

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, When
from tests.kit.replicas import replicas

OWN = {"kind": "QuayConnection", "name": "own"}
# Shorter than the operator waits for an answer, so that what is held back comes in the end.
HELD_S = 25


def test_an_edit_is_served_while_no_event_is_taken(house: Installation, canary_watch: CanaryWatch):
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        tenant, came, go_on = house.tenant(), threading.Event(), threading.Event()
        tenant.connection()
        wait_for(lambda: (tenant.get("own", "quayconnection") or {}).get("status"), "its status")
        tenant.rest()

        def hold(asked: Asked, when: When) -> bool:
            if when == "before" and asked.path.endswith(f"/namespaces/{tenant.name}/events"):
                came.set()
                go_on.wait(HELD_S)
            return False

        one.spoil = hold
        tenant.robot(connectionRef=OWN)
        assert came.wait(40)
        tenant.robot(connectionRef=OWN, secrets=[{"name": "another"}])
        tenant.wait_login("another")

        assert not go_on.is_set()
        go_on.set()
        wait_for(lambda: "Reconciled" in tenant.kubectl("get", "events"), "the event",
                 timeout_s=40)  # fmt: skip
        tenant.leave()
