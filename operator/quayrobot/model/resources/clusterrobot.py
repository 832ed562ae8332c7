"""
Which fields does a ClusterQuayRobot have?

It picks namespaces and says what each of them gets: a QuayRobot of its own
(PerNamespace), or the Secrets of one robot for all (Shared). What a QuayRobot
may say is not repeated here: the template holds a whole spec, save for the
robot's name, which each namespace has of its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import ATOMIC, Part, Rule, in_words, rules
from .labels import ANNOTATION_KEYS, KEYS, VALUES, LabelSelector
from .patterns import TEMPLATE_PATTERN
from .robot import RobotSpec, RobotStatus
from .robot_rules import ROBOT_RULES, secrets_stay
from .secret import RESERVED, RESERVED_WORDS

__all__ = [
    "CLUSTER_ROBOT_RULES",
    "ClusterRobotSpec",
    "ClusterRobotStatus",
    "EXCLUDED",
    "FAILED_MAX",
    "Failure",
    "NAME_TEMPLATES",
    "NamespaceCounts",
    "Removal",
    "Template",
    "TemplateMeta",
]

FAILED_MAX = 20
# What is selected where nothing is said; what robots are named by depends on the mode.
EXCLUDED = ["kube-*", "openshift-*"]
NAME_TEMPLATES = {"PerNamespace": "{namespace}-{name}", "Shared": "{name}"}
NamespaceGlob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?\[\]!-]+$", max_length=63)]
Consent = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
        r"(=([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?)?$",
        max_length=381,
    ),
]
NameTemplate = Annotated[
    str,
    StringConstraints(pattern=TEMPLATE_PATTERN, max_length=255),
    Field(json_schema_extra=in_words(TEMPLATE_PATTERN)),
]
_OURS = Rule(RESERVED, RESERVED_WORDS)


class TemplateMeta(Part):
    """Labels and annotations that each QuayRobot gets (PerNamespace only)."""

    labels: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=32, json_schema_extra=rules(_OURS, KEYS, VALUES)),
    ] = {}
    """Labels of each QuayRobot; those under `quayrobot.io/` are reserved."""
    annotations: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=32, json_schema_extra=rules(_OURS, ANNOTATION_KEYS)),
    ] = {}
    """Annotations of each QuayRobot; those under `quayrobot.io/` are reserved."""

    model_config = Part.model_config | {"json_schema_extra": {**ATOMIC}}


class Template(Part):
    """What each namespace gets: a QuayRobot without its name."""

    metadata: TemplateMeta = TemplateMeta()
    """Labels and annotations of each QuayRobot."""
    spec: RobotSpec
    """The spec of a QuayRobot, without `robotName`."""


class ClusterRobotSpec(Part):
    """The spec of a ClusterQuayRobot."""

    namespace_selectors: Annotated[list[LabelSelector], Field(min_length=1, max_length=16)]
    """Label selectors. A namespace is selected if one of them matches."""
    exclude_namespaces: Annotated[list[NamespaceGlob], Field(max_length=64)] = EXCLUDED
    """Glob patterns for namespaces to exclude."""
    consent: Consent | None = None
    """A label that a namespace must also have: `key` or `key=value`."""
    mode: Literal["PerNamespace", "Shared"] = "PerNamespace"
    """One robot per namespace, or one shared by all of them. Cannot be changed."""
    robot_name_template: NameTemplate | None = None
    """
    Names of robots, with `{namespace}`, `{name}`, `{cluster}`. By default `{namespace}-{name}`,
    with `mode: Shared` `{name}`.
    """
    template: Template
    """What each namespace gets."""

    @property
    def shared(self) -> bool:
        """Whether one robot serves all namespaces."""
        return self.mode == "Shared"

    @property
    def name_template(self) -> str:
        """The template that robots are named by."""
        return self.robot_name_template or NAME_TEMPLATES[self.mode]


_T = "self.spec.template.spec"
_OLD = "oldSelf.value().spec"
_SHARED = "self.spec.mode != 'Shared'"


def _same(field: str) -> str:
    now, old = f"self.spec.{field}", f"{_OLD}.{field}"
    return f"(has({now}) ? {now} : '') == (has({old}) ? {old} : '')"


def _lifted() -> tuple[Rule, ...]:
    """The rules of a QuayRobot that are about neither its name nor its past hold here too."""
    return tuple(
        Rule(rule=each.rule.replace("self.spec.", f"{_T}."), message=f"template: {each.message}")
        for each in ROBOT_RULES
        if not any(word in each.rule for word in ("oldSelf", "metadata.name"))
    )


CLUSTER_ROBOT_RULES = (
    Rule(
        rule="!oldSelf.hasValue() || self.spec.mode == oldSelf.value().spec.mode",
        message="mode cannot be changed: create another ClusterQuayRobot, wait until its Secrets "
        "are there, then delete this one",
    ),
    Rule(
        rule=f"!has({_T}.robotName)",
        message="template.spec.robotName cannot be given: robotNameTemplate names the robots",
    ),
    Rule(
        rule=f"{_SHARED} || !has(self.spec.robotNameTemplate) || "
        "!self.spec.robotNameTemplate.contains('{namespace}')",
        message="mode: Shared makes one robot for all namespaces, so robotNameTemplate cannot "
        "hold {namespace}",
    ),
    Rule(
        rule=f"{_SHARED} || {_T}.connectionRef.kind == 'ClusterQuayConnection'",
        message="mode: Shared needs connectionRef.kind: ClusterQuayConnection, whose rules say "
        "which namespaces may have the credential",
    ),
    Rule(
        rule=f"{_SHARED} || ((!has({_T}.federation) || "
        f"!has({_T}.federation.identities) || "
        f"{_T}.federation.identities.all(i, !has(i.serviceAccount))) && "
        f"(!has({_T}.credentials) || {_T}.credentials.type != 'Federated'))",
        message="mode: Shared allows no serviceAccount in federation or credentials: it would be "
        "a different one in each namespace; give issuer and subject, and credentials of type "
        "Static",
    ),
    Rule(
        rule=f"{_SHARED} || {_T}.creationPolicy == 'Create' || (has({_T}.permissions) && "
        f"{_T}.permissions.mode == 'Exact')",
        message="mode: Shared adopts a robot only with permissions of mode Exact, so that it "
        "keeps none that the connection's rules do not allow",
    ),
    Rule(
        rule=f"!oldSelf.hasValue() || {_SHARED} || ({_same('robotNameTemplate')} && "
        f"{_same('template.spec.organization')} && {_same('template.spec.user')})",
        message="organization, user and robotNameTemplate cannot be changed with mode: Shared: "
        "a robot never moves; create another ClusterQuayRobot instead",
    ),
    Rule(
        rule=f"{_SHARED} || !has({_T}.secrets) || "
        f"{_T}.secrets.all(s, !has(s.deletionPolicy) || s.deletionPolicy == 'Delete')",
        message="mode: Shared leaves no Secret behind: it would hold a credential that the next "
        "rotation ends",
    ),
    Rule(
        rule=f"{_SHARED} || !has({_T}.rotation) || {_T}.rotation.strategy != 'Overlap'",
        message="mode: Shared rotates in place; rotation.strategy: Overlap is for a robot of one "
        "namespace",
    ),
    secrets_stay("spec.template.spec"),
    *_lifted(),
)


class NamespaceCounts(Part):
    """Numbers of namespaces by state."""

    targets: int = 0
    """Selected namespaces."""
    ready: int = 0
    """Selected namespaces that are up to date."""
    stale: int = 0
    """With `mode: Shared`: namespaces with an older credential."""
    failed: int = 0
    """Namespaces that failed."""
    leaving: int = 0
    """Namespaces that are no longer selected and still have a robot or Secrets."""


class Failure(Part):
    """Why one namespace is not up to date."""

    namespace: str
    """The namespace."""
    reason: str
    """The reason, as in conditions."""
    message: str = ""
    """The message."""


class Removal(Part):
    """A mass removal that was confirmed: by which value, and how many are left to remove."""

    confirmed: str
    """The annotation's value; it is good for one removal."""
    left: int = 0
    """Namespaces still to be cleaned up."""


class ClusterRobotStatus(RobotStatus):
    """What the operator knows about a ClusterQuayRobot; of a robot for Shared alone."""

    namespaces: NamespaceCounts | None = None
    """Numbers of namespaces by state."""
    failed: tuple[Failure, ...] = ()
    """Up to 20 namespaces that are not up to date."""
    removal: Removal | None = None
    """A confirmed removal from many namespaces."""
