"""What is declared, so that a version stores each kind of object in each kind of life?"""

from __future__ import annotations

import base64
from typing import Any

from tests.kit.installation import API, Body
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

from .site import ORG, SPACES, TEAM, TOKEN, URL, Site, stored

__all__ = [
    "CLUSTER_ROBOTS",
    "ROBOTS",
    "declare",
    "robot_bodies",
    "take_away",
    "unready",
    "wait_ready",
]

CONNECTION = {"url": URL, "allowPlaintext": True, "resyncInterval": "10s", "driftInterval": "10s"}
OWN = {"kind": "QuayConnection", "name": "own"}
CI = {"issuer": "https://ci.example.com", "subject": "repo:shop/app"}
RIGHTS = {
    "repositories": [{"name": "app", "role": "read"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
LINKED = [
    {"name": "linked", "serviceAccounts": [{"name": "builder"}]},
    {"name": "linked-too", "serviceAccounts": [{"name": "builder", "links": ["secrets"]}]},
]
TURNING = {"strategy": "Overlap", "overlap": "168h"}
# Long enough that nothing falls due in a test however slow.
ROBOTS: dict[str, Body] = {
    "plain": {},
    "own": {"connectionRef": OWN},
    "rights": {"permissions": RIGHTS, "federation": {"identities": [CI]}},
    "additive": {
        "connectionRef": OWN,
        "permissions": {"mode": "Additive", **RIGHTS},
        "federation": {"mode": "Additive", "identities": [CI, {"serviceAccount": "builder"}]},
    },
    "keyless": {"credentials": {"type": "Federated", "serviceAccount": "builder"}},
    "linked": {"secrets": LINKED},
    "rotated": {"rotation": {"trigger": "one"}},
    "turning": {"permissions": RIGHTS, "rotation": {**TURNING, "trigger": "one"}},
    "kept": {"deletionPolicy": "Orphan"},
}
CLUSTER_ROBOTS = {"up-each": "PerNamespace", "up-shared": "Shared"}
ROTATIONS = {"rotated": {"trigger": "two"}, "turning": {**TURNING, "trigger": "two"}}


def declare(site: Site) -> None:
    """Declare everything on *site*, and bring it to rest."""
    _stock(site)
    plane = site.plane
    plane.apply(*_connections(), *robot_bodies(ROBOTS), *_clusterrobot_bodies())
    wait_ready(site)
    changed = {name: ROBOTS[name] | {"rotation": ROTATIONS[name]} for name in ROTATIONS}
    plane.apply(*robot_bodies(changed))
    wait_for(lambda: _rotated(site), "both rotations", timeout_s=60, every_s=0.3)
    wait_ready(site)


def unready(site: Site) -> list[str]:
    """Return what is not there or not Ready for its generation on *site*."""
    ours = [each for each in stored(site.plane) if each["apiVersion"] == API]
    missing = {*ROBOTS, *CLUSTER_ROBOTS, "default", "own"} - {e["metadata"]["name"] for e in ours}
    return [
        *(f"{each} is not there" for each in sorted(missing)),
        *(f"{e['kind']} {e['metadata']['name']}: {_ready(e)}" for e in ours if not _is_ready(e)),
    ]


def wait_ready(site: Site) -> None:
    """Wait until everything is Ready."""
    try:
        wait_for(lambda: not unready(site), "", timeout_s=90, every_s=0.3)
    except AssertionError:
        raise AssertionError(f"not Ready: {unready(site)}") from None


def _is_ready(body: Body) -> bool:
    said = _ready(body)
    current = said.get("observedGeneration") == body["metadata"]["generation"]
    return said.get("status") == "True" and current


def _ready(body: Body) -> Body:
    conditions = (body.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == "Ready"), {})


def _rotated(site: Site) -> bool:
    def said(name: str) -> Body:
        status = (site.plane.get("quayrobot", name, TEAM) or {}).get("status") or {}
        found: Body = status.get("rotation") or {}
        return found

    at_rest = all("intent" not in said(name) for name in ROTATIONS)
    return at_rest and "retiring" in said("turning") and "lastAt" in said("rotated")


def _stock(site: Site) -> None:
    plane = site.plane
    for name in (TEAM, *SPACES):
        labels = {"served": "yes"} if name in SPACES else {}
        meta = {"name": name, "labels": labels}
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
    account = {"name": "builder", "namespace": TEAM}
    plane.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    data = {"token": base64.b64encode(TOKEN.encode()).decode()}
    for where in (NAMESPACE, TEAM):
        meta = {"name": "up-token", "namespace": where}
        plane.apply({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})


def _connections() -> list[Body]:
    access = {"namespaces": {}, "organizations": [ORG], "robotNames": ["*"], "teams": ["*"],
              "defaults": True, "federation": True}  # fmt: skip
    shared = {
        **CONNECTION,
        "credentials": {"secretRef": {"name": "up-token", "namespace": NAMESPACE}},
        "access": [access],
    }
    own = {**CONNECTION, "credentials": {"secretRef": {"name": "up-token"}}}
    return [
        _body("ClusterQuayConnection", "default", None, shared),
        _body("QuayConnection", "own", TEAM, own),
    ]


def robot_bodies(specs: dict[str, Body]) -> list[Body]:
    """Return a QuayRobot for each of *specs*, by name."""
    return [
        _body("QuayRobot", name, TEAM, {"organization": ORG, **spec})
        for name, spec in specs.items()
    ]


def _clusterrobot_bodies() -> list[Body]:
    selectors = [{"matchLabels": {"served": "yes"}}]
    return [
        _body("ClusterQuayRobot", name, None, {
            "mode": mode, "namespaceSelectors": selectors,
            "template": {"metadata": {}, "spec": {"organization": ORG}},
        })
        for name, mode in CLUSTER_ROBOTS.items()
    ]  # fmt: skip


def _body(kind: str, name: str, namespace: str | None, spec: Body) -> Body:
    meta: dict[str, Any] = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}


def take_away(site: Site) -> None:
    """Delete everything of our kinds, those who use a connection first, and wait for it."""
    plane = site.plane
    for kind in ("clusterquayrobots", "quayrobots", "quayconnections", "clusterquayconnections"):
        plane.kubectl("delete", kind, "--all", "--all-namespaces", "--timeout=60s")
    wait_for(lambda: not _owned(site), "what was owned to go", timeout_s=60, every_s=0.3)


def _owned(site: Site) -> list[str]:
    return [
        e["metadata"]["name"] for e in stored(site.plane) if "ownerReferences" in e["metadata"]
    ]
