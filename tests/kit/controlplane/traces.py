"""
What did a run leave in a cluster that is not its own?

Namespaces and cluster-wide objects that it made, in order. Nothing else is ever
deleted, and nothing is written that is neither one of these nor inside one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["CLUSTER_WIDE", "Traces"]

Body = dict[str, Any]
OURS = "quayrobot.io"
# These live and go with their definitions, which the run installed.
KINDS = ("quayrobots", "clusterquayrobots", "quayconnections", "clusterquayconnections")
CLUSTER_WIDE = {
    "namespace",
    "customresourcedefinition",
    "clusterrole",
    "clusterrolebinding",
    "validatingadmissionpolicy",
    "validatingadmissionpolicybinding",
    "mutatingadmissionpolicy",
    "mutatingadmissionpolicybinding",
}


class Traces:
    """What one run made."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    def note(self, kind: str, name: str) -> None:
        """Remember an object of the whole cluster that the run made, or is about to."""
        if (kind, name) not in self.made:
            self.made.append((kind, name))

    def check_command(self, args: Sequence[str], is_there: Callable[[str, str], bool]) -> None:
        """Remember what a `kubectl create` will make; raises as `check` does."""
        verb, kind, name = (*args, "", "", "")[:3]
        if verb == "create" and kind in CLUSTER_WIDE:
            self.check({"kind": kind, "metadata": {"name": name}}, is_there)

    def check(self, body: Body, is_there: Callable[[str, str], bool]) -> None:
        """
        Remember *body* if it is one of the whole cluster.

        Raises:
            AssertionError: It would change what somebody else made.
        """
        meta = body["metadata"]
        kind, name, namespace = body["kind"].lower(), meta["name"], meta.get("namespace")
        if kind in CLUSTER_WIDE:
            theirs = (kind, name) not in self.made and is_there(kind, name)
            assert not theirs, f"the {kind} {name} is not this run's"
            self.note(kind, name)
        elif namespace is not None:
            own = ("namespace", namespace) in self.made
            assert own, f"{kind} {name}: the namespace {namespace} is not this run's"

    def farewell(self, held: Callable[[str], list[Body]]) -> Iterator[Sequence[str]]:
        """
        Iterate over the kubectl commands that remove everything, in order.

        The operator is gone by then: its finalizers are taken off first, and only in what is the
        run's own: our kinds, which it brought, and Secrets in its namespaces.
        """
        namespaces = [name for kind, name in self.made if kind == "namespace"]
        if ("customresourcedefinition", f"quayrobots.{OURS}") in self.made:
            for kind in KINDS:
                yield from map(_release, held(kind))
        for secret in held("secrets"):
            mine = secret["metadata"]["namespace"] in namespaces
            if mine and any(each.startswith(OURS) for each in secret["metadata"]["finalizers"]):
                yield _release(secret)
        for kind, name in reversed(self.made):
            yield ("delete", kind, name, "--ignore-not-found", "--wait=false")


def _release(body: Body) -> Sequence[str]:
    meta = body["metadata"]
    where = ("-n", meta["namespace"]) if "namespace" in meta else ()
    patch = ("--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    return ("patch", body["kind"].lower(), meta["name"], *where, *patch)
