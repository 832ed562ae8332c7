"""Can a tenant have a Secret written that is not its resource's own?"""

from __future__ import annotations

import base64
from typing import Any

from tests.kit.installation import Body, Tenant
from tests.kit.processes import wait_for

from .conftest import Begin, objects

MANAGED = {"app.kubernetes.io/managed-by": "quay-robot-operator"}
OWN = {"kind": "QuayConnection", "name": "own"}


def _secret(name: str, namespace: str, kind: str = "Opaque", **meta: Any) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": namespace, **meta},
        "data": {"precious": base64.b64encode(b"do not touch").decode()},
    }


def _forged(tenant: Tenant, victim: Tenant) -> list[Body]:
    """The Secrets that look as if they were a resource's own, and are not."""
    owner = {"quayrobot.io/owner": f"QuayRobot/{tenant.name}/forged-annotations"}
    strangers = {"quayrobot.io/owner": f"QuayRobot/{victim.name}/ci"}
    uid = victim.get()["metadata"]["uid"]
    return [
        _secret("forged-label", tenant.name, labels=MANAGED),
        _secret(
            "forged-annotations",
            tenant.name,
            labels=MANAGED,
            annotations=owner | {"quayrobot.io/owner-uid": "1111"},
        ),
        _secret(
            "forged-digest",
            tenant.name,
            labels=MANAGED,
            annotations=owner | {"quayrobot.io/credential-digest": "0" * 64},
        ),
        # It says that it is the victim's: neither repaired, nor removed, nor believed.
        _secret(
            "ci",
            tenant.name,
            labels=MANAGED,
            annotations=strangers | {"quayrobot.io/owner-uid": uid},
        ),
    ]


def test_n6_n7_a_secret_that_is_not_the_resources_own_is_never_touched(
    attack: Begin, victim: Tenant, tenant: Tenant
):
    assert victim.logs_in()
    tenant.connection()
    tenant.robot("good", connectionRef=OWN)
    tenant.wait_ready("good")
    account = {"kubernetes.io/service-account.name": "default"}
    plain = [
        _secret("opaque", tenant.name),
        _secret("frozen", tenant.name) | {"immutable": True},
        _secret("sh.helm.release.v1.shop.v1", tenant.name, "helm.sh/release.v1"),
        _secret(
            "account", tenant.name, "kubernetes.io/service-account-token", annotations=account
        ),
        *_forged(tenant, victim),
    ]
    tenant.house.plane.apply(*plain)
    taken = [each["metadata"]["name"] for each in plain] + ["token-own", "good"]
    before = _bytes(tenant)
    wanting = {
        f"wants-{number}-{format_.lower()}": {
            "connectionRef": OWN,
            "secrets": [
                {
                    "name": name,
                    "format": format_,
                    "deletionPolicy": ("Delete", "Retain")[number % 2],
                }
            ],
        }
        for number, name in enumerate(taken)
        for format_ in ("DockerConfigJson", "Opaque")
    }
    names = list(wanting)
    attack("N6 and N7", *names)
    tenant.robots(wanting)

    expected = dict.fromkeys(names, "SecretNotOwned")
    wait_for(
        lambda: {name: tenant.reason(name) for name in names} == expected,
        "all refused",
        timeout_s=40,
    )
    # Refused before there was anything to put there.
    assert [name for name in names if tenant.in_quay(name)] == []
    tenant.kubectl("delete", "quayrobots", *names, "--timeout=30s")
    assert _bytes(tenant) == before


def _bytes(tenant: Tenant) -> dict[str, Any]:
    return {
        each["metadata"]["name"]: (each["data"], each["metadata"]["uid"])
        for each in objects(tenant, "secrets")
        if "data" in each
    }
