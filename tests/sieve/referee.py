"""
Is the end the same as it was undisturbed, and was it come by no less directly?

Judged by what is there, by the ledger of Quay and by the audit log; none of our code is
asked. What differs between two undisturbed lives (tokens, times, identifiers) is masked,
and what hangs together (whose owner is whom, whether a Secret works) is said in words.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.kit.installation import Body
from tests.kit.operating import USER
from tests.misoperations.looking import flatten

from .stage import ROBOTS, Site

__all__ = ["End", "Facts", "counted", "differing", "looked", "masked", "surplus"]

Facts = dict[str, Any]
LISTS = {
    "robot": (ROBOTS, "quayrobots"),
    "connection": (ROBOTS, "quayconnections"),
    "secret": ("/api/v1", "secrets"),
    "account": ("/api/v1", "serviceaccounts"),
}
RESTLESS = re.compile(
    r"lastTransitionTime|bservedGeneration|lastListAt|lastUsedOn|last_accessed|resourceVersion|"
    r"managedFields|\.generation|creationTimestamp|\.created$|last-applied|"
    r"connection .*status\.robots|metadata\.uid|\.spec\.|connection .*credential|kube-root-ca"
)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]|\w{3}, \d\d \w{3} \d{4} ")
CREATES = {"robot.create", "prototype.create", "secrets.create"}
DELETES = {"robot.delete", "permission.delete", "member.delete", "prototype.delete",
           "federation.delete", "secrets.delete"}  # fmt: skip
WHICH = {"creates": CREATES, "deletes": DELETES, "regenerates": {"robot.regenerate"}}


@dataclass(frozen=True, slots=True)
class End:
    """How a life ended: what there is, and how often what was done for it."""

    facts: Facts
    counts: Counter[str]


def looked(site: Site) -> Facts:
    """Return all that is there of the tenant, as flat facts by their paths."""
    found: Facts = {}
    listed = {what: _listed(site, *where) for what, where in LISTS.items()}
    for what, bodies in listed.items():
        for body in bodies:
            flatten(f"{what} {body['metadata']['name']}", body, found)
    flatten("cluster robot", site.cluster_robot(), found)
    quay = site.stage.house.quay
    for full in quay.admin("robots"):
        if full.startswith(f"{site.name}+"):
            grants = quay.admin("grants", name=full)
            defaults = sorted(f"{e['role']} {e['creator']}" for e in grants["prototypes"])
            whole = quay.admin("robot/show", name=full) | {
                "grants": grants | {"prototypes": defaults},
                "federation": quay.admin("federation", name=full),
            }
            flatten(f"in Quay {full}", whole, found)
    found |= dict(_relations(site, listed))
    text = json.dumps({k: v for k, v in found.items() if not RESTLESS.search(k)})
    named = json.loads(text.replace(site.name, "<tenant>"))
    return {path: _timeless(value) for path, value in named.items()}


def _timeless(value: Any) -> Any:
    return "<time>" if isinstance(value, str) and TIME.match(value) else value


def _listed(site: Site, root: str, plural: str) -> list[Body]:
    answer = site.stage.api.call("GET", f"{root}/namespaces/{site.name}/{plural}")
    assert answer.status_code == 200, answer.text
    return [
        each for each in answer.json()["items"] or []
        # These come and go with the namespace.
        if not (plural == "serviceaccounts" and each["metadata"]["name"] == "default")
    ]  # fmt: skip


def _relations(site: Site, listed: dict[str, list[Body]]) -> Iterator[tuple[str, Any]]:
    """What of it hangs together, whatever the identifiers are."""
    uids = {each["metadata"]["uid"]: each["metadata"]["name"] for each in listed["robot"]}
    if (whole := site.cluster_robot()) is not None:
        uids[whole["metadata"]["uid"]] = "the ClusterQuayRobot"
    for body in listed["robot"]:
        name, status = body["metadata"]["name"], body.get("status") or {}
        seen = status.get("observedGeneration") == body["metadata"]["generation"]
        yield f"robot {name} is up to date", seen
    for body in listed["secret"]:
        meta = body["metadata"]
        owners = [uids.get(e["uid"], "nobody") for e in meta.get("ownerReferences") or ()]
        yield f"secret {meta['name']} is owned by", str(owners)
        for user, password in _credentials(body):
            works = site.stage.house.quay.login(user, password)
            yield f"secret {meta['name']} logs in {user}", works
    for full in site.stage.house.quay.admin("robots"):
        if full.startswith(f"{site.name}+"):
            shown = site.stage.house.quay.admin("robot/show", name=full)
            marker = (shown["metadata"] or {}).get("quayrobot.io") or {}
            yield f"in Quay {full} is of", uids.get(marker.get("uid"), "nobody")


def _credentials(secret: Body) -> Iterator[tuple[str, str]]:
    data = {k: base64.b64decode(v).decode() for k, v in (secret.get("data") or {}).items()}
    if "username" in data:
        yield data["username"], data["password"]
    for entry in json.loads(data.get(".dockerconfigjson", "{}")).get("auths", {}).values():
        user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        yield user, password


def counted(site: Site, called: int, audited: int) -> Counter[str]:
    """Return how often the operator did what, in Quay and to Secrets, since these marks."""
    parts = (f"/organization/{site.name}", f"/repository/{site.name}/")
    done = Counter(
        each.operation
        for each in site.stage.house.quay.calls(called)
        if each.effect and any(part in each.path for part in parts)
    )
    return done + Counter(
        f"{each.resource}.{each.verb}"
        for each in site.stage.house.plane.audit()[audited:]
        if each.user == USER and each.write and each.code < 300
        and each.resource == "secrets" and each.namespace == site.name
    )  # fmt: skip


def masked(ends: list[End]) -> End:
    """Return what undisturbed lives have in common, and the most that any of them did."""
    first, *others = (each.facts for each in ends)
    same = {
        path: value if all(other[path] == value for other in others) else "<masked>"
        for path, value in first.items()
        if all(path in other for other in others)
    }
    most = Counter[str]()
    for each in ends:
        most |= each.counts
    return End(same, most)


def differing(wanted: End, facts: Facts, others: list[End], loose: str) -> list[str]:
    """Return what is not as in the undisturbed lives; *others* say what is there at times."""
    at_times = {path for other in others for path in other.facts} - wanted.facts.keys()
    return [
        f"{path}: {str(wanted.facts.get(path, 'nothing'))[:80]} became "
        f"{str(facts.get(path, 'nothing'))[:80]}"
        for path in sorted(wanted.facts.keys() | facts.keys())
        if path not in at_times
        and not (loose and re.search(loose, path))
        and (path not in facts or wanted.facts.get(path) not in (facts[path], "<masked>"))
    ]  # fmt: skip


def surplus(wanted: End, counts: Counter[str], again: tuple[str, ...] = ()) -> dict[str, int]:
    """
    Return how many creates, deletes, regenerates and other writes there were too many.

    What is named in *again* may be done more often, by as much as it is named.
    """
    more = counts - wanted.counts - Counter(again)
    found = {what: sum(more[each] for each in names) for what, names in WHICH.items()}
    found["others"] = more.total() - sum(found.values())
    return {what: count for what, count in found.items() if count}
