"""
What breaks each rule, and what is its neighbour that is accepted?

Sizes, words and required fields are derived from the schema itself; patterns
and CEL rules are told here. A test fails when a rule has no counter-example.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from quayrobot.model.resources.clusterrobot import CLUSTER_ROBOT_RULES
from quayrobot.model.resources.robot_rules import ROBOT_RULES

from . import cases_credentials as credentials
from . import cases_emptied as emptied
from . import cases_federation as federation
from . import cases_namespaces as namespaces
from . import cases_oidc as oidc
from . import cases_overlap as overlap
from . import cases_proxy as proxies
from .schema import RuleName, rules, value_at, with_value

Body = dict[str, Any]

FULL_SECRET = {
    "name": "full",
    "format": "Opaque",
    "scope": "Registry",
    "labels": {"k": "v"},
    "annotations": {"k": "v"},
    "keys": {"username": "u", "password": "p", "registry": "r"},
    "deletionPolicy": "Delete",
    "serviceAccounts": [{"name": "builder", "links": ["secrets"]}],
}
FULL_ROBOT = {
    "connectionRef": {"kind": "QuayConnection", "name": "own"},
    "organization": "acme",
    "robotName": "ci",
    "description": "d",
    "metadata": {"k": "v"},
    "creationPolicy": "Create",
    "deletionPolicy": "Delete",
    "suspend": False,
    "permissions": {
        "mode": "Exact",
        "repositories": [{"name": "app", "role": "read"}],
        "teams": ["devs"],
        "defaults": [{"role": "read", "creator": "mary"}],
    },
    "federation": federation.FULL,
    "rotation": {
        "trigger": "1",
        "interval": "720h",
        "window": {"schedule": "0 3 * * 1", "duration": "2h", "timeZone": "Europe/Berlin"},
        "strategy": "InPlace",
        "overlap": "1h",
    },
    "secrets": [FULL_SECRET],
    "noSecret": False,
}
_CONNECTION = {
    "url": "https://quay.example",
    "registryHosts": ["quay.example"],
    "caBundle": "x",
    "allowPlaintext": False,
    "limits": {"requestsPerSecond": 5, "concurrency": 16, "timeout": "30s"},
    "resyncInterval": "5m",
    "driftInterval": "1h",
}
_RENEWAL = {"type": "Bootstrap", "lifetime": "1h"}
FULL_OWN = {
    **_CONNECTION,
    "credentials": {
        "type": "OAuthToken",
        "secretRef": {"name": "t", "key": "token"},
        "renewal": _RENEWAL,
    },
    "proxy": proxies.full({}),
}
FULL_SHARED = {
    **_CONNECTION,
    "credentials": {
        "type": "OAuthToken",
        "secretRef": {"name": "t", "key": "token", "namespace": "quay"},
        "renewal": _RENEWAL,
    },
    "proxy": proxies.full({"namespace": "quay"}),
    "access": [
        {
            "namespaces": {
                "matchLabels": {"k": "v"},
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
            },
            "organizations": ["acme"],
            "users": ["bob"],
            "robotNames": ["ci"],
            "maxRole": "write",
            "teams": ["devs"],
            "defaults": False,
            "federation": False,
            "issuers": ["https://*.example.com"],
            "adoption": False,
            "takeover": ["c"],
        }
    ],
}
FULL = {
    "QuayRobot": FULL_ROBOT,
    "QuayConnection": FULL_OWN,
    "ClusterQuayConnection": FULL_SHARED,
    "ClusterQuayRobot": namespaces.full(FULL_ROBOT),
}


@dataclass(frozen=True, slots=True)
class Case:
    """
    One counter-example of *rule* and its accepted neighbour, as whole objects.

    *words* have to be in the message. An update goes from *before*.
    """

    rule: RuleName
    bad: Body
    good: Body
    words: tuple[str, ...]
    before: Body | None = None
    label: str = ""

    @property
    def id(self) -> str:
        """What a failing test is called."""
        return f"{self.rule} {self.label}".strip()


def whole(kind: str, spec: Any = None, *, name: str = "ci") -> Body:
    """Return an object of *kind*; by default one that says everything that can be said."""
    said = FULL[kind] if spec is None else spec
    return {
        "apiVersion": "quayrobot.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": copy.deepcopy(said),
    }


# Patterns: what they refuse and what they take -----------------------------------

_OBJECT = (["", "A", "a_b", "-a", "a-", "a/b", "a\n", "é"], ["a", "a.b-c", "0"])
_OWNER = (["", ".a", "a.", "a+b", "a/b", "a b", "a\n", "é"], ["A1", "a.b_c-d", "a"])
_CREATOR = (
    ["", ".a", "a.", "a+", "+a", "a+A", "a+b+c", "a+b--c", "a/b", "a b", "a+b\n", "é"],
    ["A1", "a.b_c-d", "acme+ci", "acme+a.b_c-d"],
)
_DATA_KEY = (["", "a b", "a/b", "a\n"], [".dockerconfigjson", "A-b_c.d"])
_DURATION = (["", "90d", "5", "1.5h", "-5s", "5m\n"], ["90s", "1h30m"])
_INTERVAL = (_DURATION[0], ["90m", "1h30m"])
_GLOB = (["", "a b", "a\\b", "a\n", "{namespace}"], ["*", "acme-*", "a[!b]?"])
_NAME_GLOB = (["", "a b", "a\\b", "a\n"], ["*", "{namespace}-*", "a[!b]?"])
_HOST = (
    ["", "https://x", "x/y", "x:", "x:123456", "-x", "x\n", "u@x"],
    ["x", "quay.example:8443", "[::1]:443", "127.0.0.1"],
)
_URL = (
    ["", "quay.example", "ftp://x", "https://", "https://x/y", "https://u:p@x", "https://x?y",
     "https://x#y", "https://x:123456", "https://x\n", "HTTPS://x"],
    ["https://x", "https://quay.example:8443/", "https://[::1]"],
)  # fmt: skip
_REPOSITORY = (
    ["", "A", "-a", ".a", "/a", "a/", "a//b", "a/-b", "a b", "a:b", "a\n", "é"],
    ["a", "a/b", "0.b-c_d/e-"],
)
_TEAM = (["A1", "-ab", "ab-", "a--b", "a+b", "a b", "ab\n", "éé"], ["ab", "a-b.c_d", "12"])
_SCHEDULE = (
    [
        "",
        "@daily",
        "0 3 * *",
        "0 3 * * * *",
        "0  3 * * *",
        " 0 3 * * *",
        "0 3 * * *\n",
        "0 3 * * $",
    ],
    ["0 3 * * *", "*/5 0-6 1,15 JAN-MAR MON#1", "0 3 L * ?"],
)
_ZONE = (["", "+1", "/etc/localtime", "../UTC", "Europe Berlin", "UTC\n"], ["UTC", "Etc/GMT+1"])
_NAMESPACE = (["", "a.b", "A", "-a", "a-", "a\n"], ["a", "a-b"])
PATTERNS = {
    ".spec.connectionRef.name": _OBJECT,
    ".spec.organization": _OWNER,
    ".spec.user": _OWNER,
    ".spec.permissions.repositories[].name": _REPOSITORY,
    ".spec.permissions.teams[]": _TEAM,
    ".spec.permissions.defaults[].creator": _CREATOR,
    f"{federation.PLACE}.issuer": federation.ISSUER,
    f"{federation.PLACE}.subject": federation.SUBJECT,
    f"{federation.PLACE}.serviceAccount": _OBJECT,
    f"{credentials.PLACE}.serviceAccount": _OBJECT,
    f"{credentials.PLACE}.audiences[]": credentials.AUDIENCE,
    ".spec.rotation.interval": _INTERVAL,
    ".spec.rotation.window.schedule": _SCHEDULE,
    ".spec.rotation.window.duration": _DURATION,
    ".spec.rotation.overlap": _DURATION,
    ".spec.rotation.window.timeZone": _ZONE,
    ".spec.secrets[].name": _OBJECT,
    ".spec.secrets[].serviceAccounts[].name": _OBJECT,
    ".spec.secrets[].keys.username": _DATA_KEY,
    ".spec.secrets[].keys.password": _DATA_KEY,
    ".spec.secrets[].keys.registry": _DATA_KEY,
    ".spec.url": _URL,
    ".spec.registryHost": _HOST,
    ".spec.registryHosts[]": _HOST,
    ".spec.limits.timeout": _DURATION,
    ".spec.resyncInterval": _DURATION,
    ".spec.driftInterval": _DURATION,
    ".spec.caBundleRef.name": _OBJECT,
    ".spec.caBundleRef.key": _DATA_KEY,
    ".spec.caBundleRef.namespace": _NAMESPACE,
    f"{proxies.PLACE}.url": _URL,
    f"{proxies.PLACE}.caBundleRef.name": _OBJECT,
    f"{proxies.PLACE}.caBundleRef.key": _DATA_KEY,
    f"{proxies.PLACE}.caBundleRef.namespace": _NAMESPACE,
    f"{proxies.PLACE}.credentialsRef.name": _OBJECT,
    f"{proxies.PLACE}.credentialsRef.namespace": _NAMESPACE,
    **oidc.PATTERNS,
    ".spec.credentials.clientSecretRef.name": _OBJECT,
    ".spec.credentials.clientSecretRef.key": _DATA_KEY,
    ".spec.credentials.clientSecretRef.namespace": _NAMESPACE,
    ".spec.credentials.serviceAccount.name": _OBJECT,
    ".spec.credentials.serviceAccount.namespace": _NAMESPACE,
    ".spec.credentials.secretRef.name": _OBJECT,
    ".spec.credentials.secretRef.key": _DATA_KEY,
    ".spec.credentials.secretRef.namespace": _NAMESPACE,
    ".spec.credentials.renewal.lifetime": _INTERVAL,
    ".spec.access[].organizations[]": _GLOB,
    ".spec.access[].users[]": _GLOB,
    ".spec.access[].robotNames[]": _NAME_GLOB,
    ".spec.access[].teams[]": _GLOB,
    ".spec.access[].issuers[]": _GLOB,
    ".spec.excludeNamespaces[]": namespaces.EXCLUDED,
    ".spec.consent": namespaces.CONSENT,
    ".spec.robotNameTemplate": namespaces.NAMES,
}
# The longest value that is accepted, where it is not the letter `a` as often as allowed.
LONGEST = {
    ".spec.organization": "a" * 252,  # the full name has room for 255
    ".spec.user": "a" * 252,
    ".spec.robotName": "a" * 250,
    f"{federation.PLACE}.issuer": federation.LONGEST_ISSUER,
    ".spec.rotation.interval": "0" * 30 + "1h",
    ".spec.rotation.window.schedule": "0" * 120 + " * * * *",
    ".spec.rotation.window.duration": "0" * 29 + "10s",
    ".spec.rotation.overlap": "0" * 29 + "10s",
    ".spec.url": f"https://{'a' * 253}:65535/",
    ".spec.registryHost": f"{'a' * 253}:65535",
    ".spec.registryHosts[]": f"{'a' * 253}:65535",
    ".spec.limits.timeout": "0" * 29 + "10s",
    ".spec.resyncInterval": "0" * 29 + "10s",
    ".spec.driftInterval": "0" * 29 + "10s",
    ".spec.credentials.renewal.lifetime": "0" * 30 + "1h",
    f"{proxies.PLACE}.url": f"https://{'a' * 253}:65535/",
    **oidc.LONGEST,
}
# Words that cannot stand where the full object has another one.
NOT_ALONE = {
    (f"{credentials.PLACE}.type", "Static"),
    (".spec.permissions.mode", "Unmanaged"),
    (".spec.federation.mode", "Unmanaged"),
    *oidc.NOT_ALONE,
}
# Lists of words that have to be some of these, each once.
WORDS = {".spec.secrets[].serviceAccounts[].links": ["imagePullSecrets", "secrets"]}


# CEL rules: at creation -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """The counter-examples of one CEL rule: fields that replace those of the full spec."""

    bad: list[Body]
    good: list[Body]
    words: str
    name: str = "ci"
    before: Body | None = field(default=None)


ORG = {"organization": "acme"}
REPOSITORIES = {"permissions": {"repositories": [{"name": "app", "role": "read"}]}}
TEAMS = {"permissions": {"teams": ["devs"]}}
DEFAULTS = {"permissions": {"defaults": [{"role": "read"}]}}


def _secret(**fields: Any) -> Body:
    return {"secrets": [{"name": "ci", **fields}]}


WINDOW = {"schedule": "0 3 * * 1", "duration": "2h"}


def _rotation(**fields: Any) -> Body:
    return {**ORG, "rotation": fields}


def _renewed(base: Body, lifetime: str) -> Body:
    renewal = {"type": "Bootstrap", "lifetime": lifetime}
    return {**base, "credentials": {**base["credentials"], "renewal": renewal}}


def _opening(duration: str) -> Body:
    return _rotation(interval="24h", window={**WINDOW, "duration": duration})


CEL: dict[tuple[str, str, int], list[Told]] = {
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
            words="make a new QuayRobot",
        ),
        Told(
            before={"user": "acme"},
            bad=[ORG, {"user": "other"}],
            good=[{"user": "acme", "suspend": True}],
            words="make a new QuayRobot",
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
                {**ORG, **rights, **_secret(scope="Repositories")}
                for rights in ({}, {"permissions": {}}, TEAMS)
            ],
            good=[{**ORG, **REPOSITORIES, **_secret(scope="Repositories")}],
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
            bad=[{**ORG, **_secret(format="Opaque")}, {**ORG, **_secret(format="BasicAuth")}],
            good=[
                {**ORG, **_secret(format="DockerConfigJson")},
                {**ORG, "secrets": [{"name": "other", "format": "Opaque"}]},
            ],
            words="give the Secret another name",
        )
    ],
    ("QuayRobot", "", 9): [
        Told(
            before={**ORG, **_secret(format="Opaque")},
            bad=[ORG],
            good=[{**ORG, **_secret(format="Opaque"), "suspend": True}],
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
            bad=[_rotation(window=WINDOW), _rotation(trigger="1", window=WINDOW)],
            good=[
                _rotation(interval="24h", window=WINDOW),
                _rotation(trigger="1"),
                _rotation(interval="24h"),
                _rotation(),
            ],
            words="give interval too",
        )
    ],
    ("QuayRobot", ".spec.rotation.interval", 0): [
        Told(
            bad=[_rotation(interval=each) for each in ("0s", "59m", "59m59s", "0h3599s")],
            good=[_rotation(interval=each) for each in ("1h", "60m", "0h3600s", "2160h")],
            words="at least 1h",
        )
    ],
    ("QuayRobot", ".spec.rotation.window.duration", 0): [
        Told(
            bad=[_opening(each) for each in ("0s", "9s", "0h0m9s")],
            good=[_opening(each) for each in ("10s", "1m", "2h")],
            words="at least 10s",
        )
    ],
    ("QuayRobot", ".spec.rotation.overlap", 0): [
        Told(
            bad=[_rotation(overlap=each) for each in ("0s", "9s", "0h0m9s")],
            good=[_rotation(overlap=each) for each in ("10s", "1m", "2h")],
            words="at least 10s",
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
    ("QuayRobot", ".spec.secrets[]", 0): [
        Told(
            bad=[
                {**ORG, **_secret(keys={})},
                {**ORG, **_secret(format="BasicAuth", keys={"password": "p"})},
            ],
            good=[{**ORG, **_secret(format="Opaque", keys={})}],
            words="format: Opaque only",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 1): [
        Told(
            bad=[{**ORG, **_secret(format="BasicAuth", scope="Organization")}],
            good=[{**ORG, **_secret(format=each, scope="Organization")}
                  for each in ("Opaque", "DockerConfigJson")],
            words="scope must be Registry",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 2): [
        Told(
            bad=[{**ORG, **REPOSITORIES, **_secret(format="Opaque", scope="Repositories")}],
            good=[{**ORG, **REPOSITORIES, **_secret(scope="Repositories")}],
            words="with an entry per repository",
        )
    ],
    ("QuayRobot", ".spec.secrets[]", 3): [
        Told(
            bad=[
                {**ORG, **_secret(format="Opaque", serviceAccounts=[{"name": "a"}])},
                {**ORG, **_secret(format="BasicAuth", serviceAccounts=[
                    {"name": "a", "links": ["secrets"]},
                    {"name": "b", "links": ["secrets", "imagePullSecrets"]},
                ])},
            ],
            good=[
                {**ORG, **_secret(serviceAccounts=[{"name": "a"}])},
                {**ORG, **_secret(format="Opaque", serviceAccounts=[
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
                    {**ORG, **_secret(**{place: {key: "x"}})}
                    for key in ("quayrobot.io", "quayrobot.io/x", "app.kubernetes.io/managed-by")
                ],
                good=[{**ORG, **_secret(**{place: {"app.kubernetes.io/name": "x"}})}],
                words="the operator's own",
            )
        ]
        for place in ("labels", "annotations")
    },
    ("QuayRobot", ".spec.secrets[].keys", 0): [
        Told(
            bad=[
                {**ORG, **_secret(format="Opaque", keys=keys)}
                for keys in (
                    {"username": "password"},
                    {"password": "registry"},
                    {"username": "x", "registry": "x"},
                )
            ],
            good=[{**ORG, **_secret(format="Opaque", keys={"password": "token"})}],
            words="three different keys",
        )
    ],
}  # fmt: skip

_PLAIN = {**_CONNECTION, "credentials": FULL_OWN["credentials"]}
for _kind, _base in (("QuayConnection", _PLAIN), ("ClusterQuayConnection", FULL_SHARED)):
    CEL[_kind, ".spec", 0] = [
        Told(
            bad=[{**_base, "url": "http://quay.example"}],
            good=[{**_base, "url": "http://quay.example", "allowPlaintext": True}],
            words="set allowPlaintext: true",
        )
    ]
    _hosts = {key: each for key, each in _base.items() if key != "registryHosts"}
    CEL[_kind, ".spec", 3] = [
        Told(
            bad=[{**_base, "registryHosts": ["a"], "registryHost": "a"}],
            good=[{**_base, "registryHosts": ["a"]}, {**_hosts, "registryHost": "a"}],
            words="give registryHost or registryHosts",
        )
    ]
    CEL[_kind, ".spec.registryHosts", 0] = [
        Told(
            bad=[{**_base, "registryHosts": ["a", "b", "a"]}],
            good=[{**_base, "registryHosts": ["a", "b"]}],
            words="must not name one host twice",
        )
    ]
    _place = {"namespace": "quay"} if _kind == "ClusterQuayConnection" else {}
    _bare = {key: each for key, each in _base.items() if key != "caBundle"}
    _over_http = [
        {**_base, "credentials": oidc.oidc(_place, **_where)}
        for _where in (
            {"issuer": "http://sso.example"},
            {"issuer": None, "tokenURL": "http://sso.example/token"},
        )
    ]
    CEL[_kind, ".spec", 1] = [
        Told(
            bad=_over_http,
            good=[{**each, "allowPlaintext": True} for each in _over_http],
            words="set allowPlaintext: true",
        )
    ]
    for _number, (_bad, _good, _words) in enumerate(oidc.told(_place)):
        CEL[_kind, oidc.PLACE, _number] = [
            Told(
                bad=[{**_base, "credentials": each} for each in _bad],
                good=[{**_base, "credentials": each} for each in _good],
                words=_words,
            )
        ]
    for _at, (_bad, _good, _words) in proxies.told(_place).items():
        CEL[_kind, *_at] = [
            Told(
                bad=[{**_base, **each} for each in _bad],
                good=[{**_base, **each} for each in _good],
                words=_words,
            )
        ]
    CEL[_kind, ".spec", 2] = [
        Told(
            bad=[{**_base, "caBundleRef": {"name": "ca", **_place}}],
            good=[{**_bare, "caBundleRef": {"name": "ca", **_place}}, _base, _bare],
            words="caBundle or caBundleRef, not both",
        )
    ]
    for _path, _make in (
        (".spec.resyncInterval", lambda base, text: {**base, "resyncInterval": text}),
        (".spec.driftInterval", lambda base, text: {**base, "driftInterval": text}),
        (".spec.limits.timeout", lambda base, text: {**base, "limits": {"timeout": text}}),
    ):
        CEL[_kind, _path, 0] = [
            Told(
                bad=[_make(_base, each) for each in ("0s", "9s", "0h0m9s")],
                good=[_make(_base, each) for each in ("10s", "1m", "0h0m10s")],
                words="at least 10s",
            )
        ]
    CEL[_kind, ".spec.credentials.renewal.lifetime", 0] = [
        Told(
            bad=[_renewed(_base, each) for each in ("0s", "59s", "0h0m59s")],
            good=[_renewed(_base, each) for each in ("60s", "1m", "24h", "0h0m60s")],
            words="at least 1m",
        )
    ]


def _rule(**fields: Any) -> Body:
    owners = {} if "users" in fields else {"organizations": ["acme"]}
    return {**FULL_SHARED, "access": [{"namespaces": {}, **owners, **fields}]}


CEL["ClusterQuayConnection", ".spec.access[]", 0] = [
    Told(
        bad=[_rule(adoption=True), _rule(adoption=True, organizations=["*"])],
        good=[_rule(adoption=True, robotNames=["{namespace}-*"]), _rule(adoption=False)],
        words="adoption: true needs robotNames",
    )
]
CEL["ClusterQuayConnection", ".spec.access[]", 1] = [
    Told(
        bad=[_rule(organizations=[]), _rule(users=[]), _rule(organizations=[], users=[])],
        good=[_rule(), _rule(users=["bob"]), _rule(organizations=[], users=["bob"])],
        words="without organizations and users allows nothing",
    )
]
CEL["ClusterQuayConnection", ".spec.access[]", 2] = [
    Told(
        bad=[_rule(robotNames=[each]) for each in ("{name}", "{namespace", "a}", "{{namespace}}")],
        good=[
            _rule(robotNames=[each]) for each in ("ci", "{namespace}", "{namespace}-{namespace}")
        ],
        words="knows the placeholder {namespace} and no other",
    )
]


for _place in ("labels", "annotations"):
    CEL["ClusterQuayRobot", f".spec.template.metadata.{_place}", 0] = [
        Told(
            bad=[
                namespaces.lifted(ORG, {_place: {key: "x"}})
                for key in ("quayrobot.io", "quayrobot.io/x", "app.kubernetes.io/managed-by")
            ],
            good=[namespaces.lifted(ORG, {_place: {"app.kubernetes.io/name": "x"}})],
            words="the operator's own",
        )
    ]
for _number, _examples in namespaces.ROOT.items():
    CEL["ClusterQuayRobot", "", _number] = [
        Told(before=before, bad=bad, good=good, words=words)
        for before, bad, good, words in _examples
    ]
for _number, _lifted in enumerate(CLUSTER_ROBOT_RULES):
    for _other, _robot in enumerate(ROBOT_RULES):
        if _lifted.message == f"template: {_robot.message}":
            CEL["ClusterQuayRobot", "", _number] = [
                Told(
                    bad=[namespaces.lifted(each) for each in told.bad],
                    good=[namespaces.lifted(each) for each in told.good],
                    words=told.words,
                )
                for told in CEL["QuayRobot", "", _other]
            ]


# All of them ------------------------------------------------------------------------


def cases() -> list[Case]:
    """Return a counter-example, at least one, for every rule that can have one."""
    return [case for name, value in rules().items() if _told(name) for case in _cases(name, value)]


def _told(rule: RuleName) -> bool:
    """Tell whether the full object says anything where *rule* binds; a new field it may lack."""
    try:
        value_at(_base(rule), rule.path)
    except (KeyError, IndexError, StopIteration):
        return rule.path == ""
    return True


def _cases(rule: RuleName, value: Any) -> Iterator[Case]:
    keyword, _, rest = rule.keyword.partition(" ")
    match keyword:
        case "cel":
            yield from _cel(rule, int(rest))
        case "pattern":
            yield from _patterns(rule, value)
        case "required":
            yield _required(rule, rest)
        case "enum":
            for number, word in enumerate(value):
                if (rule.path, word) in NOT_ALONE:
                    continue
                yield _sized(rule, word.swapcase(), word, *value, label=str(number))
        case _:
            yield from _sizes(rule, keyword, value)


def _sizes(rule: RuleName, keyword: str, value: Any) -> Iterator[Case]:
    match keyword:
        case "maxLength":
            good = LONGEST.get(rule.path, "a" * value)
            yield _sized(rule, good + "a" * (value + 1 - len(good)), good, "too long", str(value))
        case "minLength":
            yield _sized(rule, "", "ab", rule.field, str(value))
        case "minimum":
            yield _sized(rule, value - 1, value, rule.field, f"greater than or equal to {value}")
        case "maximum":
            yield _sized(rule, value + 1, value, rule.field, f"less than or equal to {value}")
        case "maxItems":
            yield _many(rule, value)
        case "maxProperties":
            many = {f"k{number}": "v" for number in range(value + 1)}
            fits = dict(list(many.items())[:value])
            yield _sized(rule, many, fits, "too many", str(value))
        case "minItems":
            yield _sized(rule, [], value_at(_base(rule), rule.path), rule.field, str(value))
        case "unique":
            one, other = _two(rule)
            yield _sized(rule, [one, one], [one, other], "duplicate value")


# What can only be told of a Secret that carries a docker config.
_DOCKER = tuple(f".spec.secrets[].{each}" for each in ("format", "scope", "serviceAccounts"))


def _base(rule: RuleName) -> Body:
    body = whole(rule.kind)
    if rule.path == ".spec.user":
        del body["spec"]["organization"]
        body["spec"] = {**body["spec"], "user": "bob", **REPOSITORIES}
    if rule.path == ".spec.mode":
        body["spec"] = {**namespaces.lifted(ORG), "mode": "PerNamespace"}
    if rule.kind == "QuayRobot" and rule.path.startswith(credentials.PLACE):
        body["spec"] = {**body["spec"], "credentials": credentials.FULL, "rotation": {}}
    if rule.path == f"{federation.PLACE}.serviceAccount":
        body["spec"]["federation"] = {"identities": [federation.NAMED]}
    if rule.path == ".spec.registryHost":
        del body["spec"]["registryHosts"]
        body["spec"]["registryHost"] = "quay.example"
    if rule.kind.endswith("Connection") and oidc.is_oidc(rule.path):
        place = {"namespace": "quay"} if rule.kind == "ClusterQuayConnection" else {}
        body["spec"]["credentials"] = oidc.base_of(rule.path, place)
    if rule.path == ".spec.url":
        # An IPv6 address is for connections without one.
        del body["spec"]["proxy"]
    if rule.path.startswith(".spec.caBundleRef"):
        del body["spec"]["caBundle"]
        place = {"namespace": "quay"} if rule.kind == "ClusterQuayConnection" else {}
        body["spec"]["caBundleRef"] = {"kind": "Secret", "name": "ca", "key": "ca.crt", **place}
    if rule.path.startswith(_DOCKER):
        (secret,) = body["spec"]["secrets"]
        del secret["keys"]
        secret["format"] = "DockerConfigJson"
    return body


def _sized(rule: RuleName, bad: Any, good: Any, *words: str, label: str = "") -> Case:
    base = _base(rule)
    return Case(
        rule,
        with_value(base, rule.path, bad),
        with_value(base, rule.path, good),
        words,
        label=label,
    )


def _many(rule: RuleName, most: int) -> Case:
    items = WORDS.get(rule.path) or [_numbered(rule, number) for number in range(most)]
    return _sized(rule, [*items, items[0]], items, "too many", str(most))


def _two(rule: RuleName) -> tuple[Any, Any]:
    """Return two items of a list that may hold neither twice."""
    one, other = WORDS.get(rule.path) or (_numbered(rule, 0), _numbered(rule, 1))
    return one, other


def _numbered(rule: RuleName, number: int) -> Any:
    """Return the item of the full object, told from others by *number* where it can be."""
    (one,) = value_at(_base(rule), rule.path)
    if not isinstance(one, dict):
        return f"{one}{number}"
    return {**one, **{key: f"n{number}" for key in ("name", "creator") if key in one}}


def _required(rule: RuleName, name: str) -> Case:
    good = _base(rule)
    bad = copy.deepcopy(good)
    place = value_at(bad, rule.path)
    del place[name]
    return Case(rule, bad, good, (name, "required"))


def _patterns(rule: RuleName, pattern: str) -> Iterator[Case]:
    refused, taken = PATTERNS.get(rule.path, ([], []))
    for number, bad in enumerate(refused):
        good = taken[number % len(taken)]
        yield _sized(rule, bad, good, rule.field, pattern, label=repr(bad))


def _cel(rule: RuleName, number: int) -> Iterator[Case]:
    for told in CEL.get((rule.kind, rule.path, number), ()):
        for place in range(max(len(told.bad), len(told.good))):
            bad = told.bad[place % len(told.bad)]
            good = told.good[place % len(told.good)]
            before = told.before
            yield Case(
                rule,
                whole(rule.kind, bad, name=told.name),
                whole(rule.kind, good, name=told.name),
                (told.words,),
                before=None if before is None else whole(rule.kind, before, name=told.name),
                label=f"{str(bad)[:60]}",
            )
