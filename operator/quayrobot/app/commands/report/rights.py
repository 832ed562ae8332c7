"""
Which rights does the operator need, and where?

In the whole cluster it is the ClusterRole of deploy/manifests; in named
namespaces it is the Role of deploy/manifests-namespaced, once in each. Tests
hold both against the files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ....cluster.api import Body, ClusterApi
from ....model.errors import QuayRobotError
from ....model.names import GROUP
from .checks import CheckResult, State

__all__ = ["NAMESPACED_RIGHTS", "RIGHTS", "Right", "denied_to", "check_rights"]

API = "authorization.k8s.io/v1"
AUTHENTICATION = "authentication.k8s.io/v1"
AT_ONCE = 16
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Right:
    """What the operator has to be allowed to do."""

    group: str
    resource: str
    verb: str

    @property
    def shown(self) -> str:
        """The right in words."""
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{group}"


def _rights() -> Iterator[Right]:
    watched = ("get", "list", "watch")
    for group, resources, verbs in (
        (GROUP, ("quayrobots", "clusterquayrobots"), (*watched, "patch")),
        (GROUP, ("quayrobots",), ("create", "update", "delete")),
        (GROUP, ("quayconnections",), ("list", "watch", "patch")),
        (GROUP, ("clusterquayconnections",), ("list", "watch")),
        (GROUP, ("quayrobots/status", "clusterquayrobots/status", "quayconnections/status",
                 "clusterquayconnections/status"), ("update",)),
        (GROUP, ("quayrobots/finalizers", "clusterquayrobots/finalizers"), ("update",)),
        ("", ("secrets",), (*watched, "create", "update", "patch", "delete")),
        ("", ("configmaps",), ("get",)),
        ("", ("serviceaccounts",), (*watched, "patch")),
        ("", ("serviceaccounts/token",), ("create",)),
        ("", ("namespaces",), watched),
        ("events.k8s.io", ("events",), ("create",)),
    ):  # fmt: skip
        for resource in resources:
            yield from (Right(group, resource, verb) for verb in verbs)


def _is_of_the_cluster(right: Right) -> bool:
    """What concerns kinds of the whole cluster, or is done for them alone."""
    made = right.resource == "quayrobots" and right.verb in {"create", "update", "delete"}
    return made or right.resource.startswith(("clusterquay", "namespaces"))


RIGHTS = tuple(_rights())
NAMESPACED_RIGHTS = (
    *(each for each in RIGHTS if not _is_of_the_cluster(each)),
    # Whether the namespace itself is being deleted.
    Right("", "namespaces", "get"),
)


async def denied_to(
    api: ClusterApi, account: Account, namespace: str | None = None
) -> list[Right] | None:
    """
    Return which rights *account* lacks, in *namespace* where one is given.

    None where the caller may not ask what others may do, and is not *account* itself.
    """
    others = "Local" if namespace is not None else ""
    with suppress(QuayRobotError):
        return await _denied(api, account, namespace, f"{others}SubjectAccessReview")
    try:
        if await _who_asks(api) != _user(account):
            return None
        return await _denied(api, account, namespace, "SelfSubjectAccessReview")
    except QuayRobotError:
        return None


async def _denied(
    api: ClusterApi, account: Account, namespace: str | None, kind: str
) -> list[Right]:
    wanted = RIGHTS if namespace is None else NAMESPACED_RIGHTS
    turns = asyncio.Semaphore(AT_ONCE)

    async def may(right: Right) -> bool:
        spec: Body = {"resourceAttributes": _attributes(namespace, right)}
        if not kind.startswith("Self"):
            spec |= {"user": _user(account), "groups": _groups(account)}
        async with turns:
            answer = await _review(api, kind, namespace, spec)
        return bool((answer.get("status") or {}).get("allowed"))

    answers = await asyncio.gather(*(may(each) for each in wanted))
    return [right for right, allowed in zip(wanted, answers, strict=True) if not allowed]


async def _review(api: ClusterApi, kind: str, namespace: str | None, spec: Body) -> Body:
    """A question in the form of a POST: nothing of it is stored."""
    path, meta = f"/apis/{API}/{kind.lower()}s", {}
    if kind.startswith("Local"):
        # Whoever administers the namespace may ask this one.
        path, meta = (
            f"/apis/{API}/namespaces/{namespace}/{kind.lower()}s",
            {"namespace": namespace},
        )
    return await api.write(
        "POST", path, {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}
    )


async def _who_asks(api: ClusterApi) -> str:
    body = {"apiVersion": AUTHENTICATION, "kind": "SelfSubjectReview"}
    answer = await api.write("POST", f"/apis/{AUTHENTICATION}/selfsubjectreviews", body)
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username"))


def _user(account: Account) -> str:
    return f"system:serviceaccount:{account[0]}:{account[1]}"


def _groups(account: Account) -> list[str]:
    return [
        "system:serviceaccounts", f"system:serviceaccounts:{account[0]}", "system:authenticated",
    ]  # fmt: skip


def _attributes(namespace: str | None, right: Right) -> dict[str, str]:
    resource, _, sub = right.resource.partition("/")
    asked = {"group": right.group, "resource": resource, "verb": right.verb}
    asked |= {"subresource": sub} if sub else {}
    if namespace is not None:
        asked["namespace"] = namespace
        asked |= {"name": namespace} if resource == "namespaces" else {}
    return asked


def check_rights(
    who: str, denied: Iterable[Right] | None, namespace: str | None = None
) -> CheckResult:
    """Check whether the operator may do what it has to; *denied* is None where none can ask."""
    about, wanted = f"rights of {who}", RIGHTS
    where, review = "", "subjectaccessreviews"
    if namespace is not None:
        about, wanted = f"{about} in {namespace}", NAMESPACED_RIGHTS
        where, review = " there", "localsubjectaccessreviews there"
    if denied is None:
        return CheckResult(
            about, State.UNSEEN, "You may not check the rights of other accounts.",
            f"Ask somebody who may create {review}.",
        )  # fmt: skip
    missing = sorted(each.shown for each in denied)
    if missing:
        words = f"It may not {'; '.join(missing[:6])}" + (" and more." if missing[6:] else ".")
        return CheckResult(about, State.WRONG, words, _cure(namespace))
    return CheckResult(about, State.FINE, f"It has all {len(wanted)} rights that it needs{where}.")


def _cure(namespace: str | None) -> str:
    if namespace is None:
        return (
            "Run kubectl apply -k deploy/manifests from the operator's version. If it serves "
            "named namespaces only and its Deployment does not say so, pass --namespaces."
        )
    return (
        f"Run kubectl apply -k deploy/manifests-namespaced, with a folder for {namespace}, from "
        "the operator's version."
    )
