"""Is nothing ended or begun in Quay whose outcome the cluster would not store?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from quayrobot.model.names import API_VERSION
from tests.kit.installation import USER, Tenant, settle
from tests.kit.policies import AUTHORS_WORDS, denied
from tests.kit.processes import wait_for

pytestmark = pytest.mark.rotates


def regenerations(tenant: Tenant, since: int) -> int:
    return tenant.operations(since).count("robot.regenerate")


def reconciling(tenant: Tenant) -> str:
    return tenant.condition(kind="Reconciling").get("reason", "")


def rehearsals(tenant: Tenant, since: int) -> int:
    tried = [e for e in tenant.house.plane.audit()[since:] if e.user == USER and e.rehearsal]
    return sum(e.namespace == tenant.name for e in tried)


def test_a_token_whose_secret_cannot_be_written_lives_on(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    with denied(tenant, "UPDATE") as policy:
        tenant.robot(rotation={"trigger": "two"})
        wait_for(lambda: reconciling(tenant) == "AdmissionDenied", "the reason")

        settle(lambda: regenerations(tenant, called) == 0 and tenant.logs_in(), seconds=4)
        said = tenant.condition(kind="Reconciling")["message"]
        assert policy in said
        assert AUTHORS_WORDS not in json.dumps(tenant.get())
        assert tenant.condition()["status"] == "True"
        assert "intent" not in tenant.get()["status"]["rotation"]

    wait_for(lambda: tenant.credential() != before, "a new credential", timeout_s=45)
    tenant.wait_login()
    tenant.wait_ready()
    settle(lambda: regenerations(tenant, called) == 1)
    assert reconciling(tenant) == ""


def test_a_rotation_that_was_refused_once_is_not_told_again_and_again(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()

    with denied(tenant, "UPDATE"):
        tenant.robot(rotation={"trigger": "two"})
        wait_for(lambda: reconciling(tenant) == "AdmissionDenied", "the reason")
        written, _ = tenant.rest()

        wait_for(lambda: rehearsals(tenant, written) >= 2, "more tries", timeout_s=40)
        mine = [e for e in tenant.house.operator_writes(written) if tenant.name in e]
        assert mine == []


def test_an_immutable_secret_is_tried_by_its_deletion_and_a_new_one(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    tenant.kubectl("patch", "secret", "ci", "--type=merge", "-p", '{"immutable": true}')
    before, called = tenant.credential(), tenant.house.quay.mark()

    with denied(tenant, "DELETE"):
        tenant.robot(rotation={"trigger": "two"})
        wait_for(lambda: reconciling(tenant) == "AdmissionDenied", "the reason")
        settle(lambda: regenerations(tenant, called) == 0 and tenant.logs_in())

    wait_for(lambda: tenant.credential() not in {before, None}, "a credential", timeout_s=45)
    tenant.wait_login()
    assert regenerations(tenant, called) == 1


def repositories(tenant: Tenant) -> dict[str, str]:
    found: dict[str, str] = tenant.grants()["repositories"]
    return found


def roles(*names: str) -> dict[str, list[dict[str, str]]]:
    return {"repositories": [{"name": each, "role": "read"} for each in names]}


def test_a_rotation_that_is_put_off_holds_up_nothing_else(tenant: Tenant):
    tenant.repository("app", "lib")
    two = [{"name": "ci"}, {"name": "more"}]
    tenant.robot(permissions=roles("app", "lib"), secrets=two, rotation={"trigger": "one"})
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    with denied(tenant, "UPDATE"):
        tenant.robot(permissions=roles("app", "lib"), secrets=two, rotation={"trigger": "two"})
        wait_for(lambda: reconciling(tenant) == "AdmissionDenied", "the reason")
        tenant.kubectl("delete", "secret", "more")
        tenant.robot(permissions=roles("app"), secrets=two, rotation={"trigger": "two"})

        wait_for(lambda: repositories(tenant) == {"app": "read"}, "the right to be taken")
        tenant.wait_login("more")
        tenant.wait_ready()
        assert reconciling(tenant) == "AdmissionDenied"
        assert regenerations(tenant, called) == 0


def test_a_secret_that_is_refused_holds_up_no_right_and_no_other_secret(tenant: Tenant):
    tenant.repository("app", "lib")
    tenant.robot(permissions=roles("app", "lib"))
    tenant.wait_ready()

    with denied(tenant, "UPDATE"):
        # One has to be changed, which is refused, and one to be made.
        labelled = [{"name": "ci", "labels": {"team": "a"}}, {"name": "more"}]
        tenant.robot(permissions=roles("app"), secrets=labelled)

        tenant.wait_login("more")
        wait_for(lambda: repositories(tenant) == {"app": "read"}, "the right to be taken")
        tenant.wait_reason("AdmissionDenied")
        assert tenant.logs_in()

    tenant.wait_ready(timeout_s=45)


@pytest.fixture
def trusted(tenant: Tenant) -> Iterator[Tenant]:
    """Return a tenant with a ServiceAccount, whose Quay trusts this cluster's authority."""
    quay = tenant.house.quay
    quay.admin("settings", oidc_ca=str(tenant.house.plane.issuer_ca))
    tenant.kubectl("create", "serviceaccount", "builder")
    tenant.connection()
    yield tenant
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
    quay.admin("settings", oidc_ca=None)


