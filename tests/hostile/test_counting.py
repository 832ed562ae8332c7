"""Would an attack that gets something be noticed?"""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from tests.kit.installation import Tenant
from tests.kit.surroundings import Surroundings

from .conftest import Attack, climbed


def test_whatever_an_attack_gets_is_counted(victim: Tenant, tenant: Tenant, tmp_path: Path):
    counting = Attack(tenant.house, ("one",), [victim])
    assert set(counting.got().values()) == {0}

    stolen = victim.credential()
    assert stolen is not None
    victim.kubectl("patch", "quayrobot", "ci", "--type=merge", "-p", '{"spec":{"suspend":true}}')
    victim.kubectl("create", "secret", "generic", "planted")
    tenant.house.quay.admin("robot", name=victim.full("planted"))
    tenant.house.secret(tenant.name, "loot", stolen[1])
    with Surroundings(tmp_path) as around:
        counting.around = around
        with urllib.request.urlopen(around.elsewhere.url, timeout=5):
            pass
        got = counting.got()

    # The resource, the Secret, the robot and its rights.
    assert got["foreign objects written"] == 4
    assert got["foreign bytes read"] == len(stolen[1])
    assert got["requests off origin"] == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/organization/acme/robots/ci", 0),
        ("/api/v1/user/robots/ci+x", 0),
        ("/api/v1/../x", 1),
        ("/api//v1", 1),
        ("/api/./v1", 1),
        ("/api/v1/a%2fb", 1),
        ("/api/v1/a?b", 1),
        ("/api/v1/%2e%2e/..", 2),
    ],
)
def test_a_path_that_climbs_is_counted(path: str, expected: int):
    assert climbed([path]) == expected


def test_what_a_witness_hears_is_kept(tmp_path: Path):
    with Surroundings(tmp_path) as around:
        with urllib.request.urlopen(f"{around.inside.url}/a", timeout=5):
            pass

        assert around.visits() == 1
        assert around.inside.heard[0].startswith(b"GET /a ")
