"""
How are the QuayRobots of a ClusterQuayRobot read and written?

Of one that is there the spec is ours whole; foreign labels, annotations and
owners stay. No blockOwnerDeletion: a deleted owner must never wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import Conflict, Reason
from ..model.members import (
    CreateMember,
    DeleteMember,
    MemberAction,
    MemberSeen,
    MemberWanted,
    ReplaceMember,
)
from ..model.names import API_VERSION, LABEL_MANAGED_BY, OPERATOR
from .api import Body, ClusterApi
from .holders import held_by
from .kinds import CLUSTER_QUAY_ROBOT, QUAY_ROBOT
from .ownership import merged, our_fields

__all__ = ["Members", "is_member", "member_seen"]


class Members:
    """Writes QuayRobots for ClusterQuayRobots."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def apply(self, action: MemberAction) -> Body | None:
        """
        Carry out *action* and return the QuayRobot as it is then; None for a deletion.

        Raises:
            Conflict: It is not as it was looked at.
            Refused: The API server does not take it.
        """
        match action:
            case CreateMember(wanted):
                path = QUAY_ROBOT.path(wanted.namespace)
                return await self._api.write("POST", path, _rendered(wanted, {"metadata": {}}))
            case ReplaceMember(wanted, seen):
                return await self._replace(wanted, seen)
            case DeleteMember(namespace, name, uid):
                body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
                await self._api.write("DELETE", QUAY_ROBOT.path(namespace, name), body)
                return None

    async def _replace(self, wanted: MemberWanted, seen: MemberSeen) -> Body:
        path = QUAY_ROBOT.path(wanted.namespace, wanted.name)
        live = await self._api.get(path)
        meta = live["metadata"] if live else {}
        if live is None or (meta["uid"], meta["resourceVersion"]) != (seen.uid, seen.version):
            msg = f"QuayRobot {wanted.name} changed in the meantime"
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, msg)
        return await self._api.write("PUT", path, _rendered(wanted, live))


def is_member(body: Body) -> bool:
    """
    Tell whether a ClusterQuayRobot controls the QuayRobot *body*, or once did.

    A backup brings back what we made, with our label, and without its controller.
    """
    meta = body["metadata"]
    controlled = any(each.get("controller") for each in meta.get("ownerReferences") or ())
    left = not controlled and (meta.get("labels") or {}).get(LABEL_MANAGED_BY) == OPERATOR
    return left or _controller(meta) is not None


def member_seen(body: Body) -> MemberSeen:
    """Return what *body* says, in the operator's words."""
    meta = body["metadata"]
    return MemberSeen(
        namespace=meta.get("namespace", ""),
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        controller_uid=_controller(meta),
        spec=body.get("spec") or {},
        labels=meta.get("labels") or {},
        annotations=meta.get("annotations") or {},
        our_labels=our_fields(meta, "f:labels"),
        our_annotations=our_fields(meta, "f:annotations"),
        deleting="deletionTimestamp" in meta,
        held_by=held_by(meta),
    )


def _controller(meta: Mapping[str, object]) -> str | None:
    owners = meta.get("ownerReferences") or ()
    assert isinstance(owners, list | tuple)
    kind = CLUSTER_QUAY_ROBOT.kind
    found = (each["uid"] for each in owners if each.get("controller") and each["kind"] == kind)
    return next(found, None)


def _rendered(wanted: MemberWanted, live: Body) -> Body:
    old = live["metadata"]
    meta = {key: old[key] for key in ("uid", "resourceVersion", "finalizers") if key in old}
    ours = {
        "apiVersion": API_VERSION,
        "kind": CLUSTER_QUAY_ROBOT.kind,
        "name": wanted.owner_name,
        "uid": wanted.owner_uid,
        "controller": True,
    }
    others = [each for each in old.get("ownerReferences") or [] if each["uid"] != ours["uid"]]
    meta |= {
        "name": wanted.name,
        "namespace": wanted.namespace,
        "labels": merged(old.get("labels"), our_fields(old, "f:labels"), wanted.labels),
        "annotations": merged(
            old.get("annotations"), our_fields(old, "f:annotations"), wanted.annotations
        ),
        "ownerReferences": [*others, ours],
    }
    return {
        "apiVersion": QUAY_ROBOT.api_version,
        "kind": QUAY_ROBOT.kind,
        "metadata": meta,
        "spec": dict(wanted.spec),
    }
