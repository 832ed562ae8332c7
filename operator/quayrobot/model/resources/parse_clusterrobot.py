"""
How is a stored ClusterQuayRobot parsed, or refused with a clear message?

The template's spec is held to the rules of a QuayRobot's; what only Shared
forbids is checked here a second time, for objects that the API server took
under an older schema.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import InvalidSpec, Reason
from ..names import ALT, FULL_NAME_MAX, RobotName, is_robot_short_name
from .clusterrobot import ClusterRobotSpec, ClusterRobotStatus
from .parse import is_reserved, parse_part, parse_robot, parse_status
from .robot import RobotSpec, is_keyless
from .slots import overlaps

__all__ = [
    "name_robot",
    "parse_cluster_robot",
    "parse_cluster_robot_status",
    "robot_spec_for",
    "template_of",
]

_ANY_NAME = "any-name"


def parse_cluster_robot(spec: Mapping[str, object]) -> ClusterRobotSpec:
    """
    Return the spec of a ClusterQuayRobot.

    Raises:
        InvalidSpec: It says something that cannot be.
    """
    parsed = parse_part(ClusterRobotSpec, spec)
    if parsed.template.spec.robot_name is not None:
        raise _invalid("template.spec.robotName cannot be given: robotNameTemplate names robots")
    meta = parsed.template.metadata
    if any(is_reserved(key) for key in (*meta.labels, *meta.annotations)):
        raise _invalid("labels and annotations under quayrobot.io/ are the operator's own")
    parse_robot(_ANY_NAME, template_of(spec))
    if parsed.shared:
        _check_shared(parsed)
    return parsed


def parse_cluster_robot_status(status: Mapping[str, object]) -> ClusterRobotStatus:
    """Return the stored status; what cannot be read counts as not there."""
    return parse_status(ClusterRobotStatus, status)


def name_robot(
    spec: ClusterRobotSpec, name: str, namespace: str, cluster: str | None
) -> RobotName:
    """
    Return the robot that the ClusterQuayRobot *name* means for *namespace*.

    Raises:
        InvalidSpec: The template gives a name that Quay does not take.
    """
    template = spec.name_template
    if "{cluster}" in template and cluster is None:
        raise _invalid("robotNameTemplate holds {cluster} and the operator has no --cluster-name")
    short = (
        template.replace("{namespace}", namespace)
        .replace("{name}", name)
        .replace("{cluster}", cluster or "")
    )
    robot = RobotName(spec.template.spec.owner, short)
    longest = robot.in_slot(ALT) if overlaps(spec.template.spec) else robot
    if not is_robot_short_name(short) or len(longest.full) > FULL_NAME_MAX:
        raise _invalid(
            "robotNameTemplate gives a name that Quay does not take: it must be 2 to 255 "
            "lower-case letters and digits with single '.', '_' or '-' between them, the owner "
            "included in the length"
        )
    return robot


def robot_spec_for(spec: Mapping[str, object], robot: RobotName) -> dict[str, object]:
    """Return the raw spec of a QuayRobot by the template in *spec*, for *robot*."""
    said = template_of(spec)
    if said.get("secrets") == []:
        # An older template; in a QuayRobot of today it would be refused.
        said = {**said, "noSecret": True}
        del said["secrets"]
    return {**said, "robotName": robot.short}


def template_of(spec: Mapping[str, object]) -> Mapping[str, object]:
    """Return the raw spec in the template of the raw *spec*; empty where there is none."""
    template = spec.get("template")
    inner = template.get("spec") if isinstance(template, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _check_shared(spec: ClusterRobotSpec) -> None:
    robot: RobotSpec = spec.template.spec
    if "{namespace}" in spec.name_template:
        raise _invalid("mode: Shared makes one robot: robotNameTemplate cannot hold {namespace}")
    if robot.connection_ref.kind != "ClusterQuayConnection":
        raise _invalid("mode: Shared needs connectionRef.kind: ClusterQuayConnection")
    identities = robot.federation.identities if robot.federation else ()
    named = any(each.service_account is not None for each in identities)
    if named or is_keyless(robot):
        raise _invalid("mode: Shared takes no serviceAccount in federation or credentials")
    if any(each.deletion_policy == "Retain" for each in robot.secrets or ()):
        raise _invalid("mode: Shared leaves no Secret behind: deletionPolicy cannot be Retain")
    if overlaps(robot):
        raise _invalid("mode: Shared rotates in place: rotation.strategy cannot be Overlap")
    exact = robot.permissions is not None and robot.permissions.mode == "Exact"
    if robot.creation_policy != "Create" and not exact:
        raise _invalid("mode: Shared adopts a robot only with permissions of mode Exact")


def _invalid(message: str) -> InvalidSpec:
    return InvalidSpec(Reason.INVALID_SPEC, message)
