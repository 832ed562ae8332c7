"""
What breaks the rules on credentials, and what is their neighbour that is accepted?

Federated credentials do not go with a rotation by interval, so that no single
robot can say everything: the full one has the latter.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

PLACE = ".spec.credentials"
FULL: Body = {"type": "Federated", "serviceAccount": "builder", "audiences": ["quay"]}
AUDIENCE = (["", "a b", "é", "a\n", " a"], ["quay", "https://quay.example:8443/x?y#z", "~!"])


def _has(rotation: Body | None = None, **credentials: Any) -> Body:
    body: Body = {"organization": "acme", "credentials": credentials}
    return body if rotation is None else {**body, "rotation": rotation}


WITHOUT_ACCOUNT_BAD = [_has(type="Federated"), _has(type="Federated", audiences=["quay"])]
WITHOUT_ACCOUNT_GOOD = [_has(type="Federated", serviceAccount="builder"), _has(), _has(**FULL)]
WITHOUT_ACCOUNT_WORDS = "need serviceAccount"
STATIC_BAD = [
    _has(serviceAccount="builder"),
    _has(type="Static", serviceAccount="builder"),
    _has(type="Static", audiences=["quay"]),
]
STATIC_GOOD = [_has(type="Static"), _has(**FULL)]
STATIC_WORDS = "belong to credentials of type: Federated"
INTERVAL_BAD = [
    _has({"interval": "24h"}, **FULL),
    _has({"interval": "24h", "trigger": "1"}, **FULL),
]
INTERVAL_BAD += [
    {**_has({"strategy": "Overlap"}, **FULL), "permissions": {"mode": "Exact"}},
]
INTERVAL_GOOD = [_has({"trigger": "1"}, **FULL), _has({}, **FULL), _has({"interval": "24h"})]
INTERVAL_WORDS = "within the hour anyway"
