"""
What does somebody type in another shell while the playground is up?

First how to reach the cluster: one line that puts a `kubectl` of the
playground's own, and the plugin, before everything else on PATH. Every line
can be pasted as it stands, and ends by itself.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from .installation import Installation

__all__ = ["addressed", "addresses", "lines_to_paste", "prepare_first_hour", "write_programs"]

FIRST_HOUR = Path(__file__).parents[2] / "docs" / "first-hour.md"
SHOP = "shop"
_URL = re.compile(r"^( *)url: https://quay\.example\.com$", re.MULTILINE)
OURS = ("quayrobot", "kubectl-quayrobot", "kubectl_complete-quayrobot")


def write_programs(house: Installation) -> Path:
    """Write `kubectl` and the operator's programs into a folder of their own, and return it."""
    folder = house.plane.folder / "bin"
    folder.mkdir(exist_ok=True)
    # Without the --kubeconfig that the tests give: the plugin reads the environment.
    wanted = {"kubectl": house.plane.kubectl_command[:-2]}
    wanted |= {each: [str(Path(sys.executable).with_name(each))] for each in OURS}
    for name, command in wanted.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
    return folder


def addressed(text: str, url: str) -> str:
    """Return *text* with the Quay at *url* in place of the one that the pages name."""
    return _URL.sub(rf"\1url: {url}\n\1allowPlaintext: true", text)


def prepare_first_hour(house: Installation) -> Path:
    """Make what docs/first-hour.md begins with; return a copy of it with our Quay's address."""
    house.plane.make_namespace(SHOP)
    house.quay.admin("organization", name=SHOP)
    house.quay.admin("repository", namespace=SHOP, name="app")
    page = house.plane.folder / FIRST_HOUR.name
    page.write_text(addressed(FIRST_HOUR.read_text(), house.quay.url))
    return page


def addresses(house: Installation) -> dict[str, str]:
    """Return what listens where, by what it is."""
    return {
        "API server": house.plane.url,
        "Quay (the double)": house.quay.url,
        "metrics": f"http://127.0.0.1:{house.operator.port}/metrics",
        "readiness": f"http://127.0.0.1:{house.operator.port}/readyz",
    }


def lines_to_paste(house: Installation, programs: Path, team: str, robot: str) -> list[str]:
    """Return shell lines about the QuayRobot *robot* in the namespace *team*, in order."""
    name, listening = shlex.quote(robot), addresses(house)
    token = house.plane.folder / "quay-token"
    token.touch(mode=0o600)
    token.write_text(house.token)
    return [
        (
            f"export KUBECONFIG={shlex.quote(str(house.plane.kubeconfig))} "
            f"PATH={shlex.quote(str(programs))}:$PATH "
            f'QUAY_TOKEN="$(cat {shlex.quote(str(token))})"'
        ),
        "kubectl get quayrobots -A -o wide",
        f"kubectl quayrobot status {name} -n {team}",
        f"kubectl -n {team} delete secret {name}  # it comes back",
        f"kubectl -n {team} wait --for=create secret/{name} --timeout=30s",
        f"kubectl quayrobot rotate {name} -n {team} --wait",
        f"kubectl quayrobot plan {name} -n {team}",
        f"kubectl -n {team} describe quayrobot {name}",
        f"curl -s -X POST {listening['Quay (the double)']}/__admin/robots  # what Quay has",
        f"curl -s {listening['metrics']} | grep ^quayrobot_robots",
        f"tail -n 20 {shlex.quote(str(house.operator.log))}",
    ]
