"""What breaks the rules between fields of a QuayRobot, and what is accepted beside it?"""

from __future__ import annotations

from . import cases_credentials as credentials
from . import cases_emptied as emptied
from . import cases_overlap as overlap
from .cases_namespaces import lifted
from .told import DEFAULTS, ORG, REPOSITORIES, TEAMS, Body, Cel, Told, secret


def _joins(team: str) -> Body:
    return {**ORG, "permissions": {"teams": [team]}}


def _reads(repository: str) -> Body:
    return {**ORG, "permissions": {"repositories": [{"name": repository, "role": "read"}]}}


def _trusts(issuer: str) -> Body:
    identities = [{"issuer": issuer, "subject": "x"}]
    return {**ORG, "federation": {"identities": identities}}


def _opens(schedule: str) -> Body:
    window = {"schedule": schedule, "duration": "1h"}
    return {**ORG, "rotation": {"interval": "24h", "window": window}}


CEL: Cel = {
    ("QuayRobot", "", 0): [
        Told(
            bad=[{}, {**ORG, "user": "bob"}],
            good=[ORG, {"user": "bob"}],
            words="exactly one of organization and user",
        )
    ],
    ("QuayRobot", "", 1): [
        Told(
            before=ORG,
            bad=[{"organization": "other"}, {"user": "acme"}, {"user": "bob"}],
            good=[{**ORG, "description": "new"}],
            words="create a new QuayRobot",
        ),
        Told(
            before={"user": "acme"},
            bad=[ORG, {"user": "other"}],
            good=[{"user": "acme", "suspend": True}],
            words="create a new QuayRobot",
        ),
    ],
    ("QuayRobot", "", 2): [
        Told(
            before=ORG,
            bad=[{**ORG, "robotName": "cd"}],
            good=[{**ORG, "robotName": "ci"}],
            words="Quay cannot rename a robot",
        ),
        Told(
            before={**ORG, "robotName": "cd"},
            bad=[ORG, {**ORG, "robotName": "ci"}, {**ORG, "robotName": "ce"}],
            good=[{**ORG, "robotName": "cd", "description": "new"}],
            words="Quay cannot rename a robot",
        ),
        Told(
            before={**ORG, "robotName": "ci"},
            bad=[{**ORG, "robotName": "cd"}],
            good=[ORG],
            words="Quay cannot rename a robot",
        ),
    ],
    ("QuayRobot", "", 3): [
        Told(
            bad=[
                {**ORG, "robotName": each}
                for each in ("A1", "a--b", "a..b", "-a", "a-", "a", "a+b", "ab\n", "a/b", "éé")
            ],
            good=[{**ORG, "robotName": each} for each in ("ci", "a-b.c_d", "12")],
            words="set spec.robotName",
        ),
        Told(
            name="two--dashes",
            bad=[ORG],
            good=[{**ORG, "robotName": "two-dashes"}],
            words="set spec.robotName",
        ),
        Told(name="x", bad=[ORG], good=[{**ORG, "robotName": "xx"}], words="set spec.robotName"),
    ],
    ("QuayRobot", "", 4): [
        Told(
            bad=[{**ORG, "robotName": "a" * 251}, {"organization": "a" * 253}],
            good=[{**ORG, "robotName": "a" * 250}, {"organization": "a" * 252}],
            words="set a shorter spec.robotName",
        ),
        Told(
            name="a" * 251,
            bad=[ORG],
            good=[{**ORG, "robotName": "short"}],
            words="set a shorter spec.robotName",
        ),
    ],
    ("QuayRobot", ".spec.federation.identities[].issuer", 0): [
        Told(
            bad=[_trusts("http://ci.example.com"), _trusts("https://ci.example.com/?a=b")],
            good=[_trusts("https://ci.example.com"), _trusts("https://ci.example.com/a'b/")],
            words="give an issuer that starts with https://, without a query",
        )
    ],
    ("ClusterQuayRobot", ".spec.robotNameTemplate", 0): [
        Told(
            bad=[lifted(ORG) | {"robotNameTemplate": each} for each in ("{team}-x", "CI")],
            good=[
                lifted(ORG) | {"robotNameTemplate": each}
                for each in ("{namespace}-x", "{cluster}.{namespace}.{name}")
            ],
            words="placeholders are {namespace}, {name} and {cluster}",
        )
    ],
    ("QuayRobot", ".spec.rotation.window.schedule", 0): [
        Told(
            bad=[_opens("every day"), _opens("0 0 3 * * 1"), _opens("@daily")],
            good=[_opens("0 3 * * 1"), _opens("*/5 1-3 * JAN MON")],
            words="give five fields of cron",
        )
    ],
    ("QuayRobot", ".spec.permissions.repositories[].name", 0): [
        Told(
            bad=[_reads("quay.io/acme/app:latest"), _reads("App"), _reads("/app")],
            good=[_reads("app"), _reads("base/python")],
            words="without registry, organization and tag",
        )
    ],
    **{
        ("QuayRobot", f".spec.{owner}", 0): [
            Told(
                bad=[{owner: each} for each in ("acme/app", "a b", "acme+ci", "acme.")],
                good=[{owner: each} for each in ("acme", "Acme-1.x_y")],
                words="give the name as Quay has it",
            )
        ]
        for owner in ("organization", "user")
    },
    ("QuayRobot", ".spec.permissions.teams[]", 0): [
        Told(
            bad=[_joins(each) for each in ("Devs", "acme/devs", "devs--all", "devs.")],
            good=[_joins(each) for each in ("devs", "devs-all_2")],
            words="give lower-case letters and digits",
        )
    ],
    ("QuayRobot", "", 5): [
        Told(
            bad=[{"user": "bob", **TEAMS}, {"user": "bob", **DEFAULTS}],
            good=[{"user": "bob", **REPOSITORIES}, {**ORG, **TEAMS}, {**ORG, **DEFAULTS}],
            words="belong to organizations",
        )
    ],
    ("QuayRobot", "", 6): [
        Told(
            bad=[
                {**ORG, **rights, **secret(scope="Repositories")}
                for rights in ({}, {"permissions": {}}, TEAMS)
            ],
            good=[{**ORG, **REPOSITORIES, **secret(scope="Repositories")}],
            words="scope: Repositories needs permissions.repositories",
        )
    ],
    ("QuayRobot", "", 7): [
        Told(
            before={**ORG, "secrets": [{"name": "a"}, {"name": "b", "format": "Opaque"}]},
            bad=[
                {**ORG, "secrets": [{"name": "a", "format": "Opaque"}]},
                {**ORG, "secrets": [{"name": "b"}]},
                {**ORG, "secrets": [{"name": "b", "format": "BasicAuth"}, {"name": "a"}]},
            ],
            good=[
                {**ORG, "secrets": [{"name": "b", "format": "Opaque"}, {"name": "a"}]},
                {**ORG, "secrets": [{"name": "c", "format": "BasicAuth"}]},
                {**ORG, "noSecret": True},
            ],
            words="give the Secret another name",
        )
    ],
    ("QuayRobot", "", 8): [
        Told(
            before=ORG,
            bad=[{**ORG, **secret(format="Opaque")}, {**ORG, **secret(format="BasicAuth")}],
            good=[
                {**ORG, **secret(format="DockerConfigJson")},
                {**ORG, "secrets": [{"name": "other", "format": "Opaque"}]},
            ],
            words="give the Secret another name",
        )
    ],
    ("QuayRobot", "", 9): [
        Told(
            before={**ORG, **secret(format="Opaque")},
            bad=[ORG],
            good=[{**ORG, **secret(format="Opaque"), "suspend": True}],
            words="give the Secret another name",
        ),
        Told(
            before={**ORG, "secrets": [{"name": "other", "format": "Opaque"}]},
            bad=[{**ORG, "secrets": [{"name": "other"}]}],
            good=[{**ORG, "secrets": [{"name": "ci"}]}],
            words="give the Secret another name",
        ),
    ],
    ("QuayRobot", "", 13): [
        Told(
            bad=credentials.INTERVAL_BAD,
            good=credentials.INTERVAL_GOOD,
            words=credentials.INTERVAL_WORDS,
        )
    ],
    ("QuayRobot", "", 14): [
        Told(
            bad=emptied.NO_SECRETS_BAD,
            good=emptied.NO_SECRETS_GOOD,
            words=emptied.NO_SECRETS_WORDS,
        )
    ],
    ("QuayRobot", "", 15): [
        Told(bad=emptied.BOTH_BAD, good=emptied.BOTH_GOOD, words=emptied.BOTH_WORDS)
    ],
    ("QuayRobot", "", 16): [
        Told(
            before=emptied.ELSEWHERE, bad=emptied.APPEARS_BAD, good=emptied.APPEARS_GOOD,
            words=emptied.APPEARS_WORDS,
        ),
        Told(
            before=emptied.STAYS, bad=[{**ORG, "secrets": []}], good=[ORG],
            words=emptied.APPEARS_WORDS,
        ),
    ],
    ("QuayRobot", "", 17): [
        Told(
            bad=emptied.OWN_IDENTITY_BAD,
            good=emptied.OWN_IDENTITY_GOOD,
            words=emptied.OWN_IDENTITY_WORDS,
        )
    ],
    ("QuayRobot", "", 18): [
        Told(
            bad=[
                {**ORG, "permissions": {"defaults": [{"role": "read", "creator": who}]}}
                for who in ("other+ci", "ACME+ci", "acme2+ci")
            ],
            good=[
                {**ORG, "permissions": {"defaults": [
                    {"role": "read", "creator": "acme+ci"}, {"role": "read", "creator": "mary"},
                ]}}
            ],
            words="of the same organization",
        )
    ],
    ("QuayRobot", "", 10): [
        Told(bad=overlap.LONG, good=overlap.SHORT, words=overlap.LENGTH_WORDS),
        Told(
            name="a" * 247, bad=[overlap.OVERLAPS], good=[ORG], words=overlap.LENGTH_WORDS
        ),
    ],
    ("QuayRobot", "", 11): [
        Told(
            bad=overlap.WITHOUT_RIGHTS, good=overlap.WITH_RIGHTS, words=overlap.RIGHTS_WORDS
        )
    ],
    ("QuayRobot", "", 12): [
        Told(
            bad=overlap.SOME_IDENTITIES,
            good=overlap.ALL_IDENTITIES,
            words=overlap.IDENTITIES_WORDS,
        )
    ],
}  # fmt: skip
