"""What is put right when somebody changes it by hand?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.policies import denied, unanswered
from tests.kit.processes import wait_for

SOON_S = 8


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


def _patch(tenant: Tenant, secret: str, body: object) -> None:
    tenant.kubectl("patch", "secret", secret, "--type=merge", "-p", json.dumps(body))


def _events(tenant: Tenant) -> list[str]:
    listed = json.loads(tenant.kubectl("get", "events.events.k8s.io", "-o", "json"))["items"]
    return [each["reason"] for each in listed if each["type"] == "Warning"]


def test_a_robot_deleted_by_hand_is_made_again_at_the_next_resync(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before = tenant.credential()
    called = tenant.house.quay.mark()

    tenant.house.quay.admin("robot/delete", name=tenant.full())

    wait_for(tenant.in_quay, "a new robot", timeout_s=30)
    tenant.wait_login()
    tenant.wait_ready()
    assert tenant.credential() != before
    # The list raises the suspicion, the GET proves it.
    done = [each for each in tenant.operations(called) if each != "robot.list"]
    assert done == ["robot.get", "robot.create"]
    wait_for(lambda: _events(tenant).count("Recreated") == 1, "the Event")


def test_a_token_regenerated_by_hand_reaches_the_secret(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    token = tenant.house.quay.admin("robot/regenerate", name=tenant.full())
    wait_for(lambda: tenant.credential() == (tenant.full(), token), "the new token", timeout_s=30)

    tenant.wait_ready()
    assert set(tenant.operations(called)) <= {"robot.list", "robot.get"}
    wait_for(lambda: _events(tenant).count("Regenerated") == 1, "the Event")


def test_a_deleted_secret_comes_back_within_seconds_with_the_same_token(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    tenant.delete("ci", "secret")

    wait_for(lambda: tenant.credential() == before, "the Secret", timeout_s=SOON_S)
    writes = [each for each in tenant.house.quay.calls(called) if each.effect]
    assert writes == []


def test_a_deleted_secret_that_a_finalizer_holds_is_told_and_comes_back_when_it_goes(
    tenant: Tenant,
):
    tenant.robot()
    tenant.wait_ready()
    before = tenant.credential()
    _patch(tenant, "ci", {"metadata": {"finalizers": ["example.com/hold"]}})

    tenant.kubectl("delete", "secret", "ci", "--wait=false")
    tenant.wait_reason("ClusterUnavailable")
    assert "waits for its finalizers example.com/hold" in tenant.condition()["message"]

    _patch(tenant, "ci", {"metadata": {"finalizers": None}})
    tenant.wait_ready(timeout_s=40)
    assert tenant.credential() == before


def test_edited_bytes_are_put_right_within_seconds(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before = tenant.credential()

    _patch(tenant, "ci", {"data": {".dockerconfigjson": base64.b64encode(b"{}").decode()}})

    wait_for(tenant.logs_in, "the Secret", timeout_s=SOON_S)
    assert tenant.credential() == before


def test_a_key_added_to_the_data_goes_within_seconds(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()

    _patch(tenant, "ci", {"data": {"extra": base64.b64encode(b"x").decode()}})

    wait_for(
        lambda: list((tenant.get("ci", "secret") or {}).get("data", {})) == [".dockerconfigjson"],
        "one key",
        timeout_s=SOON_S,
    )


def test_a_secret_stripped_of_its_labels_is_found_and_labelled_again(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()

    _patch(tenant, "ci", {"metadata": {"labels": None}})

    wait_for(
        lambda: (
            (tenant.get("ci", "secret")["metadata"].get("labels") or {}).get(
                "app.kubernetes.io/managed-by"
            )
            == "quay-robot-operator"
        ),
        "the label",
        timeout_s=SOON_S,
    )


def test_a_secret_whose_name_is_taken_is_never_touched(tenant: Tenant):
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "ci", "namespace": tenant.name},
        "stringData": {"mine": "yes"},
    }
    tenant.house.plane.apply(body)
    before = tenant.get("ci", "secret")

    tenant.robot()
    tenant.wait_reason("SecretNotOwned")

    settle(lambda: tenant.get("ci", "secret") == before)
    # No robot without a place for its token.
    assert tenant.in_quay() is None
    tenant.delete("ci", "secret")
    tenant.wait_ready(timeout_s=40)


def test_a_secret_of_another_kind_of_owner_is_never_touched(tenant: Tenant):
    tenant.robot(secrets=[{"name": "one"}])
    tenant.wait_ready()
    tenant.robot("other", secrets=[{"name": "one"}])

    tenant.wait_reason("SecretNotOwned", "other")

    assert tenant.in_quay("other") is None
    assert tenant.logs_in("one")


def test_an_immutable_secret_of_ours_is_made_anew_when_its_token_died(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    _patch(tenant, "ci", {"immutable": True})

    token = tenant.house.quay.admin("robot/regenerate", name=tenant.full())

    wait_for(lambda: tenant.credential() == (tenant.full(), token), "the new token", timeout_s=30)


def test_a_secret_deleted_while_the_operator_is_away_comes_back(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    before = tenant.credential()
    tenant.house.operator.stop()
    tenant.kubectl("delete", "secret", "ci")
    called = tenant.house.quay.mark()

    tenant.house.operator.start()

    wait_for(lambda: tenant.credential() == before, "the Secret", timeout_s=20)
    assert set(tenant.operations(called)) == {"robot.list"}


def test_a_robot_replaced_by_hand_is_not_taken_for_ours(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    tenant.house.quay.admin("robot/delete", name=tenant.full())
    tenant.house.quay.admin("robot", name=tenant.full(), created=1_700_000_000)
    before = tenant.in_quay()

    tenant.wait_reason("RobotExists", timeout_s=40)

    assert tenant.in_quay() == before
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() == before


def test_a_label_that_a_policy_keeps_away_leaves_the_credential_ready(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    tenant.house.operator.stop()
    _patch(tenant, "ci", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})

    with denied(tenant, "UPDATE"):
        tenant.house.operator.start()
        wait_for(
            lambda: tenant.condition(kind="Reconciling").get("reason") == "AdmissionDenied",
            "why it is not repaired",
        )
        assert tenant.condition()["status"] == "True"
        assert tenant.condition(kind="SecretsReady")["status"] == "False"
        assert tenant.logs_in()

    tenant.wait_ready(timeout_s=60)
    wait_for(lambda: tenant.condition(kind="SecretsReady")["status"] == "True", "the repair")
    assert "labels" in tenant.get("ci", "secret")["metadata"]


@pytest.mark.parametrize(
    ("kept_away", "reason"),
    [(denied, "AdmissionDenied"), (unanswered, "ClusterUnavailable")],
    ids=["a policy", "a dead webhook"],
)
def test_so_does_one_that_a_copy_of_a_shared_robot_lost(
    cluster_robot: ClusterRobot, kept_away, reason
):
    tenant, _other = cluster_robot.namespaces(2)
    cluster_robot.apply(mode="Shared", template={"secrets": [{"name": "pull"}]})
    cluster_robot.wait_ready(2)
    cluster_robot.house.operator.stop()
    _patch(tenant, "pull", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})

    with kept_away(tenant, "UPDATE"):
        cluster_robot.house.operator.start()
        wait_for(
            lambda: cluster_robot.condition("Reconciling").get("reason") == reason,
            "why it is not repaired",
        )
        assert cluster_robot.condition("Reconciling")["message"].startswith(f"{tenant.name}: ")
        assert cluster_robot.condition()["status"] == "True"
        assert cluster_robot.condition("SecretsReady")["reason"] == reason
        counts = cluster_robot.counts()
        assert (counts["ready"], counts["failed"], counts["stale"]) == (2, 0, 0)

    wait_for(lambda: cluster_robot.condition("SecretsReady")["status"] == "True", "the repair",
             timeout_s=60)  # fmt: skip
    cluster_robot.wait_ready(2)
    assert cluster_robot.condition("Reconciling") == {}
    assert "labels" in tenant.get("pull", "secret")["metadata"]
