"""Does what docs/tenancy.md shows do what it says there?"""

from __future__ import annotations

import re

import pytest
import yaml

from tests.kit.installation import ROOT, Installation, Tenant
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

PAGE = ROOT / "docs" / "tenancy.md"


def examples() -> list[str]:
    """Return the YAML blocks of the page, as they stand."""
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def shop(house: Installation):
    """Yield the namespace of the page."""
    house.plane.kubectl("create", "namespace", "shop")
    house.plane.kubectl("label", "namespace", "shop", "example.com/tenant=true")
    house.quay.admin("organization", name="acme")
    house.secret(NAMESPACE, "quay-token", house.token)
    yield Tenant(house, "shop")
    house.plane.kubectl("delete", "quayrobots", "--all", "-n", "shop", "--timeout=30s")
    house.plane.kubectl("delete", "clusterquayconnection", "tenants", "--ignore-not-found")
    house.plane.kubectl("delete", "namespace", "shop", "--wait=false")


def test_the_examples_of_the_page_are_let_in_and_refused_as_it_says(
    shop: Tenant, house: Installation
):
    connection, allowed, refused, policy = examples()
    plain = "url: https://quay.example.com"
    assert plain in connection
    called = house.quay.mark()

    there = f"url: {house.quay.url}\n  allowPlaintext: true"
    house.plane.kubectl("apply", "-f", "-", stdin=connection.replace(plain, there))
    house.plane.kubectl("apply", "-f", "-", stdin=refused)
    house.plane.kubectl("apply", "-f", "-", stdin=allowed)

    names = [each["metadata"]["name"] for each in yaml.safe_load_all(refused)]
    expected = dict.fromkeys(names, "AccessDenied")
    assert len(expected) == 4
    wait_for(lambda: {name: shop.reason(name) for name in names} == expected, str(expected))
    shop.wait_ready("ci")
    robots = [e.path for e in house.quay.calls(called) if "/acme/robots/" in e.path]
    assert {path.rpartition("/")[2] for path in robots} == {"shop-ci"}

    house.plane.kubectl("apply", "-f", "-", "--dry-run=server", stdin=policy)
