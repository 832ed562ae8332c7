"""
What kind of credential do a robot's Secrets carry?

Static: the robot's own token, which lives until it is replaced. Federated: a
one-hour password, which Quay gives in exchange for a ServiceAccount's token.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import TWICE, ObjectName, Part, Rule, rules

__all__ = ["ACCOUNT_WORDS", "AUDIENCES_WORDS", "STATIC_WORDS", "Credentials"]

ACCOUNT_WORDS = "credentials of type Federated need serviceAccount, whose token is exchanged"
AUDIENCES_WORDS = "credentials.audiences must not name one twice"
STATIC_WORDS = "serviceAccount and audiences belong to credentials of type: Federated"
# Anything that may stand in a token's `aud`, without blanks.
Audience = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=255)]


class Credentials(Part):
    """Where the credential in the Secrets comes from."""

    type: Literal["Static", "Federated"] = "Static"
    """
    `Static`: the robot's own token. `Federated`: a one-hour password that Quay issues in exchange
    for a ServiceAccount's token; the operator replaces it well before it expires.
    """
    service_account: ObjectName | None = None
    """
    For `Federated`: the ServiceAccount, in the resource's namespace, whose token is exchanged.
    """
    audiences: Annotated[
        list[Audience] | None,
        Field(
            min_length=1,
            max_length=8,
            json_schema_extra=rules(Rule(TWICE, AUDIENCES_WORDS)),
        ),
    ] = None
    """For `Federated`: the audiences of that token, by default the connection's url."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="!has(self.type) || self.type != 'Federated' || has(self.serviceAccount)",
                message=ACCOUNT_WORDS,
            ),
            Rule(
                rule="(has(self.type) && self.type == 'Federated') || "
                "(!has(self.serviceAccount) && !has(self.audiences))",
                message=STATIC_WORDS,
            ),
        )
    }
