"""
What must hold between the fields of a QuayRobot, for the API server to check?

Immutability compares effective values at the root, so that a field that is
dropped, changed and set again does not slip through. What vanishes on its way
(an owner that empties a list under server-side apply leaves none behind) must
never ask for more than what was there.
"""

from __future__ import annotations

from ..names import ALT_SUFFIX, FULL_NAME_MAX
from .base import Rule

__all__ = [
    "CREATOR_WORDS",
    "INTERVAL_WORDS",
    "NO_SECRETS_WORDS",
    "ROBOT_RULES",
    "UNMANAGED_WORDS",
    "secrets_stay",
]

_NAME = "(has(self.spec.robotName) ? self.spec.robotName : self.metadata.name)"
_OWNER = (
    "(has(self.spec.organization) ? self.spec.organization "
    ": (has(self.spec.user) ? self.spec.user : ''))"
)


_TURNS = "(has(self.spec.rotation) && self.spec.rotation.strategy == 'Overlap')"


def _old(expression: str) -> str:
    return expression.replace("self.", "oldSelf.value().")


_FORMAT = "(has({0}.format) ? {0}.format : 'DockerConfigJson')"
_IS_DEFAULT = "{0}.name != self.metadata.name || " + _FORMAT + " == 'DockerConfigJson'"
_FORMAT_KEPT = (
    # Both lists are given, then either may be the default: one Secret named like the
    # resource, of the default format.
    (
        "!has(self.spec.secrets) || !has(oldSelf.spec.secrets) || "
        "oldSelf.spec.secrets.all(o, self.spec.secrets.all(n, "
        f"n.name != o.name || {_FORMAT.format('n')} == {_FORMAT.format('o')}))"
    ),
    (
        "!has(self.spec.secrets) || has(oldSelf.spec.secrets) || "
        "(has(oldSelf.spec.noSecret) && oldSelf.spec.noSecret) || "
        f"self.spec.secrets.all(n, {_IS_DEFAULT.format('n')})"
    ),
    (
        "has(self.spec.secrets) || !has(oldSelf.spec.secrets) || self.spec.noSecret || "
        f"oldSelf.spec.secrets.all(o, {_IS_DEFAULT.format('o')})"
    ),
)
CREATOR_WORDS = (
    "a robot that is the creator of a default must be of the same organization: "
    "'<organization>+<robotName>'"
)
INTERVAL_WORDS = (
    "rotation.interval and strategy: Overlap cannot be combined with credentials of type "
    "Federated: those are replaced within the hour anyway, without a failed login"
)
NO_SECRETS_WORDS = "noSecret: true asks for no Secret: leave out secrets"
UNMANAGED_WORDS = (
    "credentials of type Federated need the identity of their own serviceAccount in Quay, so "
    "federation.mode cannot be Unmanaged"
)
_SAME_FORMAT = (
    "the format of a Secret cannot be changed (its type is immutable); "
    "give the Secret another name"
)


def secrets_stay(place: str) -> Rule:
    """Return the rule of *place* that a list which vanishes brings up no Secret of its own."""
    now, old = f"self.{place}", f"oldSelf.{place}"
    return Rule(
        rule=f"has({now}.secrets) || {now}.noSecret || !has({old}.secrets) || "
        f"{old}.secrets.exists(o, o.name == self.metadata.name)",
        message="without secrets a Secret named like the resource would be created, which did not "
        "exist before: name it in secrets, or give noSecret: true",
        transition=True,
    )


