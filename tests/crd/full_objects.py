"""Which objects say everything that can be said, one of each kind?"""

from __future__ import annotations

import copy
from typing import Any

from . import cases_federation as federation
from . import cases_namespaces as namespaces
from . import cases_proxy as proxies

Body = dict[str, Any]


FULL_SECRET = {
    "name": "full",
    "format": "Opaque",
    "scope": "Registry",
    "labels": {"k": "v"},
    "annotations": {"k": "v"},
    "keys": {"username": "u", "password": "p", "registry": "r"},
    "deletionPolicy": "Delete",
    "serviceAccounts": [{"name": "builder", "links": ["secrets"]}],
}
FULL_ROBOT = {
    "connectionRef": {"kind": "QuayConnection", "name": "own"},
    "organization": "acme",
    "robotName": "ci",
    "description": "d",
    "metadata": {"k": "v"},
    "creationPolicy": "Create",
    "deletionPolicy": "Delete",
    "suspend": False,
    "permissions": {
        "mode": "Exact",
        "repositories": [{"name": "app", "role": "read"}],
        "teams": ["devs"],
        "defaults": [{"role": "read", "creator": "mary"}],
    },
    "federation": federation.FULL,
    "rotation": {
        "trigger": "1",
        "interval": "720h",
        "window": {"schedule": "0 3 * * 1", "duration": "2h", "timeZone": "Europe/Berlin"},
        "strategy": "InPlace",
        "overlap": "1h",
    },
    "secrets": [FULL_SECRET],
    "noSecret": False,
}
CONNECTION = {
    "url": "https://quay.example",
    "registryHosts": ["quay.example"],
    "caBundle": "x",
    "allowPlaintext": False,
    "limits": {"requestsPerSecond": 5, "concurrency": 16, "timeout": "30s"},
    "resyncInterval": "5m",
    "driftInterval": "1h",
}
RENEWAL = {"type": "Bootstrap", "lifetime": "1h"}
FULL_OWN = {
    **CONNECTION,
    "credentials": {
        "type": "OAuthToken",
        "secretRef": {"name": "t", "key": "token"},
        "renewal": RENEWAL,
    },
    "proxy": proxies.full({}),
}
FULL_SHARED = {
    **CONNECTION,
    "credentials": {
        "type": "OAuthToken",
        "secretRef": {"name": "t", "key": "token", "namespace": "quay"},
        "renewal": RENEWAL,
    },
    "proxy": proxies.full({"namespace": "quay"}),
    "access": [
        {
            "namespaces": {
                "matchLabels": {"k": "v"},
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
            },
            "organizations": ["acme"],
            "users": ["bob"],
            "robotNames": ["ci"],
            "maxRole": "write",
            "teams": ["devs"],
            "defaults": False,
            "federation": False,
            "issuers": ["https://*.example.com"],
            "adoption": False,
            "takeover": ["c"],
        }
    ],
}
FULL = {
    "QuayRobot": FULL_ROBOT,
    "QuayConnection": FULL_OWN,
    "ClusterQuayConnection": FULL_SHARED,
    "ClusterQuayRobot": namespaces.full(FULL_ROBOT),
}


def whole(kind: str, spec: Any = None, *, name: str = "ci") -> Body:
    """Return an object of *kind*; by default one that says everything that can be said."""
    said = FULL[kind] if spec is None else spec
    return {
        "apiVersion": "quayrobot.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": copy.deepcopy(said),
    }
