"""What happens to a namespace that a Shared ClusterQuayRobot serves, for a kill at any call?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .crashing import Life
from .installation import API, Tenant
from .processes import wait_for

__all__ = ["cluster_robot_lives"]

SECRET = {"name": "pull", "serviceAccounts": [{"name": "builder"}]}


def _declare(connection: dict[str, str]) -> Callable[[Tenant], None]:
    def declare(tenant: Tenant) -> None:
        tenant.kubectl("create", "serviceaccount", "builder")
        spec = {
            "mode": "Shared",
            "namespaceSelectors": [{"matchLabels": {"served-by": tenant.name}}],
            "template": {
                "spec": {
                    "organization": tenant.name,
                    "connectionRef": connection,
                    "secrets": [SECRET],
                }
            },
        }
        meta = {"name": tenant.name}
        tenant.house.plane.apply(
            {"apiVersion": API, "kind": "ClusterQuayRobot", "metadata": meta, "spec": spec}
        )

    return declare


def _label(change: str) -> Callable[[Tenant], None]:
    def label(tenant: Tenant) -> None:
        value = f"served-by={tenant.name}" if change == "join" else "served-by-"
        tenant.kubectl("label", "namespace", tenant.name, value)

    return label


def _rotate(tenant: Tenant) -> None:
    tenant.kubectl("annotate", "clusterquayrobot", tenant.name, "quayrobot.io/rotate=now")


def _status(tenant: Tenant) -> dict[str, Any]:
    body = tenant.house.plane.get("clusterquayrobot", tenant.name) or {}
    found: dict[str, Any] = body.get("status") or {}
    return found


def _settled(tenant: Tenant, **counts: int) -> bool:
    status = _status(tenant)
    seen = status.get("namespaces") or {}
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or []}
    still = "Reconciling" not in conditions and "Stalled" not in conditions
    return still and conditions.get("Ready") == "True" and counts.items() <= seen.items()


def _joined(tenant: Tenant) -> None:
    tenant.wait_login("pull", timeout_s=40)
    served = {"targets": 1, "ready": 1, "stale": 0}
    wait_for(lambda: _settled(tenant, **served), "the count", timeout_s=40)
    wait_for(lambda: _named(tenant) == ["pull"], "the link", timeout_s=40)


def _left(tenant: Tenant) -> None:
    tenant.wait_gone("pull", "secret", timeout_s=40)
    none = {"targets": 0, "leaving": 0}
    wait_for(lambda: _settled(tenant, **none), "the count", timeout_s=40)


def _rotated(tenant: Tenant) -> None:
    done = lambda: (_status(tenant).get("rotation") or {}).get("lastAt")  # noqa: E731
    wait_for(done, "the rotation", timeout_s=40)
    _joined(tenant)


def _named(tenant: Tenant) -> list[str]:
    body = tenant.get("builder", "serviceaccount") or {}
    return [each["name"] for each in body.get("imagePullSecrets") or []]


def _facts(tenant: Tenant, since: int) -> object:
    status = _status(tenant)
    secret = tenant.get("pull", "secret")
    noted = secret["metadata"]["annotations"] if secret else {}
    robots = [n for n in tenant.house.quay.admin("robots") if n.startswith(tenant.name)]
    return {
        "writes": tenant.effects(since),
        "robots": robots == [tenant.full(tenant.name)],
        "counts": status["namespaces"],
        "fresh": noted.get("quayrobot.io/credential-digest") == status["credential"]["digest"],
        "noted": noted.get("quayrobot.io/links"),
        "named": _named(tenant),
        "login": secret is not None and tenant.logs_in("pull"),
        "open": (status.get("rotation") or {}).get("intent"),
    }


def cluster_robot_lives(connection: dict[str, str]) -> dict[str, Life]:
    """Return the lives, through *connection*."""
    declare, join = _declare(connection), _label("join")

    def served(tenant: Tenant) -> None:
        declare(tenant)
        join(tenant)
        _joined(tenant)

    return {
        "namespace joins": Life(declare, join, _joined, _facts, reads=False),
        "namespace leaves": Life(served, _label("leave"), _left, _facts, reads=False),
        "shared rotation": Life(served, _rotate, _rotated, _facts, reads=False),
    }
