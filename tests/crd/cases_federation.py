"""
What breaks the rules on outside identities, and what is their neighbour that is accepted?

An identity has one of two forms, so that no single one can say everything: the
full robot says issuer and subject, and `NAMED` is the other form.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

PLACE = ".spec.federation.identities[]"
OUTSIDE: Body = {"issuer": "https://ci.example.com", "subject": "repo:shop/app"}
NAMED: Body = {"serviceAccount": "builder"}
FULL: Body = {"mode": "Exact", "identities": [OUTSIDE]}

ISSUER = (
    ["", "x", "http://x", "ftp://x", "HTTPS://x", "https://", "https://x?y", "https://x#y",
     "https://x y", "https://x\n", " https://x", "https://x/é", "https://a@x", "https://x\\y",
     "https://[x"],
    ["https://x", "https://x/", "https://quay.example:8443/realms/a", "https://[::1]/a~b%20"],
)  # fmt: skip
SUBJECT = (
    ["", " ", " a", "a ", "a\n", "\na", "a\nb", "\ta"],
    ["a", "a b", "repo:shop/app:ref:refs/heads/main", "é", "*"],
)
LONGEST_ISSUER = "https://" + "a" * 504


def _says(*identities: Body) -> Body:
    return {"organization": "acme", "federation": {"identities": list(identities)}}


FORMS_BAD = [
    _says({}),
    _says({"issuer": OUTSIDE["issuer"]}),
    _says({"subject": OUTSIDE["subject"]}),
    _says({**OUTSIDE, **NAMED}),
    _says({"issuer": OUTSIDE["issuer"], **NAMED}),
    _says({"subject": OUTSIDE["subject"], **NAMED}),
    _says(OUTSIDE, {}),
]
FORMS_GOOD = [
    _says(),
    _says(OUTSIDE),
    _says(NAMED),
    _says(NAMED, OUTSIDE),
    _says(OUTSIDE, OUTSIDE),
]
FORMS_WORDS = "either issuer and subject, or serviceAccount"
