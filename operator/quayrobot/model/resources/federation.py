"""
Whose tokens does Quay take for a robot's own?

Outside identities, each an issuer and a subject. A ServiceAccount of the own
namespace is named shortly; its issuer is this cluster's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import ATOMIC, ObjectName, Part, Rule, in_words, rules
from .patterns import ISSUER_PATTERN

__all__ = ["UNMANAGED_IDENTITIES_WORDS", "Federation", "Identity", "IdentityState"]

UNMANAGED_IDENTITIES_WORDS = (
    "federation.mode: Unmanaged leaves the robot's identities as they are: give none with it"
)

Issuer = Annotated[
    str,
    StringConstraints(pattern=ISSUER_PATTERN, max_length=512),
    Field(json_schema_extra=in_words(ISSUER_PATTERN)),
]
Subject = Annotated[
    str, StringConstraints(pattern=r"^[^\t\n\r ]([^\n\r]*[^\t\n\r ])?$", max_length=512)
]


class Identity(Part):
    """One outside identity: issuer and subject, or a ServiceAccount of the own namespace."""

    issuer: Issuer | None = None
    """The token's `iss`, exactly."""
    subject: Subject | None = None
    """The token's `sub`, exactly."""
    service_account: ObjectName | None = None
    """Instead of both: a ServiceAccount of the resource's namespace."""

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
    `Exact` removes identities that are not declared, `Additive` only those that the operator
    added. `Unmanaged` leaves all identities alone.
    """
    identities: Annotated[list[Identity], Field(max_length=32)] = []
    """Identities whose tokens Quay accepts as the robot's password."""

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
    """The issuer, as stored in Quay."""
    subject: str
    """The subject, as stored in Quay."""
