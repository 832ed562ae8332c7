"""What breaks the rules of connections, and what is accepted beside it?"""

from __future__ import annotations

from typing import Any

from . import cases_oidc as oidc
from . import cases_proxy as proxies
from .full_objects import CONNECTION, FULL_OWN, FULL_SHARED
from .told import Body, Cel, Told


def _renewed(base: Body, lifetime: str) -> Body:
    renewal = {"type": "Bootstrap", "lifetime": lifetime}
    return {**base, "credentials": {**base["credentials"], "renewal": renewal}}


CEL: Cel = {}
_PLAIN = {**CONNECTION, "credentials": FULL_OWN["credentials"]}
for _kind, _base in (("QuayConnection", _PLAIN), ("ClusterQuayConnection", FULL_SHARED)):
    CEL[_kind, ".spec", 0] = [
        Told(
            bad=[{**_base, "url": "http://quay.example"}],
            good=[{**_base, "url": "http://quay.example", "allowPlaintext": True}],
            words="set allowPlaintext: true",
        )
    ]
    _direct = {key: each for key, each in _base.items() if key != "proxy"}
    CEL[_kind, ".spec.url", 0] = [
        Told(
            bad=[
                {**_direct, "url": each}
                for each in ("quay.example", "https://quay.example/api/v1", "quay.example:443")
            ],
            good=[
                {**_direct, "url": each}
                for each in ("https://quay.example", "https://quay.example:8443/", "https://[::1]")
            ],
            words="give https://host or https://host:port, without a path",
        )
    ]
    _hosts = {key: each for key, each in _base.items() if key != "registryHosts"}
    _badly = ("https://quay.example", "quay.example/acme", "quay.example:", "a b")
    _well = ("quay.example", "Mirror.Example:8443", "[::1]:5000")
    CEL[_kind, ".spec.registryHost", 0] = [
        Told(
            bad=[{**_hosts, "registryHost": each} for each in _badly],
            good=[{**_hosts, "registryHost": each} for each in _well],
            words="without scheme and path",
        )
    ]
    CEL[_kind, ".spec.registryHosts[]", 0] = [
        Told(
            bad=[{**_base, "registryHosts": [each]} for each in _badly],
            good=[{**_base, "registryHosts": [each]} for each in _well],
            words="without scheme and path",
        )
    ]
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
            words="must not name a host twice",
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
        words="allows only the placeholder {namespace}",
    )
]
