"""
Whose tokens does Quay take for a robot's own?

Outside identities, each an issuer and a subject. A ServiceAccount of the own
namespace is named shortly; its issuer is this cluster's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import ATOMIC, ObjectName, Part, Rule, rules

__all__ = ["UNMANAGED_IDENTITIES_WORDS", "Federation", "Identity", "IdentityState"]

UNMANAGED_IDENTITIES_WORDS = (
    "federation.mode: Unmanaged leaves the robot's identities as they are: give none with it"
)

# Plain ASCII, and nothing that URL parsers read in different ways.
ISSUER_PATTERN = (
    r"^https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:%/-]*)?$"
)
Issuer = Annotated[str, StringConstraints(pattern=ISSUER_PATTERN, max_length=512)]
Subject = Annotated[
    str, StringConstraints(pattern=r"^[^\t\n\r ]([^\n\r]*[^\t\n\r ])?$", max_length=512)
]


class Identity(Part):
    """One outside identity: issuer and subject, or a ServiceAccount of the own namespace."""

    issuer: Issuer | None = None
    """What the outside token says in `iss`, byte for byte."""
    subject: Subject | None = None
    """What the outside token says in `sub`, byte for byte."""
    service_account: ObjectName | None = None
    """A ServiceAccount of the resource's namespace, with this cluster's issuer."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="has(self.serviceAccount) ? !has(self.issuer) && !has(self.subject) "
                ": has(self.issuer) && has(self.subject)",
                message="an identity is either issuer and subject, or serviceAccount",
            )
        )
    }


class Federation(Part):
    """All outside identities of a robot (Exact), some (Additive), or none of ours (Unmanaged)."""

    mode: Literal["Exact", "Additive", "Unmanaged"] = "Exact"
    """
    `Exact` takes out what is not declared, `Additive` only what the operator put there.
    `Unmanaged` reads nothing and leaves every identity as it is.
    """
    identities: Annotated[list[Identity], Field(max_length=32)] = []
    """The outside identities."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="!has(self.mode) || self.mode != 'Unmanaged' || "
                "!has(self.identities) || size(self.identities) == 0",
                message=UNMANAGED_IDENTITIES_WORDS,
            )
        )
        | ATOMIC
    }


class IdentityState(Part):
    """An outside identity as Quay has it."""

    issuer: str
    """The issuer as Quay has it."""
    subject: str
    """The subject as Quay has it."""