def test_the_switch_to_a_password_ends_no_token_that_a_secret_has_to_keep(trusted: Tenant):
    own = {"connectionRef": {"kind": "QuayConnection", "name": "own"}}
    trusted.robot(**own)
    trusted.wait_ready()
    before, called = trusted.credential(), trusted.house.quay.mark()
    keyless = {"type": "Federated", "serviceAccount": "builder"}

    with denied(trusted, "UPDATE") as policy:
        trusted.robot(**own, credentials=keyless)
        wait_for(lambda: policy in json.dumps(trusted.get()["status"]["conditions"]), "the reason")

        settle(lambda: regenerations(trusted, called) == 0 and trusted.logs_in(), seconds=4)
        assert trusted.credential() == before
        assert AUTHORS_WORDS not in json.dumps(trusted.get())

    wait_for(lambda: trusted.credential() != before, "a password", timeout_s=45)
    trusted.wait_ready(timeout_s=45)
    wait_for(lambda: regenerations(trusted, called) == 1, "the end of the old token")
    settle(lambda: regenerations(trusted, called) == 1 and trusted.logs_in())
    assert not trusted.house.quay.login(*before)


def test_no_robot_is_made_whose_secret_cannot_be(tenant: Tenant):
    called = tenant.house.quay.mark()
    with denied(tenant, "CREATE") as policy:
        tenant.robot()
        tenant.wait_reason("AdmissionDenied")

        settle(lambda: tenant.in_quay() is None)
        assert policy in tenant.condition()["message"]
        assert "finalizers" not in tenant.get()["metadata"]
        assert "robot.create" not in tenant.operations(called)

    tenant.wait_ready(timeout_s=45)
    assert tenant.operations(called).count("robot.create") == 1


def test_a_secret_that_is_too_large_is_told_by_its_field_before_a_robot_is_made(
    tenant: Tenant, tmp_path: Path
):
    # Within the limits of each, and together over the API server's 256 kB.
    notes = {f"note-{each}": "\u00fc" * 4096 for each in range(32)}
    spec = {"organization": tenant.name, "secrets": [{"name": "ci", "annotations": notes}]}
    body = {"apiVersion": API_VERSION, "kind": "QuayRobot", "metadata": {"name": "ci"}}
    written = tmp_path / "large.json"
    written.write_text(json.dumps({**body, "spec": spec}))
    # Without the copy of the manifest that `apply` keeps as an annotation.
    tenant.kubectl("create", "-f", str(written))

    tenant.wait_reason("ClusterRefused")

    assert "metadata.annotations is too long" in tenant.condition()["message"]
    assert tenant.in_quay() is None
    small = json.dumps({"spec": {"secrets": [{"name": "ci"}]}})
    tenant.kubectl("patch", "quayrobot", "ci", "--type=merge", "-p", small)
    tenant.wait_ready(timeout_s=45)


def test_a_full_quota_is_told_by_its_name(tenant: Tenant):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    quota["metadata"]["namespace"] = tenant.name
    tenant.house.plane.apply({**quota, "spec": {"hard": {"secrets": "0"}}})
    # No controller counts here: what is used has to be said.
    patch = json.dumps({"status": {"hard": {"secrets": "0"}, "used": {"secrets": "0"}}})
    tenant.kubectl("patch", "resourcequota", "few", "--subresource=status", "--type=merge",
                   "-p", patch)  # fmt: skip

    tenant.robot()

    tenant.wait_reason("QuotaExceeded")
    assert "few" in tenant.condition()["message"]
    assert tenant.in_quay() is None
    tenant.delete("few", "resourcequota")
    tenant.wait_ready(timeout_s=45)


def test_a_converged_robot_rehearses_nothing(tenant: Tenant):
    tenant.robot(rotation={"trigger": "one"})
    tenant.wait_ready()
    written, _ = tenant.rest()
    resyncs = tenant.operations().count("robot.list")

    wait_for(
        lambda: tenant.operations().count("robot.list") >= resyncs + 2, "resyncs", timeout_s=40
    )

    assert rehearsals(tenant, written) == 0
