"""Does a connection take up what it is told, and tell how it stands?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.canary import oauth_token
from tests.kit.controlplane.certificates import Authority
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Tenant
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}


def conditions(tenant: Tenant, name: str = "own", kind: str = "quayconnection") -> dict[str, Any]:
    body = tenant.get(name, kind) or {}
    listed = (body.get("status") or {}).get("conditions") or []
    return {each["type"]: each for each in listed}


def ready(tenant: Tenant, name: str = "own", kind: str = "quayconnection") -> tuple[str, str]:
    found = conditions(tenant, name, kind).get("Ready", {})
    return found.get("status", ""), found.get("message", "")


# What images are called --------------------------------------------------------------


def test_secrets_are_filed_under_what_clients_look_up_without_a_rotation(tenant: Tenant):
    tenant.connection(registryHost="Quay.Example.com:443")
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    assert tenant.auths() == ["quay.example.com"]
    held, called = tenant.credential(), tenant.house.quay.mark()

    tenant.connections(
        {
            "own": {
                "credentials": {"secretRef": {"name": "token-own"}},
                "registryHosts": ["quay.example.com", "Mirror.internal:8443"],
            }
        }
    )

    names = ["mirror.internal:8443", "quay.example.com"]
    wait_for(lambda: tenant.auths() == names, "the second name")
    assert "robot.regenerate" not in tenant.operations(called)
    body = tenant.get("ci", "secret")
    assert body is not None
    config = json.loads(base64.b64decode(body["data"][".dockerconfigjson"]))
    pairs = {base64.b64decode(each["auth"]).decode() for each in config["auths"].values()}
    assert held is not None
    assert pairs == {":".join(held)}


# Whom to trust -----------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def private_quay(authority: Authority, tenant: Tenant) -> Iterator[tuple[FakeQuay, str]]:
    """Yield a Quay whose certificate is of *authority*, with this tenant's organization."""
    pair = authority.server("quay")
    with FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay:
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        yield quay, token
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def keep(tenant: Tenant, kind: str, name: str, data: dict[str, str]) -> None:
    if kind == "Secret":
        data = {key: base64.b64encode(each.encode()).decode() for key, each in data.items()}
    meta = {"name": name, "namespace": tenant.name}
    tenant.house.plane.apply({"apiVersion": "v1", "kind": kind, "metadata": meta, "data": data})


def test_certificates_are_read_where_they_are_kept_and_new_ones_are_taken_up(
    tenant: Tenant, private_quay: tuple[FakeQuay, str], authority: Authority, tmp_path: Path
):
    quay, token = private_quay
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "somebody-else")
    tenant.connection(url=quay.url, token=token, allowPlaintext=False, caBundleRef={"name": "ca"})
    wait_for(
        lambda: f"ConfigMap ca does not exist in the namespace {tenant.name}" in ready(tenant)[1],
        "the missing ConfigMap",
    )

    keep(tenant, "ConfigMap", "ca", {"ca.crt": "no certificate"})
    wait_for(lambda: "holds no PEM certificate" in ready(tenant)[1], "the wrong content")

    keep(tenant, "ConfigMap", "ca", {"ca.crt": stranger.file.read_text()})
    tenant.robot(connectionRef=OWN)
    wait_for(lambda: "certificate" in tenant.condition().get("message", ""), "the refusal")
    assert quay.operations() == []

    # As large as with all public authorities and a company's beside it, and as many languages.
    bundle = "".join(f"# T\u00dcB\u0130TAK {number}\n" * 16 for number in range(2000))
    assert len(bundle) > 300 * 1024
    (tmp_path / "all.crt").write_text(bundle + authority.file.read_text())
    tenant.kubectl("delete", "configmap", "ca")
    # Too large for what `kubectl apply` notes on it.
    tenant.kubectl("create", "configmap", "ca", f"--from-file=ca.crt={tmp_path / 'all.crt'}")
    tenant.wait_ready(timeout_s=40)
    wait_for(lambda: ready(tenant)[0] == "True", "the connection")
    assert quay.operations().count("robot.create") == 1


def test_a_cluster_connection_names_the_namespace_of_its_certificates(
    tenant: Tenant, private_quay: tuple[FakeQuay, str], authority: Authority
):
    quay, token = private_quay
    name = f"private-{tenant.name}"
    keep(tenant, "Secret", "ca", {"tls-ca": authority.file.read_text()})
    where = {"kind": "Secret", "namespace": tenant.name, "name": "ca", "key": "tls-ca"}

    tenant.house.cluster_connection(
        name, url=quay.url, token=token, allowPlaintext=False, caBundleRef=where
    )
    tenant.robot(connectionRef={"kind": "ClusterQuayConnection", "name": name})

    tenant.wait_ready()
    tenant.delete()
    tenant.wait_gone()
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


# How it stands -----------------------------------------------------------------------


def test_a_connection_without_any_rule_says_that_nobody_may_use_it(tenant: Tenant):
    name, kind = f"unruled-{tenant.name}", "clusterquayconnection"
    tenant.house.cluster_connection(name, access=[])

    wait_for(lambda: ready(tenant, name, kind)[0] == "True", "the connection Ready")

    words = "access has no rule: no namespace may use the connection"
    assert ready(tenant, name, kind) == ("True", words)
    tenant.house.plane.kubectl("delete", kind, name)


