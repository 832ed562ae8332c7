"""
May this namespace request this through this connection?

Decided from the connection's rules alone, on every pass and before any call to
Quay. Within a rule all parts must hold, between rules any one suffices. A
namespace that no rule selects is told the same as if the connection did not
exist, so that nobody can probe for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ...model.errors import Reason, Refused, TryLater
from ...model.names import RobotName
from ...model.resources.connection import AccessRule
from ...model.resources.labels import LabelRequirement, LabelSelector
from ...model.resources.permissions import ROLES
from ...model.world import GrantsSeen as Rights
from ...model.world import NamespaceSeen

__all__ = [
    "Permit",
    "any_glob",
    "check_rights",
    "connection_not_found",
    "may_know",
    "permit_of",
    "selects",
]


NAMED = 3


@dataclass(frozen=True, slots=True)
class Permit:
    """
    What the rules grant beyond the making of the robot itself.

    *rules* are those that cover the robot, None for a connection without rules.
    """

    adoption: bool
    takeover: frozenset[str]
    rules: tuple[AccessRule, ...] | None = None

    def taking(self, cluster: str | None) -> Permit:
        """
        Return what is left of it for a robot that is taken from *cluster*, or adopted (None).

        What such a robot brings along has to suit the rule that lets it be taken.
        """
        if self.rules is None:
            return self
        rules = tuple(
            each
            for each in self.rules
            if (each.adoption if cluster is None else cluster in each.takeover)
        )
        return replace(self, rules=rules)


OWNERS = "owners"
OWN_CONNECTION = Permit(adoption=True, takeover=frozenset())


def permit_of(
    rules: tuple[AccessRule, ...] | None,
    namespace: NamespaceSeen,
    robot: RobotName,
    *,
    connection: str,
) -> Permit:
    """
    Return what *namespace* may do with *robot*; *rules* None means no limits.

    Raises:
        Refused: ConnectionNotFound for a namespace that no rule selects,
            AccessDenied when the rules that do select it do not cover *robot*.
        TryLater: The labels of *namespace* are not known now.
    """
    if rules is None:
        return OWN_CONNECTION

    labels = namespace.labels
    if labels is None:
        # Not the same as none: a rule may select what lacks a label.
        msg = f"the labels of namespace {namespace.name} cannot be read now"
        raise TryLater(Reason.CLUSTER_UNAVAILABLE, msg)
    if not may_know(rules, namespace):
        raise connection_not_found("ClusterQuayConnection", connection)

    mine = [rule for rule in rules if selects(rule.namespaces, labels)]
    covering = [rule for rule in mine if _covers(rule, namespace.name, robot)]
    if not covering:
        msg = (
            f"the rules of ClusterQuayConnection {connection} do not allow the robot {robot.full} "
            f"in namespace {namespace.name} ({_instead(mine, namespace.name, robot)}); "
            "ask its administrator for a rule"
        )
        raise Refused(Reason.ACCESS_DENIED, msg)

    return Permit(
        adoption=any(rule.adoption for rule in covering),
        takeover=frozenset(each for rule in covering for each in rule.takeover),
        rules=tuple(covering),
    )


def may_know(rules: tuple[AccessRule, ...] | None, namespace: NamespaceSeen) -> bool:
    """Return whether *namespace* may know that the connection with *rules* is there at all."""
    labels = namespace.labels
    if rules is None or labels is None:
        return True
    return any(selects(rule.namespaces, labels) for rule in rules)


def check_rights(permit: Permit, rights: Rights, *, connection: str) -> None:
    """
    Raise if one of *rights* is allowed by none of the rules that cover the robot.

    Raises:
        Refused: AccessDenied, naming the first that is not.
    """
    if permit.rules is None:
        return
    for what, allowed in _demands(rights):
        if not any(allowed(rule) for rule in permit.rules):
            msg = (
                f"the rules of ClusterQuayConnection {connection} do not allow {what}; "
                "ask its administrator for a rule"
            )
            raise Refused(Reason.ACCESS_DENIED, msg)


def _demands(rights: Rights) -> Iterator[tuple[str, Callable[[AccessRule], bool]]]:
    for name, role in rights.repositories.items():
        known: str = role or ROLES[-1]
        yield (
            f"the role {known} on the repository {name}",
            lambda rule, role=known: _up_to(rule, role),  # type: ignore[misc]
        )
    for team in sorted(rights.teams):
        yield f"the team {team}", lambda rule, team=team: _team(rule, team)  # type: ignore[misc]
    for default in rights.defaults:
        yield (
            f"a default permission with the role {default.role}",
            lambda rule, role=default.role: rule.defaults and _up_to(rule, role),  # type: ignore[misc]
        )


def _up_to(rule: AccessRule, role: str) -> bool:
    return role in ROLES and ROLES.index(role) <= ROLES.index(rule.max_role)


def _team(rule: AccessRule, team: str) -> bool:
    if team == OWNERS:
        # Membership there is every right on the organization: no pattern means that.
        return OWNERS in rule.teams
    return any_glob(rule.teams, team)


def connection_not_found(kind: str, name: str, own: Sequence[str] = ()) -> Refused:
    """
    Return the one answer for a connection that is absent or not for this namespace.

    *own* are names of QuayConnections in the resource's namespace: whoever writes one often
    forgets to name it, or its kind.
    """
    if kind == "QuayConnection":
        more = ", ..." if len(own) > NAMED else ""
        others = f", which has {', '.join(sorted(own)[:NAMED])}{more}" if own else ""
        msg = f"there is no QuayConnection {name} in this namespace{others}"
        return Refused(Reason.CONNECTION_NOT_FOUND, msg)
    msg = f"there is no {kind} {name} that this resource may use"
    if own:
        meant = name if name in own else min(own)
        msg += (
            f"; to use the QuayConnection {meant}, "
            f"set connectionRef: {{kind: QuayConnection, name: {meant}}}"
        )
    return Refused(Reason.CONNECTION_NOT_FOUND, msg)


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Return whether *selector* picks something that carries *labels*."""
    exact = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return exact and all(_meets(each, labels) for each in selector.match_expressions)


