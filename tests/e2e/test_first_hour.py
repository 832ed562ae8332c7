"""Does docs/first-hour.md show what happens, command by command?"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.kit.installation import Tenant
from tests.kit.playground import addressed

PAGE = Path(__file__).parents[2] / "docs" / "first-hour.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = "shop"


def script_of(text: str, tenant: Tenant) -> str:
    """Return shown commands for the tenant's namespace and organization, and for the double."""
    return addressed(re.sub(rf"\b{SHOWN}\b", tenant.name, text), tenant.house.quay.url)


def typed(script: str, tenant: Tenant, programs: Path) -> str:
    """Type *script* into a shell, and return what it says, as the page says it."""
    done = subprocess.run(
        ["bash", "-u", "-c", script],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(tenant.house.plane.folder),
            "KUBECONFIG": str(tenant.house.plane.kubeconfig),
            "QUAY_TOKEN": tenant.house.token,
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=150,
    )  # fmt: skip
    said = done.stdout.replace(tenant.name, SHOWN)
    said = said.replace(tenant.house.quay.url, "https://quay.example.com")
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines())


def test_the_first_hour_goes_as_the_page_shows_it(tenant: Tenant, tmp_path: Path):
    tenant.repository("app")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec {" ".join(tenant.house.plane.kubectl_command)} "$@"\n')
    kubectl.chmod(0o755)
    page = PAGE.read_text()
    steps = STEP.findall(page)
    assert len(steps) == page.count("```sh\n") == 14

    told = [(shown, typed(script_of(shown, tenant), tenant, tmp_path)) for shown, _ in steps]

    if os.environ.get("RECORD") == "1":
        answers = iter(told)
        PAGE.write_text(
            STEP.sub(lambda _: "```sh\n{}```\n\n```text\n{}```".format(*next(answers)), page)
        )
        steps = STEP.findall(PAGE.read_text())
    assert steps == told, "run this test with RECORD=1 and look at docs/first-hour.md"
    assert tenant.house.token not in PAGE.read_text()
    assert not tenant.house.quay.admin("robot/show", name=tenant.full("puller"))
