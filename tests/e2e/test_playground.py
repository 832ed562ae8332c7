"""Can everything that the playground shows be pasted, in the order in which it is shown?"""

from __future__ import annotations

import os
import re
import subprocess
import urllib.request

import pytest

from tests.kit.installation import Tenant
from tests.kit.playground import addresses, lines_to_paste, prepare_first_hour, write_programs


@pytest.mark.rotates
def test_every_line_can_be_pasted_into_a_shell_that_knows_nothing(tenant: Tenant):
    tenant.connection()
    tenant.robot("puller", connectionRef={"kind": "QuayConnection", "name": "own"})
    tenant.wait_ready("puller")
    house = tenant.house
    lines = lines_to_paste(house, write_programs(house), tenant.name, "puller")
    known = {"PATH": os.defpath, "HOME": str(house.plane.folder)}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", "\n".join(lines)],
        env=known, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "quayrobot/puller  Ready" in done.stdout
    assert "the new credential is in its Secrets" in done.stdout
    assert 'quayrobot_robots{state="ready"}' in done.stdout
    assert tenant.full("puller") in done.stdout


def test_the_first_hour_can_be_begun_from_the_copy_that_is_shown(tenant: Tenant):
    house = tenant.house
    try:
        page = prepare_first_hour(house).read_text()
        ways = lines_to_paste(house, write_programs(house), tenant.name, "puller")[0]
        begun = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[:2]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join((ways, *begun))],
            env={"PATH": os.defpath, "HOME": str(house.plane.folder)},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    finally:
        house.plane.kubectl("delete", "quayrobots,quayconnections", "--all", "-n", "shop")
        house.plane.kubectl("delete", "namespace", "shop", "--wait=false")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("kubernetes.io/dockerconfigjson\n")


def test_every_address_that_is_shown_is_answered(tenant: Tenant):
    shown = addresses(tenant.house)

    assert shown["API server"].startswith("https://")
    for what in ("metrics", "readiness"):
        with urllib.request.urlopen(shown[what], timeout=5) as answer:
            assert answer.status == 200
