"""
Which issuers may a namespace send Quay to?

Quay fetches an issuer's keys at each login, from its own place in the network:
who names an issuer makes it call there. The connection's rules decide, before
any call; what they say nothing of has to be public, by its text and, just
before it is put into Quay, by the addresses that its host has. A host that has
none from here leads to no place that is known to be private.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from ...model.address_policy import address_of, is_public
from ...model.errors import Reason, Refused
from ...model.resources.connection import AccessRule
from ...model.resources.federation import Federation
from ...model.resources.robot import federation_of
from ...model.world import Present, Unknown
from ..scene import Scene
from .access import Permit, any_glob, permit_of

__all__ = ["check_identities", "check_issuer_addresses", "unresolved_hosts"]

NAT64 = ipaddress.ip_network("64:ff9b::/32")


def check_identities(scene: Scene, permit: Permit) -> None:
    """
    Raise if the rules do not let this namespace have the declared identities.

    Raises:
        Refused: AccessDenied where no rule gives federation, IssuerRefused for an issuer.
    """
    if federation_of(scene.spec) is None or permit.rules is None:
        return
    giving = _giving(permit)
    name = scene.spec.connection_ref.name
    if not giving:
        msg = (
            f"the rules of ClusterQuayConnection {name} do not allow federation; "
            "ask its administrator for a rule"
        )
        raise Refused(Reason.ACCESS_DENIED, msg)
    for issuer in _issuers(scene):
        if not any(_allows(rule, issuer, scene.issuer) for rule in giving):
            msg = f"the rules of ClusterQuayConnection {name} do not allow the issuer {issuer}"
            raise Refused(Reason.ISSUER_REFUSED, msg)


def unresolved_hosts(scene: Scene, issuers: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts of *issuers* whose addresses decide and are not resolved yet."""
    hosts = (_host(each) for each in _to_be_public(scene, issuers))
    return tuple(dict.fromkeys(each for each in hosts if each not in scene.hosts))


def check_issuer_addresses(scene: Scene, issuers: Iterable[str]) -> None:
    """
    Raise if one of *issuers*, whose hosts are resolved by now, leads to a private address.

    Raises:
        Refused: IssuerRefused, one does, and no rule names it.
        TryLater: Where it leads cannot be told now.
    """
    for issuer in _to_be_public(scene, issuers):
        seen = scene.hosts[_host(issuer)]
        if isinstance(seen, Unknown):
            raise seen.error
        if isinstance(seen, Present) and not all(map(is_public, seen.value)):
            # Which address it is tells of names that only the operator can resolve.
            msg = (
                f"the issuer {issuer} leads to an address that is not public, and the rules of "
                f"ClusterQuayConnection {scene.spec.connection_ref.name} do not name it"
            )
            raise Refused(Reason.ISSUER_REFUSED, msg)


def _to_be_public(scene: Scene, issuers: Iterable[str]) -> list[str]:
    """Those that are allowed for being public only: not the own one, and named by no rule."""
    name = scene.spec.connection_ref.name
    permit = permit_of(scene.rules, scene.namespace, scene.robot_name, connection=name)
    if permit.rules is None:
        return []
    named = [each for rule in _giving(permit) for each in rule.issuers or ()]
    return [
        issuer
        for issuer in dict.fromkeys(issuers)
        if issuer != scene.issuer
        and address_of(_host(issuer)) is None
        and not any(_names(each, issuer) for each in named)
    ]


def _giving(permit: Permit) -> list[AccessRule]:
    return [rule for rule in permit.rules or () if rule.federation]


def _issuers(scene: Scene) -> list[str]:
    """The issuers that are known; nothing is put there before all are."""
    identities = (federation_of(scene.spec) or Federation()).identities
    named = [each.issuer if each.service_account is None else scene.issuer for each in identities]
    return list(dict.fromkeys(each for each in named if each is not None))


def _allows(rule: AccessRule, issuer: str, own: str | None) -> bool:
    if not _is_readable(issuer):
        return False
    if rule.issuers is not None:
        return any(_names(each, issuer) for each in rule.issuers)
    return issuer == own or not _private(issuer)


def _names(pattern: str, issuer: str) -> bool:
    """Whether *pattern* names *issuer*; what is for the host must be found in the host."""
    host = pattern.rpartition("://")[2].partition("/")[0]
    return any_glob([pattern], issuer) and any_glob([host], urlsplit(issuer).netloc)


def _is_readable(issuer: str) -> bool:
    """Whether it leads anywhere: what stands in brackets may be no address."""
    try:
        urlsplit(issuer)
    except ValueError:
        return False
    return True


def _host(issuer: str) -> str:
    return urlsplit(issuer).hostname or ""


def _private(issuer: str) -> bool:
    host = _host(issuer).rstrip(".")
    address = address_of(host)
    if address is None:
        return _local(host)
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.sixtofour or address.teredo or address.ipv4_mapped
        if hidden is not None or address in NAT64:
            return True
    return not is_public(address)


def _local(host: str) -> bool:
    last = host.rpartition(".")[2]
    # Some resolvers take 127.1 or 0x7f.0.0.1 for an address.
    number = last[:1].isdigit()
    return "." not in host or number or last in {"local", "internal", "localhost", "svc"}
