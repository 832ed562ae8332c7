"""Does the operator keep within its own memory limit with thousands of robots?"""

from __future__ import annotations

import json

import pytest

from tests.kit.installation import Installation
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

from .site import NAME, Site

MANY = 2000


def limit_of(site: Site) -> int:
    """Return the memory limit of the shipped Deployment in bytes."""
    deployment = site.plane.get("deployment", NAME, NAMESPACE)
    assert deployment is not None
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    limit: str = container["resources"]["limits"]["memory"]
    assert limit.endswith("Mi")
    return int(limit.removesuffix("Mi")) * 2**20


def ready_ones(house: Installation, namespace: str) -> int:
    path = "{.items[*].status.conditions[?(@.type=='Ready')].status}"
    said = house.plane.kubectl("get", "quayrobots", "-n", namespace, "-o", f"jsonpath={path}")
    return said.split().count("True")


@pytest.mark.timeout(400)
def test_two_thousand_robots_fit(site: Site):
    """They stay: this is the last test, and the cluster goes with them."""
    tenant = site.house.tenant()
    before = {each["metadata"]["uid"] for each in site.pods()}

    tenant.robots({f"robot-{number}": {} for number in range(MANY)})

    wait_for(lambda: ready_ones(site.house, tenant.name) == MANY, "all Ready",
             timeout_s=300, every_s=3)  # fmt: skip
    used = {each: site.machine.memory(each) for each in before}
    most = {key: max(each[key] for each in used.values()) for key in ("rss", "most")}
    site.shown.value(f"{MANY} robots: RSS {most['rss'] / 2**20:.0f} MB, "
                     f"at most {most['most'] / 2**20:.0f} MB with its files")  # fmt: skip
    assert site.restarts() == dict.fromkeys(before, 0), site.words()
    assert json.dumps(site.pods()).count("OOMKilled") == 0
    # A quarter is left for what comes at once: a resync, a restart of the API server.
    assert most["rss"] < 0.75 * limit_of(site)
