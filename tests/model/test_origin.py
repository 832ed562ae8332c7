"""Where does a url lead: which scheme, host and port is a robot bound to?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.connection import origin_of
from quayrobot.model.resources.parse import parse_connection


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://quay.example", "https://quay.example:443"),
        ("https://quay.example/", "https://quay.example:443"),
        ("https://quay.example:443", "https://quay.example:443"),
        ("https://quay.example:8443", "https://quay.example:8443"),
        ("http://quay.example", "http://quay.example:80"),
        ("https://QUAY.Example", "https://quay.example:443"),
        ("https://quay.example.", "https://quay.example:443"),
        ("https://127.0.0.1:1", "https://127.0.0.1:1"),
        ("https://[::1]", "https://[::1]:443"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["https://quay.example", "http://q:8080", "https://[::1]:5"])
def test_an_origin_is_its_own_origin(url):
    assert origin_of(origin_of(url)) == origin_of(url)


hosts = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,20}[A-Za-z0-9])?", fullmatch=True)


@given(st.sampled_from(["http", "https"]), hosts, st.none() | st.integers(1, 65535))
def test_every_spelling_of_one_place_is_one_origin(scheme, host, port):
    number = port or {"http": 80, "https": 443}[scheme]
    shown = "" if port is None else f":{port}"

    expected = f"{scheme}://{host.lower()}:{number}"
    assert origin_of(f"{scheme}://{host}{shown}") == expected
    assert origin_of(f"{scheme}://{host.upper()}{shown}/") == expected


@pytest.mark.parametrize("place", ["quay.example:99999", "[:::::]", "[12345::]"])
def test_a_url_that_leads_nowhere_is_refused_as_a_spec(place):
    spec = {"url": f"https://{place}", "credentials": {"secretRef": {"name": "t"}}}

    with pytest.raises(InvalidSpec):
        assert parse_connection("QuayConnection", spec).origin


def test_port_zero_is_not_the_default_port():
    assert origin_of("https://quay.example:0") != origin_of("https://quay.example")
