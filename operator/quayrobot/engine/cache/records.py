"""
What is remembered of one resource of ours?

Its body without what we never read, as bytes, a tenth of what it is as
dictionaries; and its parts as typed words, read once on first use.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, partial
from typing import Any

import orjson

from ...cluster.kinds import CLUSTER_QUAY_ROBOT
from ...cluster.members import is_member, member_seen
from ...model.birthplace import birthplace_of
from ...model.errors import InvalidSpec, Reason
from ...model.names import (
    ANNOTATION_CONFIRM,
    ANNOTATION_MADE_AT,
    ANNOTATION_ROTATE,
    FINALIZER,
    RobotName,
)
from ...model.resources.clusterrobot import ClusterRobotSpec, ClusterRobotStatus
from ...model.resources.connection import (
    ClusterConnectionSpec,
    ConnectionSpec,
    ConnectionStatus,
)
from ...model.resources.newer import parse_stored
from ...model.resources.parse import (
    connection_model,
    lenient_robot,
    parse_connection,
    parse_connection_status,
    parse_robot,
    parse_robot_status,
)
from ...model.resources.parse_clusterrobot import (
    name_robot,
    parse_cluster_robot,
    parse_cluster_robot_status,
    template_of,
)
from ...model.resources.robot import (
    ConnectionState,
    RobotSpec,
    RobotStatus,
    accounts_of,
    links_of,
    secrets_of,
)
from ...model.resources.sharing import held_once
from ...model.resources.slots import active_name_of, robot_names_of
from ..workqueue.keys import ResourceKey
from .managers import spec_written_at, status_edited_at

__all__ = ["Body", "ConnectionRecord", "ClusterRobotRecord", "Record", "RobotRecord"]

Body = dict[str, Any]
_META = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "finalizers",
)
_READ = (ANNOTATION_ROTATE, ANNOTATION_CONFIRM, ANNOTATION_MADE_AT)


class Record:
    """One resource of ours: its body without what we never read."""

    def __init__(self, kind: str, body: Body) -> None:
        meta = {key: body["metadata"][key] for key in _META if key in body["metadata"]}
        annotations = body["metadata"].get("annotations") or {}
        read = {key: annotations[key] for key in _READ if key in annotations}
        if read:
            meta["annotations"] = read
        self.meta: Body = meta
        self._spec = _packed(body.get("spec"))
        self._status = _packed(body.get("status"))
        self.edited = spec_written_at(body["metadata"])
        self._status_edited = status_edited_at(body["metadata"])
        self.key = ResourceKey(kind, meta.get("namespace", ""), meta["name"])

    @property
    def body(self) -> Body:
        """The whole of it, built each time."""
        return {"metadata": self.meta, "spec": self.raw_spec, "status": self.raw_status}

    @property
    def raw_spec(self) -> Body:
        """Its spec as it was written, read each time."""
        return _unpacked(self._spec)

    @property
    def raw_status(self) -> Body:
        """Its status as it was stored, read each time."""
        return _unpacked(self._status)

    @property
    def version(self) -> int:
        """Its resourceVersion, comparable within one kind."""
        return int(self.meta["resourceVersion"])

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.meta["uid"])

    @property
    def generation(self) -> int:
        """The generation of its spec."""
        return int(self.meta.get("generation", 1))

    @property
    def created(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.meta["creationTimestamp"])

    @property
    def terminating(self) -> bool:
        """Whether it is on its way out."""
        return "deletionTimestamp" in self.meta

    @property
    def guarded(self) -> bool:
        """Whether our finalizer holds it."""
        return FINALIZER in (self.meta.get("finalizers") or ())

    @property
    def told(self) -> bool:
        """Whether its status says anything yet; what we write always does."""
        return b'"conditions"' in self._status

    def is_shown_by(self, body: Body) -> bool:
        """Return whether *body* is this very version of this very life."""
        meta = body["metadata"]
        return (self.uid, self.meta["resourceVersion"]) == (meta["uid"], meta["resourceVersion"])

    def asks_as(self, later: Record) -> bool:
        """Return whether *later* asks for the same, so that seeing it is no news."""
        return not self.lost_status_in(later) and _question(self) == _question(later)

    def lost_status_in(self, later: Record) -> bool:
        """Return whether somebody else took the status away in *later*, or edited it."""
        # It is written again: nothing else would correct it before the next edit of the spec.
        edited = later._status_edited not in {None, self._status_edited}
        return edited or (self.told and not later.told)


class RobotRecord(Record):
    """
    One QuayRobot, or the robot of a Shared ClusterQuayRobot.

    *member* is the QuayRobot as its ClusterQuayRobot sees it; None where it has none.
    """

    def __init__(self, kind: str, body: Body) -> None:
        super().__init__(kind, body)
        self.member = member_seen(body) if is_member(body) else None

    def rolled_out_from(self, old: RobotRecord | None) -> bool:
        """Return whether its ClusterQuayRobot made it from *old*: nobody waits for that."""
        known = old is not None and old.uid == self.uid
        controlled = self.member is not None and self.member.controller_uid is not None
        return known and controlled and not self.terminating

    def succeed(self, old: RobotRecord) -> None:
        """Take over what was read of *old*, the record before, where the same is written."""
        if not (type(self) is type(old) is RobotRecord and self._spec == old._spec):
            return
        self.__dict__["spec"] = old.spec
        if "connection_key" in old.__dict__:
            self.__dict__["connection_key"] = old.connection_key
        if self._status == old._status and old.birthplace in {None, self.birthplace}:
            self.__dict__["status"] = self._placed(old.status)

    def is_filed_as(self, old: RobotRecord) -> bool:
        """Return whether it is found by all that *old*, which it succeeded, is found by."""
        return (
            self.uid == old.uid
            and self.spec is old.spec
            and self.robot_names == old.robot_names
            and self.status.links == old.status.links
        )

    @cached_property
    def spec(self) -> RobotSpec | InvalidSpec:
        """Its spec, or why it cannot be one."""
        try:
            parse = partial(parse_robot, self.key.name)
            return held_once(parse_stored(RobotSpec, self.raw_spec, parse))
        except InvalidSpec as error:
            return error

    @cached_property
    def lenient_spec(self) -> RobotSpec:
        """Its spec as far as a deletion needs it; the spec itself where that can be one."""
        if not isinstance(self.spec, InvalidSpec):
            return self.spec
        return lenient_robot(self.key.name, self.raw_spec)

    @cached_property
    def status(self) -> RobotStatus:
        """Its stored status; where that does not say where the robot was made, a note may."""
        return self._placed(self.stored_status)

    def _placed(self, stored: RobotStatus) -> RobotStatus:
        if stored.connection is not None or self.birthplace is None:
            return stored
        ref = self.lenient_spec.connection_ref
        made = ConnectionState(kind=ref.kind, name=ref.name, origin=self.birthplace)
        return stored.model_copy(update={"connection": made})

    @property
    def stored_status(self) -> RobotStatus:
        """Its status as it is stored, read each time."""
        return held_once(parse_robot_status(self.raw_status))

    @property
    def birthplace(self) -> str | None:
        """Where its robot was about to be made, while our finalizer holds it."""
        return birthplace_of(self.meta.get("annotations", {}), self.uid) if self.guarded else None

    @cached_property
    def account_names(self) -> frozenset[str]:
        """The ServiceAccounts that a pass over it looks at."""
        return accounts_of(self.key.name, self.lenient_spec, self.status)

    @cached_property
    def robot_names(self) -> tuple[RobotName, ...]:
        """The effective name of its robot, and of a second one that may take turns with it."""
        return robot_names_of(self.key.name, self.lenient_spec, self.status)

    @property
    def robot_name(self) -> RobotName:
        """The effective name of its robot, whichever of two is the active one."""
        return self.robot_names[0]

    @property
    def active_name(self) -> RobotName:
        """The robot whose credential the Secrets carry, as far as the status knows."""
        return active_name_of(self.key.name, self.lenient_spec, self.status)

    @cached_property
    def connection_key(self) -> ResourceKey:
        """The connection that it names."""
        ref = self.lenient_spec.connection_ref
        namespace = self.key.namespace if ref.kind == "QuayConnection" else ""
        return ResourceKey(ref.kind, namespace, ref.name)


class ClusterRobotRecord(RobotRecord):
    """One ClusterQuayRobot; *cluster* is what `{cluster}` stands for."""

    def __init__(self, body: Body, cluster: str | None) -> None:
        super().__init__(CLUSTER_QUAY_ROBOT.kind, body)
        self.cluster = cluster

    @property
    def confirm(self) -> str | None:
        """The mass removal that somebody confirmed by annotation."""
        confirm: str | None = self.meta.get("annotations", {}).get(ANNOTATION_CONFIRM)
        return confirm

    @cached_property
    def declared(self) -> ClusterRobotSpec | InvalidSpec:
        """Its spec, or why it cannot be one."""
        try:
            return parse_stored(ClusterRobotSpec, self.raw_spec, parse_cluster_robot)
        except InvalidSpec as error:
            return error

    @cached_property
    def shared(self) -> bool:
        """Whether one robot serves all namespaces."""
        return bool(self.raw_spec.get("mode") == "Shared")

    @cached_property
    def cluster_robot_status(self) -> ClusterRobotStatus:
        """Its stored status."""
        return parse_cluster_robot_status(self.raw_status)

    @property
    def status(self) -> ClusterRobotStatus:
        """Its stored status, of which a robot's is a part."""
        return self.cluster_robot_status

    @property
    def stored_status(self) -> ClusterRobotStatus:
        """The same: a robot's part alone would be stored without the rest."""
        return self.cluster_robot_status

    @cached_property
    def copied_spec(self) -> RobotSpec | InvalidSpec:
        """The spec of the robot that all namespaces share, with the Secrets of each."""
        if isinstance(self.declared, InvalidSpec):
            return self.declared
        try:
            robot = name_robot(self.declared, self.key.name, "", self.cluster)
        except InvalidSpec as error:
            return error
        made = self.status.robot
        if made is not None and made.full_name != robot.full:
            msg = f"the robot was created as {made.full_name}; its name cannot be changed"
            return InvalidSpec(Reason.INVALID_SPEC, msg)
        spec = self.declared.template.spec
        return spec.model_copy(update={"robot_name": robot.short})

    @cached_property
    def secret_names(self) -> frozenset[str]:
        """The names of the Secrets that each namespace is to have from a shared robot."""
        spec = self.copied_spec
        if isinstance(spec, InvalidSpec):
            return frozenset()
        return frozenset(secrets_of(self.key.name, spec))

    @cached_property
    def account_names(self) -> frozenset[str]:
        """The ServiceAccounts that are to name one of them."""
        spec = self.copied_spec
        if isinstance(spec, InvalidSpec):
            return frozenset()
        return frozenset(each.service_account for each in links_of(self.key.name, spec))

    @cached_property
    def spec(self) -> RobotSpec | InvalidSpec:
        """The spec of the robot itself, which has no Secret of its own."""
        spec = self.copied_spec
        return spec if isinstance(spec, InvalidSpec) else _bare(spec)

    @cached_property
    def lenient_spec(self) -> RobotSpec:
        """The spec of the robot as far as a deletion needs it."""
        if not isinstance(self.spec, InvalidSpec):
            return self.spec
        made = self.status.robot
        short = made.full_name.partition("+")[2] if made else self.key.name
        raw = {**template_of(self.raw_spec), "robotName": short}
        return _bare(lenient_robot(self.key.name, raw))


class ConnectionRecord(Record):
    """One QuayConnection or ClusterQuayConnection."""

    @cached_property
    def spec(self) -> ConnectionSpec | ClusterConnectionSpec | InvalidSpec:
        """Its spec, or why it cannot be one."""
        try:
            parse = partial(parse_connection, self.key.kind)
            return parse_stored(connection_model(self.key.kind), self.raw_spec, parse)
        except InvalidSpec as error:
            return error

    @cached_property
    def status(self) -> ConnectionStatus:
        """Its stored status."""
        return parse_connection_status(self.raw_status)


def _packed(part: object) -> bytes:
    # A copy: orjson leaves its whole buffer, 4 KB, behind the few bytes of its result.
    return bytes(memoryview(orjson.dumps(part or {})))


def _unpacked(packed: bytes) -> Body:
    part: Body = orjson.loads(packed)
    return part


def _bare(spec: RobotSpec) -> RobotSpec:
    return spec.model_copy(update={"secrets": []})


def _question(record: Record) -> tuple[object, ...]:
    meta = record.meta
    return (
        meta.get("generation"),
        meta.get("deletionTimestamp"),
        tuple(meta.get("finalizers") or ()),
        str(meta.get("annotations")),
    )
