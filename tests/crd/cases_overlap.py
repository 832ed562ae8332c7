"""What breaks the rules on two robots that take turns, and what is their neighbour?"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

ORG: Body = {"organization": "acme"}
OVERLAP: Body = {"rotation": {"strategy": "Overlap"}}
EXACT: Body = {"permissions": {"mode": "Exact"}}
ADDITIVE: Body = {"permissions": {"mode": "Additive"}}
OVERLAPS: Body = {**ORG, **OVERLAP, **EXACT}

# `acme+` and `.alt` leave 246 characters.
LONG = [
    {**OVERLAPS, "robotName": "a" * 247},
    {**OVERLAPS, "robotName": "a" * 250},
    {**OVERLAP, **EXACT, "organization": "a" * 249},
]
SHORT = [
    {**OVERLAPS, "robotName": "a" * 246},
    {**ORG, "rotation": {}, "robotName": "a" * 250},
    {**OVERLAP, **EXACT, "organization": "a" * 248},
]
LENGTH_WORDS = "not be longer than 251 characters"

WITHOUT_RIGHTS = [{**ORG, **OVERLAP}, {**ORG, **OVERLAP, **ADDITIVE}]
WITH_RIGHTS = [
    OVERLAPS,
    {**ORG, **OVERLAP, "permissions": {"mode": "Exact", "teams": ["devs"]}},
    {**ORG, **ADDITIVE, "rotation": {"strategy": "InPlace"}},
    {**ORG, "rotation": {"overlap": "2h"}},
]
RIGHTS_WORDS = "needs permissions with mode: Exact"

SOME_IDENTITIES = [{**OVERLAPS, "federation": {"mode": "Additive"}}]
ALL_IDENTITIES = [
    {**OVERLAPS, "federation": {}},
    {**OVERLAPS, "federation": {"mode": "Exact"}},
    {**ORG, "federation": {"mode": "Additive"}, "rotation": {}},
]
IDENTITIES_WORDS = "needs federation with mode: Exact"