ROBOT_RULES = (
    Rule(
        rule="has(self.spec.organization) != has(self.spec.user)",
        message="exactly one of organization and user must be given",
    ),
    Rule(
        rule=f"!oldSelf.hasValue() || ({_OWNER} == {_old(_OWNER)} "
        "&& has(self.spec.user) == has(oldSelf.value().spec.user))",
        message="organization and user cannot be changed: a robot never moves; "
        "create a new QuayRobot instead",
    ),
    Rule(
        rule=f"!oldSelf.hasValue() || {_NAME} == {_old(_NAME)}",
        message="robotName cannot be changed: Quay cannot rename a robot; "
        "create a new QuayRobot instead",
    ),
    Rule(
        rule=f"{_NAME}.matches('^[a-z0-9]+([._-][a-z0-9]+)*$') && size({_NAME}) >= 2",
        message="robotName (by default the resource's name), without the organization, must be 2 "
        "to 255 lower-case letters and digits, with single '.', '_' or '-' between them; "
        "set spec.robotName",
    ),
    Rule(
        rule=f"size({_NAME}) + size({_OWNER}) + 1 <= 255",
        message="'<organization or user>+<robotName>' must not be longer than 255 characters; "
        "set a shorter spec.robotName",
    ),
    Rule(
        rule="!has(self.spec.user) || !has(self.spec.permissions) || "
        "((!has(self.spec.permissions.teams) || size(self.spec.permissions.teams) == 0) && "
        "(!has(self.spec.permissions.defaults) || size(self.spec.permissions.defaults) == 0))",
        message="permissions.teams and permissions.defaults belong to organizations; "
        "a user's robot can have repositories only",
    ),
    Rule(
        rule="!has(self.spec.secrets) || (has(self.spec.permissions) && "
        "has(self.spec.permissions.repositories) && "
        "size(self.spec.permissions.repositories) > 0) || "
        "self.spec.secrets.all(s, !has(s.scope) || s.scope != 'Repositories')",
        message="scope: Repositories needs permissions.repositories: they are its entries",
    ),
    *(Rule(rule=rule, message=_SAME_FORMAT, transition=True) for rule in _FORMAT_KEPT),
    Rule(
        rule=f"!{_TURNS} || size({_NAME}) + size({_OWNER}) + 1 <= "
        f"{FULL_NAME_MAX - len(ALT_SUFFIX)}",
        message="with rotation.strategy: Overlap '<organization or user>+<robotName>' must not "
        "be longer than 251 characters: the second robot's name ends with .alt",
    ),
    Rule(
        rule=f"!{_TURNS} || (has(self.spec.permissions) && self.spec.permissions.mode == 'Exact')",
        message="rotation.strategy: Overlap needs permissions with mode: Exact, so that the next "
        "robot gets the same rights (permissions: {mode: Exact} for none)",
    ),
    Rule(
        rule=f"!{_TURNS} || !has(self.spec.federation) || self.spec.federation.mode == 'Exact'",
        message="rotation.strategy: Overlap needs federation with mode: Exact, so that the next "
        "robot gets the same identities",
    ),
    Rule(
        rule="!has(self.spec.credentials) || !has(self.spec.credentials.type) || "
        "self.spec.credentials.type != 'Federated' || !has(self.spec.rotation) || "
        "(!has(self.spec.rotation.interval) && "
        f"!{_TURNS})",
        message=INTERVAL_WORDS,
    ),
    Rule(
        rule="!has(self.spec.secrets) || size(self.spec.secrets) > 0 || self.spec.noSecret",
        message="secrets: [] is not accepted, because an emptied list can get lost and then mean "
        "the default Secret; for no Secret at all give noSecret: true",
    ),
    Rule(
        rule="!self.spec.noSecret || !has(self.spec.secrets) || size(self.spec.secrets) == 0",
        message=NO_SECRETS_WORDS,
    ),
    secrets_stay("spec"),
    Rule(
        rule="!has(self.spec.federation) || self.spec.federation.mode != 'Unmanaged' || "
        "!has(self.spec.credentials) || !has(self.spec.credentials.type) || "
        "self.spec.credentials.type != 'Federated'",
        message=UNMANAGED_WORDS,
    ),
    Rule(
        rule="!has(self.spec.organization) || !has(self.spec.permissions) || "
        "!has(self.spec.permissions.defaults) || self.spec.permissions.defaults.all(d, "
        "!has(d.creator) || !d.creator.contains('+') || "
        "d.creator.startsWith(self.spec.organization + '+'))",
        message=CREATOR_WORDS,
    ),
)
