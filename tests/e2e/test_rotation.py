"""Is a credential replaced once per request, and never otherwise?"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for

pytestmark = pytest.mark.rotates


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def rotations(tenant: Tenant, since: int) -> int:
    return tenant.operations(since).count("robot.regenerate")


def wait_rotated(tenant: Tenant, before: object, timeout_s: float = 20) -> None:
    wait_for(
        lambda: tenant.credential() not in {None, before}, "a new credential", timeout_s=timeout_s
    )
    tenant.wait_login()
    tenant.wait_ready()


def test_a_new_trigger_is_one_rotation(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    tenant.robot(rotation={"trigger": "two"})
    wait_rotated(tenant, before)

    settle(lambda: rotations(tenant, called) == 1, seconds=4)
    assert [e for e in tenant.operations(called) if e != "robot.list"] == ["robot.regenerate"]
    assert not tenant.house.quay.login(*before)
    assert "intent" not in tenant.get()["status"]["rotation"]


def test_the_annotation_counts_like_a_trigger(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")
    wait_rotated(tenant, before)

    settle(lambda: rotations(tenant, called) == 1)


def test_a_new_resource_with_a_trigger_does_not_rotate(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()

    settle(lambda: rotations(tenant, 0) == 0)


def test_a_status_that_was_lost_is_no_reason_to_rotate(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    called, before = tenant.house.quay.mark(), tenant.credential()
    tenant.house.operator.stop()
    patch = ("--subresource=status", "--type=merge", "-p", '{"status":null}')
    tenant.kubectl("patch", "quayrobot", "ci", *patch)

    tenant.house.operator.start()
    tenant.wait_ready()

    assert tenant.credential() == before
    assert rotations(tenant, called) == 0


def test_two_requests_in_a_row_end_with_a_credential_that_works(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    tenant.robot(rotation={"trigger": "two"})
    tenant.robot(rotation={"trigger": "three"})
    wait_rotated(tenant, before)
    # Ready of the last request already, and perhaps on the way to it.
    tenant.wait_reason("Reconciled")
    settle(tenant.logs_in, seconds=4)

    assert 1 <= rotations(tenant, called) <= 2


def test_a_request_made_while_another_is_tried_is_carried_out_too(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    called = tenant.house.quay.mark()
    fault = {"operation": "robot.regenerate", "kind": "answer", "status": 502, "count": 2}
    tenant.house.quay.admin("fault", **fault)
    tenant.robot(rotation={"trigger": "two"})
    wait_for(lambda: rotations(tenant, called) >= 1, "a try")

    tenant.robot(rotation={"trigger": "three"})

    done = lambda: tenant.effects(called).count("robot.regenerate") == 2  # noqa: E731
    wait_for(done, "both rotations", timeout_s=40)
    tenant.wait_login()
    settle(done)


def test_a_lost_answer_is_not_a_second_rotation(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    tenant.house.quay.admin("fault", operation="robot.regenerate", kind="cut", when="after")

    tenant.robot(rotation={"trigger": "two"})
    wait_rotated(tenant, before, timeout_s=30)

    settle(lambda: rotations(tenant, called) == 1)


def test_a_failure_that_was_none_is_not_a_second_rotation(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    fault = {"operation": "robot.regenerate", "kind": "answer", "when": "after", "status": 500}
    tenant.house.quay.admin("fault", **fault)

    tenant.robot(rotation={"trigger": "two"})
    wait_rotated(tenant, before, timeout_s=30)

    settle(lambda: rotations(tenant, called) == 1)


def test_a_call_that_was_given_up_and_carried_out_later_ends_no_new_token(tenant: Tenant):
    tenant.connection(limits={"timeout": "10s"})
    connection = {"kind": "QuayConnection", "name": "own"}
    tenant.robot(connectionRef=connection, rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    # Longer than we wait, and carried out all the same.
    fault = {"operation": "robot.regenerate", "kind": "delay", "when": "before", "delay_s": 15}
    tenant.house.quay.admin("fault", **fault)

    tenant.robot(connectionRef=connection, rotation={"trigger": "two"})
    wait_rotated(tenant, before, timeout_s=70)

    settle(lambda: rotations(tenant, called) == 1 and tenant.logs_in())


def test_an_old_credential_is_replaced_after_the_interval(tenant: Tenant):
    tenant.robot(rotation={"interval": "1h"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    due = datetime.fromisoformat(tenant.get()["status"]["rotation"]["nextAt"])
    assert timedelta(minutes=59) < due - datetime.now(UTC) < timedelta(minutes=67)

    tenant.house.operator.stop()
    issued = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = json.dumps({"status": {"credential": {"issuedAt": issued}}})
    tenant.kubectl("patch", "quayrobot", "ci", "--subresource=status", "--type=merge", "-p", patch)
    tenant.house.operator.start()
    wait_rotated(tenant, before)

    settle(lambda: rotations(tenant, called) == 1)


def test_a_rotation_waits_for_quay_and_the_resource_stays_ready(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    fault = {"operation": "robot.regenerate", "kind": "answer", "status": 502, "count": 3}
    tenant.house.quay.admin("fault", **fault)

    tenant.robot(rotation={"trigger": "two"})
    wait_for(lambda: rotations(tenant, called) >= 1, "a try")
    assert tenant.condition()["status"] == "True"
    wait_rotated(tenant, before, timeout_s=60)

    made = [e for e in tenant.house.quay.calls(called) if e.operation == "robot.regenerate"]
    assert sum(each.effect for each in made) == 1


def test_a_request_while_quay_does_not_say_what_it_has_is_carried_out_afterwards(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before, quay = tenant.credential(), tenant.house.quay

    def lists(since: int) -> int:
        return tenant.operations(since).count("robot.list")

    # Quay answers, so nothing tells the connection that it was away.
    quay.admin("fault", operation=".*", path=tenant.name, status=500, count=-1)
    failed = quay.mark()
    # Until what the last list showed is too old to go by.
    wait_for(lambda: lists(failed) >= 5, "lists that failed", timeout_s=60)
    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")
    asked = quay.mark()
    wait_for(lambda: lists(asked), "the look of its pass", timeout_s=60)
    wait_for(lambda: tenant.condition(kind="Reconciling"), "it to say that the rotation waits")
    assert tenant.condition()["status"] == "True"
    quay.admin("faults/clear")

    wait_rotated(tenant, before, timeout_s=60)


def test_a_window_in_no_time_zone_is_told(tenant: Tenant):
    window = {"schedule": "0 3 * * *", "duration": "1h", "timeZone": "Mars/Olympus"}

    tenant.robot(rotation={"interval": "24h", "window": window})

    tenant.wait_reason("InvalidSpec")
    assert "timeZone" in tenant.condition()["message"]


def test_kubectl_asks_for_a_rotation_and_waits_for_it(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    plugin = Path(sys.executable).with_name("kubectl-quayrobot")
    kubeconfig = f"--kubeconfig={tenant.house.plane.kubeconfig}"

    done = subprocess.run(
        [plugin, "rotate", "ci", "-n", tenant.name, "--wait", kubeconfig],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert "the new credential is in its Secrets" in done.stdout
    assert tenant.credential() != before
    assert tenant.logs_in()
    settle(lambda: rotations(tenant, called) == 1)


def test_kubectl_says_which_resource_is_not_there(tenant: Tenant):
    plugin = Path(sys.executable).with_name("kubectl-quayrobot")
    kubeconfig = f"--kubeconfig={tenant.house.plane.kubeconfig}"

    done = subprocess.run(
        [plugin, "rotate", "nobody", "-n", tenant.name, kubeconfig],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 1
    assert "no quayrobot nobody" in done.stderr


def test_applying_the_manifest_again_does_not_fight_the_annotation(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()
    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=once")
    wait_rotated(tenant, before)

    tenant.robot()

    settle(lambda: rotations(tenant, called) == 1, seconds=3)
    annotations = tenant.get()["metadata"]["annotations"]
    assert annotations["quayrobot.io/rotate"] == "once"
