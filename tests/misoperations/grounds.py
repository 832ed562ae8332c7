"""
From which declarations does a misoperation start?

No single one can say everything: what excludes each other stands on grounds of
its own. `<own>` is the name of a subject, of its namespace and of its organization;
`<url>`, `<ca>`, `<oidc>`, `<oidc-ca>`, `<proxy>` and `<proxy-ca>` are where its world is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.crd.cases_federation import OUTSIDE
from tests.crd.full_objects import FULL_OWN, FULL_ROBOT, FULL_SECRET, FULL_SHARED

__all__ = ["GROUNDS", "ISSUER", "WIDE", "Ground"]

Spec = dict[str, Any]
ISSUER = OUTSIDE["issuer"]
# The connection that all grounds but those of connections share.
WIDE = {"kind": "ClusterQuayConnection", "name": "wide"}
OFTEN = {"resyncInterval": "10s", "driftInterval": "10s"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What is declared before; *serves* is how the robot beside a connection names it."""

    name: str
    kind: str
    spec: Spec
    serves: Spec | None = None


def _robot(**changes: Any) -> Spec:
    body = FULL_ROBOT | {"connectionRef": WIDE, "organization": "<own>"} | changes
    return {key: value for key, value in body.items() if value is not None}


RIGHTS = {
    "mode": "Exact",
    "repositories": [{"name": "app", "role": "read"}, {"name": "lib", "role": "write"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
PULL = {
    "name": "ci",
    "format": "DockerConfigJson",
    "scope": "Repositories",
    "labels": {"k": "v"},
    "serviceAccounts": [{"name": "builder", "links": ["imagePullSecrets", "secrets"]}],
}
BASIC = {"name": "basic", "format": "BasicAuth", "deletionPolicy": "Retain"}
KEYLESS = {"type": "Federated", "serviceAccount": "builder", "audiences": ["quay"]}
ACCOUNT = {"mode": "Additive", "identities": [{"serviceAccount": "builder"}, OUTSIDE]}
TURNS = {"strategy": "Overlap", "overlap": "10s", "trigger": "1", "interval": "720h"}
ROBOTS = {
    "opaque": _robot(secrets=[FULL_SECRET, BASIC]),
    "docker": _robot(permissions=RIGHTS, secrets=[PULL], federation=ACCOUNT, robotName=None),
    "keyless": _robot(
        permissions=RIGHTS | {"mode": "Additive"}, federation=ACCOUNT, credentials=KEYLESS,
        rotation={"trigger": "1"}, secrets=[PULL | {"scope": "Organization"}],
    ),
    "turning": _robot(permissions=RIGHTS, rotation=TURNS, secrets=[PULL, BASIC]),
    "plain": {"connectionRef": WIDE, "organization": "<own>"},
    "none": _robot(secrets=None, noSecret=True),
    "user": _robot(
        organization=None, user="admin", robotName="<own>", federation=None, secrets=[PULL],
        permissions={"repositories": [{"name": "app", "role": "read"}]},
    ),
}  # fmt: skip

SERVED = {"url": "<url>", "allowPlaintext": True, "registryHosts": ["quay.example"], **OFTEN}
TOKEN = {"name": "token-own", "key": "token"}
OIDC = {
    "type": "OIDC", "issuer": "<oidc>", "clientID": "operator", "audience": "quay",
    "scopes": ["openid"],
}  # fmt: skip
THERE = {"namespace": "<own>"}
PROXY = {
    "url": "<proxy>",
    "caBundleRef": {"kind": "ConfigMap", "name": "proxy-ca", "key": "ca.crt"},
    "credentialsRef": {"name": "proxy"},
}


def _connection(place: Spec, full: Spec, **changes: Any) -> Spec:
    renewal = {"type": "Bootstrap", "lifetime": "720h"}
    token = {"type": "OAuthToken", "secretRef": TOKEN | place, "renewal": renewal}
    common = SERVED | {"caBundle": "<ca>", "credentials": token, "proxy": None}
    body = full | common | changes
    return {key: value for key, value in body.items() if value is not None}


def _proxied(place: Spec, full: Spec) -> Spec:
    references = {key: PROXY[key] | place for key in ("caBundleRef", "credentialsRef")}
    return _connection(place, full, proxy=PROXY | references)


def _connections(place: Spec, full: Spec, prefix: str) -> dict[str, Spec]:
    trust = {"caBundle": None, "caBundleRef": {"kind": "ConfigMap", "name": "ca", "key": "ca.crt"}}
    trust["caBundleRef"] |= place
    client = {"clientSecretRef": {"name": "client", "key": "client-secret"} | place}
    account = {"serviceAccount": {"name": "caller"} | place}
    believed = {"caBundle": "<oidc-ca>"}
    return {
        f"{prefix} with a token": _connection(place, full),
        f"{prefix} with a bundle": _connection(
            place, full, registryHosts=None, registryHost="quay.example:8443", **trust
        ),
        f"{prefix} with a client": _connection(
            place, full, credentials=OIDC | client, **believed
        ),
        f"{prefix} with an account": _connection(
            place, full, credentials=OIDC | account, **believed
        ),
        f"{prefix} behind a proxy": _proxied(place, full),
    }  # fmt: skip


SELECTED = {
    "matchLabels": {"misoperated": "<own>"},
    "matchExpressions": [{"key": "misoperated", "operator": "In", "values": ["<own>"]}],
}
ACCESS = {
    "namespaces": SELECTED,
    "organizations": ["<own>"],
    "users": ["bob"],
    "robotNames": ["ci*"],
    "maxRole": "write",
    "teams": ["devs"],
    "defaults": True,
    "federation": True,
    "issuers": ["https://*"],
    "adoption": False,
    "takeover": ["c"],
}


def _cluster_robot(mode: str, **changes: Any) -> Spec:
    inner = _robot(robotName=None, **changes)
    return {
        "namespaceSelectors": [SELECTED],
        "excludeNamespaces": ["kube-*"],
        "consent": "consents=<own>",
        "mode": mode,
        "robotNameTemplate": "{name}-{namespace}" if mode == "PerNamespace" else "{name}",
        "template": {
            "metadata": {"labels": {"k": "v"}, "annotations": {"k": "v"}},
            "spec": inner,
        },
    }


CLUSTER_ROBOTS = {
    "everywhere": _cluster_robot("PerNamespace", permissions=RIGHTS, secrets=[FULL_SECRET]),
    "everywhere keyless": _cluster_robot(
        "PerNamespace", credentials=KEYLESS, rotation={"trigger": "1"}, federation=ACCOUNT,
        permissions=RIGHTS, secrets=[PULL],
    ),
    "for all": _cluster_robot("Shared", permissions=RIGHTS, secrets=[PULL]),
}  # fmt: skip


def _grounds() -> list[Ground]:
    own = {"kind": "QuayConnection", "name": "own"}
    shared = {"kind": "ClusterQuayConnection", "name": "<own>"}
    found = [Ground(name, "QuayRobot", spec) for name, spec in ROBOTS.items()]
    found += [
        Ground(name, "QuayConnection", spec, own)
        for name, spec in _connections({}, FULL_OWN, "own").items()
    ]
    found += [
        Ground(name, "ClusterQuayConnection", spec | {"access": [ACCESS]}, shared)
        for name, spec in _connections(THERE, FULL_SHARED, "shared").items()
    ]
    found += [Ground(name, "ClusterQuayRobot", spec) for name, spec in CLUSTER_ROBOTS.items()]
    return found


GROUNDS = {each.name: each for each in _grounds()}
