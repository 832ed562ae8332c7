"""What breaks the rules on single fields of a QuayRobot, and what is accepted beside it?"""

from __future__ import annotations

from . import cases_credentials as credentials
from . import cases_emptied as emptied
from . import cases_federation as federation
from .told import ORG, REPOSITORIES, WINDOW, Body, Cel, Told, rotation, secret


def opening(duration: str) -> Body:
    return rotation(interval="24h", window={**WINDOW, "duration": duration})


CEL: Cel = {
    ("QuayRobot", ".spec.permissions", 0): [
        Told(bad=emptied.RIGHTS_BAD, good=emptied.RIGHTS_GOOD, words=emptied.RIGHTS_WORDS)
    ],
    ("QuayRobot", ".spec.federation", 0): [
        Told(
            bad=emptied.IDENTITIES_BAD,
            good=emptied.IDENTITIES_GOOD,
            words=emptied.IDENTITIES_WORDS,
        )
    ],
    ("QuayRobot", f"{credentials.PLACE}.audiences", 0): [
        Told(
            bad=emptied.AUDIENCES_BAD,
            good=emptied.AUDIENCES_GOOD,
            words=emptied.AUDIENCES_WORDS,
        )
    ],
    ("QuayRobot", ".spec.secrets[].serviceAccounts[].links", 0): [
        Told(bad=emptied.LINKS_BAD, good=emptied.LINKS_GOOD, words=emptied.LINKS_WORDS)
    ],
    ("QuayRobot", ".spec.metadata", 0): [
        Told(
            bad=[{**ORG, "metadata": {"quayrobot.io": "x"}}],
            good=[{**ORG, "metadata": {"quayrobot.io/x": "y"}}],
            words="where the operator marks its robots",
        )
    ],
    ("QuayRobot", federation.PLACE, 0): [
        Told(
            bad=federation.FORMS_BAD,
            good=federation.FORMS_GOOD,
            words=federation.FORMS_WORDS,
        )
    ],
    ("QuayRobot", credentials.PLACE, 0): [
        Told(
            bad=credentials.WITHOUT_ACCOUNT_BAD,
            good=credentials.WITHOUT_ACCOUNT_GOOD,
            words=credentials.WITHOUT_ACCOUNT_WORDS,
        )
    ],
    ("QuayRobot", credentials.PLACE, 1): [
        Told(
            bad=credentials.STATIC_BAD,
            good=credentials.STATIC_GOOD,
            words=credentials.STATIC_WORDS,
        )
    ],
    ("QuayRobot", ".spec.rotation", 0): [
        Told(
            bad=[rotation(window=WINDOW), rotation(trigger="1", window=WINDOW)],
            good=[
                rotation(interval="24h", window=WINDOW),
                rotation(trigger="1"),
                rotation(interval="24h"),
                rotation(),
            ],
            words="give interval too",
        )
    ],
    ("QuayRobot", ".spec.rotation.interval", 0): [
        Told(
            bad=[rotation(interval=each) for each in ("0s", "59m", "59m59s", "0h3599s")],
            good=[rotation(interval=each) for each in ("1h", "60m", "0h3600s", "2160h")],
            words="at least 1h",
        )
    ],
    ("QuayRobot", ".spec.rotation.window.duration", 0): [
        Told(
            bad=[opening(each) for each in ("0s", "9s", "0h0m9s")],
            good=[opening(each) for each in ("10s", "1m", "2h")],
            words="at least 10s",
        )
    ],
    ("QuayRobot", ".spec.rotation.overlap", 0): [
        Told(
            bad=[rotation(overlap=each) for each in ("0s", "9s", "0h0m9s")],
            good=[rotation(overlap=each) for each in ("10s", "1m", "2h")],
            words="at least 10s",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 0): [
        Told(
            bad=[
                {**ORG, **secret(keys={})},
                {**ORG, **secret(format="BasicAuth", keys={"password": "p"})},
            ],
            good=[{**ORG, **secret(format="Opaque", keys={})}],
            words="format: Opaque only",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 1): [
        Told(
            bad=[{**ORG, **secret(format="BasicAuth", scope="Organization")}],
            good=[{**ORG, **secret(format=each, scope="Organization")}
                  for each in ("Opaque", "DockerConfigJson")],
            words="scope must be Registry",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 2): [
        Told(
            bad=[{**ORG, **REPOSITORIES, **secret(format="Opaque", scope="Repositories")}],
            good=[{**ORG, **REPOSITORIES, **secret(scope="Repositories")}],
            words="with an entry per repository",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 3): [
        Told(
            bad=[
                {**ORG, **secret(format="Opaque", serviceAccounts=[{"name": "a"}])},
                {**ORG, **secret(format="BasicAuth", serviceAccounts=[
                    {"name": "a", "links": ["secrets"]},
                    {"name": "b", "links": ["secrets", "imagePullSecrets"]},
                ])},
            ],
            good=[
                {**ORG, **secret(serviceAccounts=[{"name": "a"}])},
                {**ORG, **secret(format="Opaque", serviceAccounts=[
                    {"name": "a", "links": ["secrets"]},
                ])},
            ],
            words="give links: [secrets]",
        )
    ],
    ("QuayRobot", ".spec.permissions.defaults", 0): [
        Told(
            bad=[
                {**ORG, "permissions": {"defaults": [{"role": role, **who} for role in twice]}}
                for who in ({}, {"creator": "mary"})
                for twice in (["read", "read"], ["read", "write"])
            ],
            good=[{**ORG, "permissions": {"defaults": [
                {"role": "read"}, {"role": "read", "creator": "mary"},
                {"role": "read", "creator": "bob"},
            ]}}],
            words="name one creator (or none) twice",
        )
    ],
    **{
        ("QuayRobot", f".spec.secrets[].{place}", 0): [
            Told(
                bad=[
                    {**ORG, **secret(**{place: {key: "x"}})}
                    for key in ("quayrobot.io", "quayrobot.io/x", "app.kubernetes.io/managed-by")
                ],
                good=[{**ORG, **secret(**{place: {"app.kubernetes.io/name": "x"}})}],
                words="the operator's own",
            )
        ]
        for place in ("labels", "annotations")
    },
    ("QuayRobot", ".spec.secrets[].keys", 0): [
        Told(
            bad=[
                {**ORG, **secret(format="Opaque", keys=keys)}
                for keys in (
                    {"username": "password"},
                    {"password": "registry"},
                    {"username": "x", "registry": "x"},
                )
            ],
            good=[{**ORG, **secret(format="Opaque", keys={"password": "token"})}],
            words="three different keys",
        )
    ],
}  # fmt: skip
