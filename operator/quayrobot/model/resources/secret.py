"""
What does a Secret that carries the credential look like?

Its format, what it is filed under, what users want on it, and which
ServiceAccounts are to name it. Its type cannot be changed once it is there, so
neither can the format of a name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from .base import TWICE, ObjectName, Part, Rule, rules
from .labels import ANNOTATION_KEYS, KEYS, VALUES

__all__ = [
    "LINKS_WORDS",
    "RESERVED",
    "RESERVED_WORDS",
    "SecretKeys",
    "SecretSpec",
    "ServiceAccountLink",
]

RESERVED = (
    "!self.exists(k, k == 'quayrobot.io' || k.startsWith('quayrobot.io/') "
    "|| k == 'app.kubernetes.io/managed-by')"
)
RESERVED_WORDS = "keys under quayrobot.io/ and app.kubernetes.io/managed-by are the operator's own"
_OURS = Rule(RESERVED, RESERVED_WORDS)
LINKS_WORDS = "links must not name one list twice"
DataKey = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]


def _key(name: str) -> str:
    return f"(has(self.{name}) ? self.{name} : '{name}')"


class SecretKeys(Part):
    """The data keys of an Opaque Secret."""

    username: DataKey = "username"
    """The data key for the robot's full name."""
    password: DataKey = "password"  # noqa: S105 - the name of a key
    """The data key for the credential."""
    registry: DataKey = "registry"
    """The data key for the registry's host."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule=f"{_key('username')} != {_key('password')} && "
                f"{_key('username')} != {_key('registry')} && "
                f"{_key('password')} != {_key('registry')}",
                message="username, password and registry need three different keys",
            )
        )
    }


def _each_once(links: list[str]) -> list[str]:
    if len(links) != len(set(links)):
        raise ValueError(LINKS_WORDS)
    return links


class ServiceAccountLink(Part):
    """A ServiceAccount of the own namespace that is to name the Secret, and where."""

    name: ObjectName
    """The ServiceAccount's name. It may be created later."""
    links: Annotated[
        list[Literal["imagePullSecrets", "secrets"]],
        # No set: one that is emptied would vanish, and mean imagePullSecrets.
        Field(min_length=1, max_length=2, json_schema_extra=rules(Rule(TWICE, LINKS_WORDS))),
        AfterValidator(_each_once),
    ] = ["imagePullSecrets"]
    """The lists of the ServiceAccount to add the Secret to."""


class SecretSpec(Part):
    """One Secret that carries the credential."""

    name: ObjectName
    """The Secret's name. The operator never changes a Secret that it does not own."""
    format: Literal["DockerConfigJson", "BasicAuth", "Opaque"] = "DockerConfigJson"
    """Type and keys of the Secret. Cannot be changed; use another name instead."""
    scope: Literal["Registry", "Organization", "Repositories"] = "Registry"
    """
    What the credential applies to: the registry, the robot's organization or user there, or each
    declared repository.
    """
    labels: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=32, json_schema_extra=rules(_OURS, KEYS, VALUES)),
    ] = {}
    """Labels to add to the Secret."""
    annotations: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=32, json_schema_extra=rules(_OURS, ANNOTATION_KEYS)),
    ] = {}
    """Annotations to add to the Secret."""
    keys: SecretKeys | None = None
    """Names of the data keys, for `format: Opaque`."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether the Secret is deleted with the resource, or with its entry here."""
    service_accounts: Annotated[
        list[ServiceAccountLink],
        Field(
            max_length=16,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = []
    """ServiceAccounts of the namespace to link the Secret to."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="!has(self.keys) || (has(self.format) && self.format == 'Opaque')",
                message="keys can be named for format: Opaque only; the other formats have "
                "keys that their readers expect",
            ),
            Rule(
                rule="!has(self.scope) || self.scope == 'Registry' || "
                "!has(self.format) || self.format != 'BasicAuth'",
                message="format: BasicAuth holds no registry, so scope must be Registry",
            ),
            Rule(
                rule="!has(self.scope) || self.scope != 'Repositories' || "
                "!has(self.format) || self.format == 'DockerConfigJson'",
                message="scope: Repositories needs format: DockerConfigJson, the only one with "
                "an entry per repository",
            ),
            Rule(
                rule="!has(self.format) || self.format == 'DockerConfigJson' || "
                "!has(self.serviceAccounts) || self.serviceAccounts.all(a, "
                "has(a.links) && !a.links.exists(l, l == 'imagePullSecrets'))",
                message="imagePullSecrets can name a Secret of format: DockerConfigJson only; "
                "give links: [secrets]",
            ),
        )
    }
