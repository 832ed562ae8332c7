"""
What does a Secret that carries the credential look like?

Its format, what it is filed under, what users want on it, and which
ServiceAccounts are to name it. Its type cannot be changed once it is there, so
neither can the format of a name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import ObjectName, Part, Rule, rules

__all__ = ["SecretKeys", "SecretSpec", "ServiceAccountLink"]

RESERVED = (
    "!self.exists(k, k == 'quayrobot.io' || k.startsWith('quayrobot.io/') "
    "|| k == 'app.kubernetes.io/managed-by')"
)
RESERVED_WORDS = "keys under quayrobot.io/ and app.kubernetes.io/managed-by are the operator's own"
DataKey = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]


def _key(name: str) -> str:
    return f"(has(self.{name}) ? self.{name} : '{name}')"


class SecretKeys(Part):
    """The data keys of an Opaque Secret."""

    username: DataKey = "username"
    password: DataKey = "password"  # noqa: S105 - the name of a key
    registry: DataKey = "registry"

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


class ServiceAccountLink(Part):
    """A ServiceAccount of the own namespace that is to name the Secret, and where."""

    name: ObjectName
    links: Annotated[
        list[Literal["imagePullSecrets", "secrets"]],
        Field(min_length=1, max_length=2, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = ["imagePullSecrets"]


class SecretSpec(Part):
    """One Secret that carries the credential."""

    name: ObjectName
    format: Literal["DockerConfigJson", "BasicAuth", "Opaque"] = "DockerConfigJson"
    scope: Literal["Registry", "Organization", "Repositories"] = "Registry"
    labels: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=32, json_schema_extra=rules(Rule(RESERVED, RESERVED_WORDS))),
    ] = {}
    annotations: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=32, json_schema_extra=rules(Rule(RESERVED, RESERVED_WORDS))),
    ] = {}
    keys: SecretKeys | None = None
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
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
