"""Does a connection work with JWTs of an OIDC service, with a client secret and without any?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.installation import Tenant, settle
from tests.kit.oidc_service import OidcService
from tests.kit.processes import wait_for
from tests.kit.shell import Shell

OWN = {"kind": "QuayConnection", "name": "own"}
SECRET = "a-client-secret"


def conditions(tenant: Tenant) -> dict[str, Any]:
    body = tenant.get("own", "quayconnection") or {}
    return {each["type"]: each for each in (body.get("status") or {}).get("conditions") or []}


@pytest.fixture
def service(tenant: Tenant, tmp_path: Path) -> Iterator[OidcService]:
    """Yield an OIDC service that Quay trusts, whose client administers the organization."""
    house = tenant.house
    with OidcService(tmp_path / "oidc") as made:
        made.clients = {"operator": SECRET}
        made.cluster_keys = lambda: json.loads(
            house.plane.kubectl("get", "--raw", "/openid/v1/jwks")
        )
        before = house.quay.double.state.settings
        config = {"prefix": tenant.name, "server": made.url, "client_id": "quay"}
        house.quay.admin("settings", sign_on=(config,), oidc_ca=str(made.ca))
        house.quay.double.state.sign_on_users[tenant.name, "operator"] = "jwt_user"
        house.quay.admin("user", name="jwt_user")
        house.quay.admin("team/member", org=tenant.name, team="owners", member="jwt_user")
        yield made
        made.hang(on=False)
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
        house.quay.admin(
            "team/member", org=tenant.name, team="owners", member="jwt_user", absent=True
        )
        house.quay.double.state.settings = before


def connect(tenant: Tenant, service: OidcService, **proof: Any) -> None:
    said = {"type": "OIDC", "issuer": service.url, "clientID": "operator", **proof}
    if "clientSecretRef" in proof:
        data = {"client-secret": base64.b64encode(SECRET.encode()).decode()}
        meta = {"name": proof["clientSecretRef"]["name"], "namespace": tenant.name}
        tenant.house.plane.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}
        )
    tenant.connections({"own": {"credentials": said, "caBundle": service.ca.read_text()}})


def authorized(tenant: Tenant) -> str:
    found: str = conditions(tenant).get("Authorized", {}).get("message", "")
    return found


def test_a_robot_comes_and_goes_with_a_jwt_and_the_connection_says_whose_it_is(
    tenant: Tenant, service: OidcService
):
    connect(tenant, service, clientSecretRef={"name": "client"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    tenant.wait_login()

    wait_for(lambda: "jwt_user" in authorized(tenant), "the user to be named")
    assert f"an administrator of {tenant.name};" in authorized(tenant)
    assert "last 5 min" in authorized(tenant)
    # The client secret is held like a token's Secret as long as a robot needs it.
    secret = tenant.get("client", "secret") or {}
    assert secret["metadata"].get("finalizers")
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None


def test_without_any_secret_a_service_accounts_token_is_shown(
    tenant: Tenant, service: OidcService
):
    tenant.kubectl("create", "serviceaccount", "robots")
    service.clients = {}
    service.subjects = {f"system:serviceaccount:{tenant.name}:robots": "operator"}
    connect(tenant, service, serviceAccount={"name": "robots"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    assert {each["client_id"] for each in service.forms} == {"operator"}
    shown = service.forms[0]["client_assertion"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(shown + "=="))
    assert claims["aud"] == [service.url]
    # Nothing of it is kept anywhere.
    stored = tenant.kubectl("get", "quayconnections,secrets,configmaps", "-o", "yaml")
    for each in (service.forms[0]["client_assertion"], tenant.house.token):
        assert each not in stored


def test_an_account_that_is_not_there_and_a_client_that_is_not_known_are_told(
    tenant: Tenant, service: OidcService
):
    connect(tenant, service, serviceAccount={"name": "nobody"})
    told = lambda reason: conditions(tenant).get("Ready", {}).get("reason") == reason  # noqa: E731
    wait_for(lambda: told("ServiceAccountNotFound"), "the account to be missed")
    tenant.kubectl("create", "serviceaccount", "nobody")
    wait_for(lambda: told("TokenNotIssued"), "the client to be refused")
    service.subjects = {f"system:serviceaccount:{tenant.name}:nobody": "operator"}
    wait_for(lambda: told("Reconciled"), "the connection to be ready", timeout_s=30)


def test_a_service_that_is_away_is_waited_for_and_robots_stay_ready(
    tenant: Tenant, service: OidcService
):
    service.life_s = 6
    connect(tenant, service, clientSecretRef={"name": "client"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    service.down()
    tenant.robot("late", connectionRef=OWN)
    wait_for(
        lambda: tenant.reason("late") in {"IssuerUnreachable", "Reconciled"},
        f"the service to be missed, not {tenant.reason('late')}",
        timeout_s=30,
    )
    settle(lambda: tenant.reason() == "Reconciled")
    service.up()
    tenant.wait_ready("late", timeout_s=40)


def test_nothing_of_a_jwt_is_logged_or_stored(tenant: Tenant, service: OidcService):
    connect(tenant, service, clientSecretRef={"name": "client"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    signature = service.token("operator").split(".")[0]
    logged = tenant.house.operator.said()
    assert "robot.created" in logged
    assert signature not in logged
    assert SECRET not in logged
    whole = tenant.kubectl("get", "quayconnections,quayrobots,events", "-o", "yaml")
    assert signature not in whole


def links(tenant: Tenant) -> dict[str, tuple[str, str]]:
    """Return what `check` says of each link of the connection, from its state to its words."""
    plane = tenant.house.plane
    shell = Shell(plane, plane.kubeconfig)
    said = shell.quayrobot("check", "-o", "json", "--namespaces", tenant.name)
    about = f"QuayConnection own in {tenant.name}, "
    found = [each for each in json.loads(said.out)["items"] if each["about"].startswith(about)]
    return {each["about"].removeprefix(about): (each["state"], each["words"]) for each in found}


def test_check_walks_from_the_service_to_quay_and_names_the_link_that_is_broken(
    tenant: Tenant, service: OidcService
):
    quay, there = tenant.house.quay, f"organization {tenant.name}"
    connect(tenant, service, clientSecretRef={"name": "client"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    sound = links(tenant)
    walked = ("discovery", "token endpoint", "token in Quay", there)
    assert {each: sound[each][0] for each in walked} == dict.fromkeys(walked, "ok")

    quay.admin("team/member", org=tenant.name, team="owners", member="jwt_user", absent=True)
    lesser = links(tenant)
    assert lesser["token in Quay"][0] == "warning"
    assert "user of the connection's JWT" in lesser[there][1]
    quay.admin("team/member", org=tenant.name, team="owners", member="jwt_user")

    service.audience = "somebody-else"
    assert links(tenant)["token in Quay"][0] == "wrong"
    service.audience, service.header = "quay", {}
    refused = links(tenant)
    assert (refused["discovery"][0], refused["token endpoint"][0]) == ("ok", "wrong")
    assert "typ" in refused["token endpoint"][1]
    service.header = {"typ": "JWT"}
    service.down()
    away = links(tenant)
    assert {name: state for name, (state, _) in away.items()} == {"discovery": "wrong"}
    service.up()