def test_a_connection_counts_its_robots_and_then_writes_nothing(tenant: Tenant):
    quay = tenant.house.quay
    quay.admin("robot", name=tenant.full("by-hand"))
    tenant.connection(resyncInterval="10s")
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    def counts() -> dict[str, Any]:
        status = (tenant.get("own", "quayconnection") or {}).get("status") or {}
        return status.get("robots") or {}

    wait_for(lambda: counts().get("unmanaged") == 1, f"the count; {counts()}", timeout_s=30)
    assert counts()["managed"] == 1
    (owner,) = counts()["owners"]
    assert (owner["name"], owner["sample"]) == (tenant.name, [tenant.full("by-hand")])
    status = tenant.get("own", "quayconnection")["status"]
    assert status["circuit"] == "Closed"
    assert "lastListAt" in status

    written, called = tenant.rest()
    wait_for(lambda: tenant.operations(called).count("robot.list") >= 2, "two lists", timeout_s=40)
    assert [each for each in tenant.house.operator_writes(written) if tenant.name in each] == []


def test_what_the_token_lacks_is_said_by_the_connection_too(tenant: Tenant):
    quay = tenant.house.quay
    tenant.connection(token=quay.admin("token", value=oauth_token(), scopes=["org:admin"]))
    tenant.repository("app")
    tenant.robot("plain", connectionRef=OWN)
    tenant.robot(
        connectionRef=OWN,
        permissions={"repositories": [{"name": "app", "role": "read"}]},
    )
    tenant.wait_reason("InsufficientScope")
    tenant.wait_ready("plain")

    wait_for(
        lambda: "repo:admin" in conditions(tenant).get("Authorized", {}).get("message", ""),
        "the missing scope",
    )
    # The other robot is served, so the connection can be used.
    assert conditions(tenant)["Authorized"]["status"] == "False"
    assert ready(tenant)[0] == "True"

    tenant.house.secret(tenant.name, "token-own", tenant.house.token)
    tenant.wait_ready(timeout_s=40)
    wait_for(lambda: conditions(tenant)["Authorized"]["status"] == "True", "the right")


def test_a_refused_token_is_asked_for_once_per_resync_whatever_the_number_of_robots(
    tenant: Tenant,
):
    quay = tenant.house.quay
    tenant.house.cluster_connection(f"dead-{tenant.name}", token=oauth_token())
    names = ("one", "two", "three", "four")
    for name in names:
        tenant.robot(
            name,
            connectionRef={"kind": "ClusterQuayConnection", "name": f"dead-{tenant.name}"},
        )
    for name in names:
        tenant.wait_reason("CredentialRefused", name)
    called = quay.mark()

    wait_for(lambda: len(tenant.operations(called)) >= 1, "a probe", timeout_s=30)
    wait_for(lambda: len(tenant.operations(called)) >= 2, "another", timeout_s=30)

    # One pass asks, and does not look further when it is refused again.
    assert len(tenant.operations(called)) <= 4
    tenant.house.secret(NAMESPACE, f"token-dead-{tenant.name}", tenant.house.token)
    for name in names:
        tenant.wait_ready(name, timeout_s=15)
        tenant.delete(name)
    for name in names:
        tenant.wait_gone(name)
    tenant.house.plane.kubectl("delete", "clusterquayconnection", f"dead-{tenant.name}")


def test_a_robot_of_a_user_needs_that_users_token(tenant: Tenant):
    quay, who = tenant.house.quay, f"user-{tenant.name}"
    called = quay.mark()
    tenant.connection("mine", token=quay.admin("token", user=who))
    ref = {"kind": "QuayConnection", "name": "mine"}

    tenant.robot("good", user=who, connectionRef=ref)
    tenant.wait_ready("good")
    tenant.robot("bad", user="somebody-else", connectionRef=ref)
    tenant.wait_reason("AccessDenied", "bad")

    assert quay.admin("robot/show", name=f"{who}+good") is not None
    assert quay.admin("robot/show", name=f"{who}+bad") is None
    assert quay.operations(called).count("user.get") == 1


def test_public_authorities_of_ones_own_are_read_again_once_they_are_replaced(
    tenant: Tenant, private_quay: tuple[FakeQuay, str], authority: Authority, tmp_path: Path
):
    """As the chart's `extraCA` mounts them from a ConfigMap, which is renewed by a rename."""
    quay, token = private_quay
    (tmp_path / "other").mkdir()
    file, fresh = tmp_path / "mounted.crt", tmp_path / "fresh.crt"
    file.write_text(Authority(tmp_path / "other", "somebody-else").file.read_text())
    operator = tenant.house.operator
    operator.environment["SSL_CERT_FILE"] = str(file)
    operator.restart()
    try:
        tenant.connection(url=quay.url, token=token, allowPlaintext=False)
        tenant.robot(connectionRef=OWN)
        wait_for(lambda: "certificate" in tenant.condition().get("message", ""), "the refusal")

        fresh.write_text(authority.file.read_text())
        fresh.rename(file)

        tenant.wait_ready(timeout_s=40)
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
    finally:
        del operator.environment["SSL_CERT_FILE"]
        operator.restart()
