"""
May a connection use this host?

Judged is the address that a name was resolved to, never the name: names lie,
and change between two looks. Some addresses are no place for a registry in any
cluster and give credentials to whoever asks (the metadata services of clouds);
those no connection reaches. Everything else is allowed until the administrator
says otherwise, because registries live in private networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

__all__ = ["Address", "Network", "AddressPolicy", "address_of", "embedded", "is_public"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # "this host": some systems connect to loopback
        "169.254.0.0/16",  # link-local: the metadata of most clouds
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "168.63.129.16/32",  # the host agent of Azure
        "192.0.0.192/32",  # metadata of Oracle Cloud
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "::/128",
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, given up
        "fd00:ec2::/32",  # metadata of AWS
        "fd20:ce::/32",  # metadata of Google Cloud
        "ff00::/8",  # multicast
    )
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ip_network("::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """
    Where a connection may lead.

    *hosts* are glob patterns for a host, or for host and port (none: any host);
    *refused* are networks that are refused beside those that always are. *any_proxy*
    tells whether a proxy needs no pattern: it sees where a name leads, and we do not.
    """

    hosts: tuple[str, ...] = ()
    refused: tuple[Network, ...] = ()
    any_proxy: bool = True

    def names(self, host: str, port: int) -> bool:
        """Return whether *host* is one that may be named."""
        here = host.lower()
        both = (here, f"{here}:{port}")
        return not self.hosts or any(
            fnmatchcase(text, each.lower()) for each in self.hosts for text in both
        )

    def lets_through(self, host: str, port: int) -> bool:
        """Return whether *host* may be a proxy."""
        return self.any_proxy or (bool(self.hosts) and self.names(host, port))

    def leads_to(self, address: Address) -> bool:
        """Return whether *address* may be dialled; one that is hidden in it counts as well."""
        return not any(
            each in network
            for each in (address, *embedded(address))
            for network in (*NEVER, *self.refused)
        )


def address_of(host: str) -> Address | None:
    """Return the address that *host* is written as, None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Return whether *address* is one of the internet's, and what is hidden in it as well."""
    translated = any(address in each for each in _NAT64)
    hidden = tuple(embedded(address))
    open_to_all = address.is_global or (translated and bool(hidden))
    return (
        open_to_all
        and AddressPolicy().leads_to(address)
        and all(each.is_global for each in hidden)
    )


def embedded(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a gateway on the way would make of *address*."""
    if isinstance(address, IPv4Address):
        return
    for hidden in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if hidden is not None:
            yield hidden
    low = int(address) & 0xFFFFFFFF
    # ::1 is no IPv4 address in disguise.
    if (address in _COMPATIBLE and low > 0xFFFF) or any(address in each for each in _NAT64):
        yield IPv4Address(low)
