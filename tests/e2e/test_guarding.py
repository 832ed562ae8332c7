"""Is a connection held while its first robot is made?"""

from __future__ import annotations

import time

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation
from tests.kit.proxy import Asked, When
from tests.kit.replicas import replicas

OWN = {"kind": "QuayConnection", "name": "own"}


def test_no_pass_over_the_connection_lets_it_go_in_between(
    house: Installation, canary_watch: CanaryWatch
):
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        tenant = house.tenant()
        tenant.connection()
        held: list[list[str]] = []

        def look(asked: Asked, when: When) -> bool:
            mine = asked.path.endswith(f"/namespaces/{tenant.name}/quayrobots/ci")
            if when == "before" and asked.method == "PATCH" and mine and not held:
                # Time for a pass over the connection, which the robot's finalizer does not hold.
                tenant.kubectl("annotate", "secret", "token-own", "look=now")
                time.sleep(2)
                body = tenant.get("own", "quayconnection") or {}
                held.append(body["metadata"].get("finalizers", []))
            return False

        one.spoil = look
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready(timeout_s=40)

        assert held == [["quayrobot.io/finalizer"]]
        tenant.delete()
        tenant.wait_gone()
        tenant.leave()
