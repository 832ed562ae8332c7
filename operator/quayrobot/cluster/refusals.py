"""
What does an error response of the API server mean?

Its words quote objects and whatever a policy's author wrote, so none of them
are passed on. Names of policies, webhooks and quotas are: by their shape, at
the places where the API server itself puts them.
"""

from __future__ import annotations

import re
from typing import Any

from ..model.errors import Conflict, QuayRobotError, Reason, Refused, TryLater

__all__ = ["failure", "resource_of", "right_of"]

_NAME = r"([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
_FORBIDDEN = r'[a-z0-9./-]+(?: "[^"]*")? is forbidden: '
_WEBHOOK = re.compile(rf'admission webhook "{_NAME}" denied the request')
_POLICY = re.compile(
    rf"{_FORBIDDEN}(?:ValidatingAdmissionPolicy|policy) ['\"]{_NAME}['\"]"
    r"(?: with binding '[^']*')? denied request"
)
_QUOTA = re.compile(
    rf"{_FORBIDDEN}(?:exceeded quota|failed quota|status unknown for quota): {_NAME}[,:]"
)
_NO_QUOTA = re.compile(rf"{_FORBIDDEN}insufficient quota to ")
# Of a path that is no object's the API server says "forbidden: ..." alone.
_NO_RIGHT = re.compile(rf'(?:{_FORBIDDEN}|forbidden: )User "[^"]*" cannot ')
_NO_WEBHOOK = re.compile(rf'Internal error occurred: failed calling webhook "{_NAME}"')
# Without what follows in brackets: a key of a map is whatever its author wrote.
_FIELD = re.compile(r"[A-Za-z]{1,32}(?:\.[A-Za-z]{1,32}){0,5}(?=$|\[)")
_FAULTS = {"FieldValueTooLong": "too long", "FieldValueTooMany": "too many"}
FAULTS_MAX = 3
RETRY_AFTER_CAP_S = 60
_BEYOND = {404, 409, 410, 412}


def failure(who: str, verb: str, path: str, status: int, body: dict[str, Any]) -> QuayRobotError:
    """Return what the answer *status* with *body* means to *who*, that would *verb* at *path*."""
    what = resource_of(path)
    text = str(body.get("message") or "")
    # First, because who wrote a policy chooses the status too.
    if 400 <= status < 500 and (denied := _denied(what, text)) is not None:
        return denied
    if status in _BEYOND:
        return Conflict(Reason.CLUSTER_UNAVAILABLE, f"{what} changed in the meantime")
    if status == 403:
        return _forbidden(who, _right(verb, path), what, body, text)
    if status in {400, 413, 422}:
        msg = f"the API server does not accept what {who} wrote to {what}{_faults(body)}"
        return Refused(Reason.CLUSTER_REFUSED, msg)
    if (silent := _NO_WEBHOOK.match(text)) is not None:
        msg = f"{what}: the admission webhook {silent[1]} does not answer the API server"
        return TryLater(Reason.CLUSTER_UNAVAILABLE, msg)
    msg = f"the API server cannot serve {what} now (status {status})"
    if status == 401:
        msg = f"the API server does not accept the login with which {who} came (status 401)"
    after = _wait_asked_s(body) if status == 429 or status >= 500 else None
    return TryLater(Reason.CLUSTER_UNAVAILABLE, msg, retry_after=after)


def _wait_asked_s(body: dict[str, Any]) -> float | None:
    """What is asked to be waited, capped; None for nonsense, as a proxy in between may say."""
    details = body.get("details")
    asked = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    if not isinstance(asked, int) or asked <= 0:
        return None
    return float(min(asked, RETRY_AFTER_CAP_S))


def _denied(what: str, text: str) -> Refused | None:
    for kind, shape in (("webhook", _WEBHOOK), ("policy", _POLICY)):
        if (found := shape.match(text)) is not None:
            msg = f"{what}: the admission {kind} {found[1]} denies it"
            return Refused(Reason.ADMISSION_DENIED, msg)
    return None


def _forbidden(who: str, right: str, what: str, body: dict[str, Any], text: str) -> QuayRobotError:
    causes = [each.get("reason") for each in (body.get("details") or {}).get("causes") or []]
    if "NamespaceTerminating" in causes:
        msg = f"{what}: the namespace is being deleted"
        return TryLater(Reason.NAMESPACE_TERMINATING, msg)
    if (quota := _QUOTA.match(text)) is not None:
        msg = f"{what}: the ResourceQuota {quota[1]} does not allow it"
        return Refused(Reason.QUOTA_EXCEEDED, msg)
    if _NO_QUOTA.match(text):
        msg = f"{what}: no ResourceQuota of the namespace allows it"
        return Refused(Reason.QUOTA_EXCEEDED, msg)
    if _NO_RIGHT.match(text) or not text:
        return Refused(Reason.CLUSTER_REFUSED, f"{who} may not {right} {what}")
    msg = f"{what}: an admission plugin of the API server denies it"
    return Refused(Reason.ADMISSION_DENIED, msg)


def _faults(body: dict[str, Any]) -> str:
    """Which fields are at fault; the API server names their places, which hold no values."""
    details = body.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    found = [
        f"{place[0]} is {_FAULTS.get(str(each.get('reason')), 'not valid')}"
        for each in (causes if isinstance(causes, list) else [])
        if isinstance(each, dict) and (place := _FIELD.match(str(each.get("field")))) is not None
    ]
    return f": {', '.join(sorted(set(found))[:FAULTS_MAX])}" if found else ""


def _right(verb: str, path: str) -> str:
    """Return *verb* as a role has to say it: what is read is an object or a list."""
    _, parts = _place(path)
    if verb != "read" or not parts:
        return verb
    return "get" if len(parts) > 1 else "list"


def resource_of(path: str) -> str:
    """Return what a *path* of the API server is about, in words that a role uses."""
    _, resource, namespace = right_of("", path)
    return f"{resource} in namespace {namespace}" if namespace else resource


def right_of(verb: str, path: str) -> tuple[str, str, str]:
    """Return verb and resource as a role has to say them, and the namespace ("" for none)."""
    namespace, parts = _place(path)
    resource = "/".join((parts[0], *parts[2:3])) if parts else "the list of kinds"
    return _right(verb, path), resource, namespace


def _place(path: str) -> tuple[str, list[str]]:
    """Return the namespace in *path*, and resource, name and subresource as far as they go."""
    parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
    parts = parts[3:] if parts[0] == "apis" else parts[2:]
    if len(parts) > 2 and parts[0] == "namespaces":
        return parts[1], parts[2:]
    return "", parts