def _meets(need: LabelRequirement, labels: Mapping[str, str]) -> bool:
    match need.operator:
        case "In":
            return labels.get(need.key) in need.values
        case "NotIn":
            return labels.get(need.key) not in need.values
        case "Exists":
            return need.key in labels
        case "DoesNotExist":
            return need.key not in labels
        case _:
            return False


def _instead(mine: Iterable[AccessRule], namespace: str, robot: RobotName) -> str:
    """Say what the rules that select *namespace* allow there in place of *robot*."""
    fitting = [rule for rule in mine if _owns(rule, robot)]
    names = {each for rule in fitting for each in rule.robot_names or ()}
    if not names:
        return f"nothing of the {robot.owner.kind} {robot.owner.name}"
    told = sorted(each.replace("{namespace}", namespace) for each in names)
    more = ", ..." if len(told) > NAMED else ""
    return f"allowed names: {', '.join(told[:NAMED])}{more}"


def _owns(rule: AccessRule, robot: RobotName) -> bool:
    owners = rule.organizations if robot.owner.kind == "organization" else rule.users
    return any_glob(owners, robot.owner.name)


def _covers(rule: AccessRule, namespace: str, robot: RobotName) -> bool:
    if not _owns(rule, robot):
        return False

    if rule.robot_names is None:
        return True

    # Its letters mean themselves, whatever they are.
    plain = re.sub(r"([*?[])", r"[\1]", namespace)
    return any_glob((each.replace("{namespace}", plain) for each in rule.robot_names), robot.short)


def any_glob(globs: Iterable[str], text: str) -> bool:
    """Return whether *text* matches one of *globs*."""
    return any(fnmatchcase(text, each) for each in globs)
