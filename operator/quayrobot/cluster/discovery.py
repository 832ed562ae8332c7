"""
How does an API server say which kinds it serves?

Since Kubernetes 1.30 by one list of everything; before, and through some proxies,
by the names of all groups and one list for each version of a group.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ACCEPTED", "is_aggregated", "is_plain", "kinds_in", "names_version", "resources_in"]

Body = dict[str, Any]
_JSON = "application/json"
# As kubectl asks: who knows none of the first two answers with the plain list.
ACCEPTED = ",".join(
    (
        f"{_JSON};as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=v2",
        f"{_JSON};as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=v2beta1",
        _JSON,
    )
)


def is_aggregated(body: Body) -> bool:
    """Return whether *body* is the list of everything."""
    return body.get("kind") == "APIGroupDiscoveryList"


def is_plain(body: Body) -> bool:
    """Return whether *body* is the list of groups without their kinds."""
    return body.get("kind") == "APIGroupList"


def kinds_in(body: Body, group: str, version: str) -> frozenset[str]:
    """Return the plurals of *group* and *version* in the list of everything *body*."""
    return frozenset(
        resource["resource"]
        for listed in body.get("items") or ()
        if listed["metadata"]["name"] == group
        for each in listed["versions"]
        if each["version"] == version
        for resource in each.get("resources") or ()
    )


def names_version(body: Body, group_version: str) -> bool:
    """Return whether the list of groups *body* names *group_version*."""
    return any(
        each.get("groupVersion") == group_version
        for listed in body.get("groups") or ()
        for each in listed.get("versions") or ()
    )


def resources_in(body: Body) -> frozenset[str]:
    """Return the plurals in *body*, the list of one version of a group."""
    names = (each["name"] for each in body.get("resources") or ())
    return frozenset(each for each in names if "/" not in each)
