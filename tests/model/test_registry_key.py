"""Is a registry filed under what its clients look up?"""

from __future__ import annotations

import pytest

from quayrobot.model.resources.connection import ConnectionSpec
from quayrobot.model.resources.parse import parse_connection

CREDENTIALS = {"secretRef": {"name": "t"}}


def registries(url: str, **said: object) -> tuple[str, ...]:
    spec = {"url": url, "credentials": CREDENTIALS, **said}
    found = parse_connection("QuayConnection", spec)
    assert isinstance(found, ConnectionSpec)
    assert found.registry == found.registries[0]
    return found.registries


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://quay.example.com", "quay.example.com"),
        ("https://quay.example.com/", "quay.example.com"),
        ("https://quay.example.com:443", "quay.example.com"),
        ("https://quay.example.com:0443/", "quay.example.com"),
        ("https://Quay.Example.COM:8443", "quay.example.com:8443"),
        ("https://quay.example.com:80", "quay.example.com:80"),
        ("https://[2001:DB8::1]:443", "[2001:db8::1]"),
        ("https://[2001:db8::1]", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("https://127.0.0.1:443", "127.0.0.1"),
    ],
)
def test_the_host_of_the_url(url: str, key: str):
    assert registries(url) == (key,)


@pytest.mark.parametrize(
    ("url", "key"),
    [("http://Quay:80", "quay"), ("http://quay:8080", "quay:8080"), ("http://quay:443", "quay")],
)
def test_the_default_port_is_that_of_the_scheme(url: str, key: str):
    assert registries(url, allowPlaintext=True) == (key,)


def test_a_name_that_is_given_is_treated_alike():
    assert registries("https://internal", registryHost="Quay.example.com:443") == (
        "quay.example.com",
    )


def test_several_names_keep_their_order_and_stand_once():
    said = ["Mirror.example:443", "quay.example", "mirror.example", "quay.example:8443"]

    assert registries("https://internal", registryHosts=said) == (
        "mirror.example",
        "quay.example",
        "quay.example:8443",
    )
