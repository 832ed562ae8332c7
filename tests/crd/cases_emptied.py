"""What breaks the rules on blocks that vanish or mean nothing, and what is their neighbour?"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

ORG: Body = {"organization": "acme"}
TEAMS: Body = {"teams": ["devs"]}
NAMED: Body = {"serviceAccount": "builder"}
KEYLESS: Body = {"credentials": {"type": "Federated", **NAMED}}

NO_SECRETS_BAD = [{**ORG, "secrets": []}]
NO_SECRETS_GOOD = [ORG, {**ORG, "noSecret": True}, {**ORG, "noSecret": True, "secrets": []}]
NO_SECRETS_WORDS = "give noSecret: true"

BOTH_BAD = [{**ORG, "noSecret": True, "secrets": [{"name": "ci"}]}]
BOTH_GOOD = [{**ORG, "noSecret": True}, {**ORG, "noSecret": False, "secrets": [{"name": "ci"}]}]
BOTH_WORDS = "leave out secrets"

ELSEWHERE: Body = {**ORG, "secrets": [{"name": "x"}, {"name": "y"}]}
APPEARS_BAD = [ORG]
APPEARS_GOOD = [{**ORG, "noSecret": True}, {**ORG, "secrets": [{"name": "ci"}]}]
APPEARS_WORDS = "give noSecret: true"
STAYS: Body = {**ORG, "secrets": [{"name": "x"}, {"name": "ci"}]}

UNMANAGED: Body = {"federation": {"mode": "Unmanaged"}}
OWN_IDENTITY_BAD = [{**ORG, **KEYLESS, **UNMANAGED}]
OWN_IDENTITY_GOOD = [{**ORG, **UNMANAGED}, {**ORG, **KEYLESS, "federation": {"mode": "Additive"}}]
OWN_IDENTITY_WORDS = "federation.mode cannot be Unmanaged"

RIGHTS_BAD = [
    {**ORG, "permissions": {"mode": "Unmanaged", **rights}}
    for rights in (
        TEAMS,
        {"repositories": [{"name": "app", "role": "read"}]},
        {"defaults": [{"role": "read"}]},
    )
]
RIGHTS_GOOD = [
    {**ORG, "permissions": {"mode": "Unmanaged"}},
    {**ORG, "permissions": {"mode": "Additive", **TEAMS}},
]
RIGHTS_WORDS = "give no repositories, teams or defaults with it"

IDENTITIES_BAD = [{**ORG, "federation": {"mode": "Unmanaged", "identities": [NAMED]}}]
IDENTITIES_GOOD = [
    {**ORG, **UNMANAGED},
    {**ORG, "federation": {"mode": "Additive", "identities": [NAMED]}},
]
IDENTITIES_WORDS = "give none with it"

AUDIENCES_BAD = [{**ORG, "credentials": {**KEYLESS["credentials"], "audiences": ["a", "b", "a"]}}]
AUDIENCES_GOOD = [{**ORG, "credentials": {**KEYLESS["credentials"], "audiences": ["a", "b"]}}]
AUDIENCES_WORDS = "audiences must not name one twice"


def _links(*links: str) -> Body:
    return {**ORG, "secrets": [{"name": "x", "serviceAccounts": [{"name": "a", "links": links}]}]}


LINKS_BAD = [_links("secrets", "secrets")]
LINKS_GOOD = [_links("secrets"), _links("secrets", "imagePullSecrets")]
LINKS_WORDS = "links must not name one list twice"
