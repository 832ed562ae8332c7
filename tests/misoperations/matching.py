"""
Does the world match what a spec says?

Judged from the objects and from Quay, by none of the operator's code. The spec is
the stored one, with the defaults that the API server has put in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from tests.kit.installation import Body

from .looking import Look
from .subjects import Subject

__all__ = ["secret_unlike", "secrets_of", "unmatched"]

ORDER = {"": 0, "read": 1, "write": 2, "admin": 3}
TYPES = {
    "DockerConfigJson": "kubernetes.io/dockerconfigjson",
    "BasicAuth": "kubernetes.io/basic-auth",
    "Opaque": "Opaque",
}


def unmatched(subject: Subject, look: Look, robot: Body) -> Iterator[str]:
    """Return where the world is not what the QuayRobot *robot* says."""
    spec, meta = robot["spec"], robot["metadata"]
    if spec.get("suspend"):
        return
    quay = subject.stage.house.quay
    short = f"{spec.get('organization') or spec['user']}+{spec.get('robotName', meta['name'])}"
    there = [each for each in (short, f"{short}.alt") if each in quay.admin("robots")]
    retiring = (robot["status"].get("rotation") or {}).get("retiring")
    if len(there) != (2 if retiring else 1):
        yield f"its robots are {there}"
        return
    full = robot["status"]["robot"]["fullName"]
    yield from _rights(subject, spec, full)
    yield from _identities(subject, spec, full, meta["namespace"])
    for wanted in secrets_of(spec, meta["name"]):
        where = meta["namespace"]
        secret = look.at(subject, "Secret", wanted["name"], where)
        yield from secret_unlike(subject, secret, wanted, full)
        yield from _links(subject, look, wanted, where)


def secrets_of(spec: Body, name: str) -> list[Body]:
    """Return the Secrets that a spec asks for."""
    default = {"name": name, "format": "DockerConfigJson", "scope": "Registry"}
    return [] if spec.get("noSecret") else spec.get("secrets") or [default]


def secret_unlike(subject: Subject, secret: Body, wanted: Body, full: str) -> Iterator[str]:
    """Return where a Secret is not as *wanted*, with a credential of the robot *full*."""
    name = wanted["name"]
    if not secret:
        yield f"there is no Secret {name}"
        return
    if secret["type"] != TYPES[wanted.get("format", "DockerConfigJson")]:
        yield f"the Secret {name} is of type {secret['type']}"
    meta = secret["metadata"]
    for part in ("labels", "annotations"):
        lost = (wanted.get(part) or {}).items() - (meta.get(part) or {}).items()
        if lost:
            yield f"the Secret {name} lacks the {part} {sorted(lost)}"
    data = {k: base64.b64decode(v).decode() for k, v in (secret.get("data") or {}).items()}
    for user, password in _credentials(data, wanted):
        if user != full or not subject.stage.house.quay.login(user, password):
            yield f"the Secret {name} lets nobody in as {full}"


def _credentials(data: dict[str, str], wanted: Body) -> Iterator[tuple[str, str]]:
    keys = wanted.get("keys") or {}
    if wanted.get("format", "DockerConfigJson") == "DockerConfigJson":
        auths = json.loads(data[".dockerconfigjson"])["auths"]
        for each in auths.values():
            user, _, password = base64.b64decode(each["auth"]).decode().partition(":")
            yield user, password
        if not auths:
            yield "", ""
        return
    yield (
        data.get(keys.get("username", "username"), ""),
        data.get(keys.get("password", "password"), ""),
    )


def _rights(subject: Subject, spec: Body, full: str) -> Iterator[str]:
    asked = spec.get("permissions") or {"mode": "Unmanaged"}
    if asked.get("mode") == "Unmanaged":
        return
    there = subject.stage.house.quay.admin("grants", name=full)
    roles = {each["name"]: each["role"] for each in asked.get("repositories") or ()}
    defaults = {(each["role"], each.get("creator")) for each in asked.get("defaults") or ()}
    has = {(each["role"], each["creator"]) for each in there["prototypes"]}
    teams = set(asked.get("teams") or ())
    lacking = {n: r for n, r in roles.items() if there["repositories"].get(n) != r}
    if lacking or teams - set(there["teams"]) or defaults - has:
        yield f"it lacks rights: {lacking} {teams} {defaults}; it has {there}"
    if asked.get("mode") != "Exact":
        return
    most = max((ORDER[role] for role, _ in defaults), default=0)
    more = {
        n for n, role in there["repositories"].items() if n not in roles and ORDER[role] > most
    }
    if more or set(there["teams"]) - teams or has - defaults:
        yield f"it has rights that nobody declares: {there}"


def _identities(subject: Subject, spec: Body, full: str, namespace: str) -> Iterator[str]:
    asked = spec.get("federation")
    account = (spec.get("credentials") or {}).get("serviceAccount")
    if (asked or {}).get("mode") == "Unmanaged":
        return
    there = subject.stage.house.quay.admin("federation", name=full)
    has = {(each["issuer"], each["subject"]) for each in there}
    issuer = subject.stage.house.plane.issuer
    wanted = {
        (issuer, f"system:serviceaccount:{namespace}:{each['serviceAccount']}")
        if "serviceAccount" in each else (each["issuer"], each["subject"])
        for each in [*((asked or {}).get("identities") or ()),
                     *([{"serviceAccount": account}] if account else [])]
    }  # fmt: skip
    exact = asked is not None and asked.get("mode") == "Exact"
    if wanted - has or (exact and has - wanted):
        yield f"its identities are {sorted(has)}, not {sorted(wanted)}"


def _links(subject: Subject, look: Look, wanted: Body, namespace: str) -> Iterator[str]:
    asked: dict[str, list[Any]] = {
        each["name"]: each.get("links", ["imagePullSecrets"])
        for each in wanted.get("serviceAccounts") or ()
    }
    for account in ("builder", "other"):
        body = look.at(subject, "ServiceAccount", account, namespace)
        for place in ("imagePullSecrets", "secrets"):
            named = [each["name"] for each in body.get(place) or ()]
            if (place in asked.get(account, ())) != (wanted["name"] in named):
                yield f"{place} of {account} are {named}"
