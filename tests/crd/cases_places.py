"""What can be no port and no pattern for a name, and what is accepted beside it?"""

from __future__ import annotations

from collections.abc import Callable

from . import cases_oidc as oidc
from . import cases_proxy as proxies
from .full_objects import CONNECTION, FULL_OWN, FULL_SHARED
from .told import Body, Cel, Told

PORT_WORDS, NAME_WORDS = "a port is a number from 1 to 65535", "a pattern for the name alone"
BAD_PORTS = ("0", "00", "65536", "70000", "99999")
GOOD_PORTS = ("1", "443", "8443", "9999", "59999", "64999", "65499", "65529", "65535")
BAD_NAMES = ("acme/*", "acme+*", "quay.io:acme")
GOOD_NAMES = ("*", "acme", "a-?[b-d]*", "[!a]._*")
CEL: Cel = {}
_PLAIN = {**CONNECTION, "credentials": FULL_OWN["credentials"]}


def _ports(make: Callable[[str], Body], *more: str) -> list[Told]:
    good = [make(f"quay.example:{each}") for each in GOOD_PORTS]
    good += [make(each) for each in ("quay.example", "[::1]", "[::1]:5000", *more)]
    return [Told([make(f"quay.example:{each}") for each in BAD_PORTS], good, PORT_WORDS)]


def _without(base: Body, *fields: str) -> Body:
    return {key: each for key, each in base.items() if key not in fields}


def _places(base: Body, place: Body) -> dict[tuple[str, int], list[Told]]:
    named, direct = _without(base, "registryHosts", "registryHost"), _without(base, "proxy")

    def service(field: str) -> Callable[[str], Body]:
        full = oidc.base_of(f"{oidc.PLACE}.{field}", place)
        return lambda host: {**base, "credentials": {**full, field: f"https://{host}"}}

    proxy = proxies.full(place)
    return {
        (".spec.url", 1): _ports(lambda host: {**direct, "url": f"https://{host}"}),
        (".spec.registryHost", 1): _ports(lambda host: {**named, "registryHost": host}),
        (".spec.registryHosts[]", 1): _ports(lambda host: {**named, "registryHosts": [host]}),
        (f"{proxies.PLACE}.url", 0): _ports(
            lambda host: {**base, "proxy": {**proxy, "url": f"https://{host}"}}
        ),
        (f"{oidc.PLACE}.issuer", 0): _ports(service("issuer"), "a/b:99999/c"),
        (f"{oidc.PLACE}.tokenURL", 0): _ports(service("tokenURL"), "a:8443/b:0"),
    }


for _kind, _base, _place in (
    ("QuayConnection", _PLAIN, {}),
    ("ClusterQuayConnection", FULL_SHARED, {"namespace": "quay"}),
):
    CEL |= {(_kind, *at): told for at, told in _places(_base, _place).items()}


def _names(field: str) -> list[Told]:
    def allows(pattern: str) -> Body:
        owners = {} if field == "users" else {"organizations": ["acme"]}
        return {**FULL_SHARED, "access": [{"namespaces": {}, **owners, field: [pattern]}]}

    good = [*GOOD_NAMES, *["{namespace}-*"] * (field == "robotNames")]
    return [Told([allows(e) for e in BAD_NAMES], [allows(e) for e in good], NAME_WORDS)]


for _field in ("organizations", "users", "robotNames", "teams"):
    CEL["ClusterQuayConnection", f".spec.access[].{_field}[]", 0] = _names(_field)
