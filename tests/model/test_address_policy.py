"""Is an address judged as what it leads to, however it is written?"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from quayrobot.model.address_policy import AddressPolicy, address_of, embedded, is_public

ANY = AddressPolicy()


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        # Hidden in another one.
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "2001:0:a9fe:a9fe::1",
    ],
)
def test_no_connection_leads_to_a_place_that_gives_credentials_to_whoever_asks(address):
    assert not ANY.leads_to(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "127.0.0.1",
        "::1",
        "fd00::1",
        "2606:4700::1",
        "64:ff9b::8.8.8.8",
    ],
)
def test_a_registry_may_be_in_a_private_network_and_on_this_machine(address):
    assert ANY.leads_to(ip_address(address))


@pytest.mark.parametrize(
    ("network", "address", "expected"),
    [
        ("127.0.0.0/8", "127.0.0.1", False),
        ("127.0.0.0/8", "::ffff:127.0.0.1", False),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1", False),
        ("127.0.0.0/8", "::1", True),
        ("::1/128", "::1", False),
        ("10.96.0.0/12", "10.96.0.1", False),
        ("10.96.0.0/12", "10.1.0.1", True),
        ("fd00::/8", "fd12::1", False),
    ],
)
def test_an_administrator_refuses_more(network, address, expected):
    assert AddressPolicy(refused=(ip_network(network),)).leads_to(ip_address(address)) is expected


@pytest.mark.parametrize(
    ("pattern", "host", "port", "expected"),
    [
        ("quay.example.com", "quay.example.com", 443, True),
        ("quay.example.com", "QUAY.example.com", 443, True),
        ("Quay.Example.Com", "quay.example.com", 8443, True),
        ("quay.example.com:443", "quay.example.com", 443, True),
        ("quay.example.com:443", "quay.example.com", 8443, False),
        ("*.example.com", "quay.example.com", 443, True),
        ("*.example.com", "quay.example.com.evil", 443, False),
        ("*.example.com", "example.com", 443, False),
        ("quay.example.com", "quayXexample.com", 443, False),
        ("10.0.0.1", "10.0.0.1", 443, True),
        ("10.0.0.1", "10.0.0.11", 443, False),
    ],
)
def test_hosts_are_named_by_patterns(pattern, host, port, expected):
    assert AddressPolicy(hosts=(pattern,)).names(host, port) is expected


def test_any_host_may_be_named_where_none_is():
    assert ANY.names("quay.example.com", 443)


def test_one_of_several_patterns_is_enough():
    assert AddressPolicy(hosts=("a.example.com", "b.example.com")).names("b.example.com", 443)


@pytest.mark.parametrize("text", ["quay.example.com", "2130706433", "0x7f.1", "127.1", ""])
def test_what_only_a_resolver_takes_for_an_address_is_a_name(text):
    assert address_of(text) is None


def test_an_address_is_read():
    assert address_of("fd00::1") == ip_address("fd00::1")


def test_loopback_is_no_ipv4_address_in_disguise():
    assert list(embedded(ip_address("::1"))) == []
    assert list(embedded(ip_address("127.0.0.1"))) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        # What a translating name service makes of a public address, and of others.
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("168.63.129.16", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("2002:a00:1::1", False),
        ("2001:0:a00:1::1", False),
        ("ff02::1", False),
    ],
)
def test_public_is_what_is_so_with_all_that_is_hidden_in_it(address, expected):
    assert is_public(ip_address(address)) is expected
