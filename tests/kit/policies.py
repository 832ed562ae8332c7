"""
How do a cluster's admission policies push back?

Real policy objects, bound to the namespace of one test. The API server takes
them up a moment after they are stored and forgets them a moment after they are
gone; a ConfigMap that is never stored shows when.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .controlplane.cluster import NeedsOwnServer
from .installation import Tenant
from .processes import wait_for

ADMISSION = "admissionregistration.k8s.io/v1"
# What a policy's author says is nobody else's to pass on.
AUTHORS_WORDS = "words-of-the-policys-author"
Body = dict[str, Any]


@contextmanager
def denied(
    tenant: Tenant,
    *operations: str,
    group: str = "",
    version: str = "v1",
    resource: str = "secrets",
) -> Iterator[str]:
    """Have *operations* on *resource* in the namespace denied; yield the policy's name."""
    name = f"no-{'-'.join(operations).lower()}.{tenant.name}"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": _matching(operations, resource, group, version),
        "validations": [{"expression": "false", "message": AUTHORS_WORDS}],
    }
    with _policy(tenant, "Validating", name, spec):
        yield name


@contextmanager
def unanswered(tenant: Tenant, *operations: str, resource: str = "secrets") -> Iterator[str]:
    """Have a webhook that does not answer asked about *operations* in the namespace."""
    name, plane = f"away.{tenant.name}", tenant.house.plane
    hook = {
        "name": f"{name}.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": _matching(operations, resource)["resourceRules"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": tenant.name}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    kind = "ValidatingWebhookConfiguration"
    meta = {"name": name}
    plane.apply({"apiVersion": ADMISSION, "kind": kind, "metadata": meta, "webhooks": [hook]})
    try:
        wait_for(lambda: _in_force(tenant), f"the webhook {name}", timeout_s=30)
        yield name
    finally:
        plane.kubectl("delete", kind.lower(), name, "--ignore-not-found")
        wait_for(lambda: not _in_force(tenant), f"the end of the webhook {name}", timeout_s=30)


@contextmanager
def labelled(tenant: Tenant, **labels: str) -> Iterator[str]:
    """Have every write of a Secret in the tenant's namespace changed to carry *labels*."""
    pairs = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in labels.items())
    with changed(tenant, f"Object{{metadata: Object.metadata{{labels: {{{pairs}}}}}}}") as name:
        yield name


@contextmanager
def changed(
    tenant: Tenant,
    applied: str,
    *,
    group: str = "",
    version: str = "v1",
    resource: str = "secrets",
) -> Iterator[str]:
    """Have every write of a *resource* in the namespace changed by the CEL object *applied*."""
    name = f"changed-{resource}.{tenant.name}"
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": _matching(["CREATE", "UPDATE"], resource, group, version),
        "mutations": [
            {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": applied}}
        ],
    }
    with _policy(tenant, "Mutating", name, spec):
        yield name


def _matching(
    operations: Sequence[str], resource: str, group: str = "", version: str = "v1"
) -> Body:
    rules = [(group, version, list(operations), resource), ("", "v1", ["CREATE"], "configmaps")]
    return {
        "resourceRules": [
            {"apiGroups": [of], "apiVersions": [at], "operations": verbs, "resources": [each]}
            for of, at, verbs, each in rules
        ]
    }


@contextmanager
def _policy(tenant: Tenant, kind: str, name: str, spec: Body) -> Iterator[None]:
    plane = tenant.house.plane
    if not plane.serves(f"{kind.lower()}admissionpolicy"):
        raise NeedsOwnServer(f"needs a newer Kubernetes: {kind}AdmissionPolicy is not served")
    chosen = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": tenant.name}}}
    binding: Body = {"policyName": name, "matchResources": chosen}
    if kind == "Validating":
        binding["validationActions"] = ["Deny"]
    objects = [_body(f"{kind}AdmissionPolicy", name, spec)]
    objects.append(_body(f"{kind}AdmissionPolicyBinding", name, binding))
    plane.apply(*objects)
    try:
        wait_for(lambda: _in_force(tenant), f"the policy {name}", timeout_s=30)
        yield
    finally:
        for each in reversed(objects):
            plane.kubectl("delete", each["kind"].lower(), name, "--ignore-not-found")
        wait_for(lambda: not _in_force(tenant), f"the end of the policy {name}", timeout_s=30)


def _body(kind: str, name: str, spec: Body) -> Body:
    return {"apiVersion": ADMISSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _in_force(tenant: Tenant) -> bool:
    """Tell whether a ConfigMap would be refused, or changed."""
    tried = ("create", "configmap", "probe", "--dry-run=server", "-o", "json")
    said = tenant.kubectl(*tried, check=False)
    return not said or "labels" in json.loads(said)["metadata"]
