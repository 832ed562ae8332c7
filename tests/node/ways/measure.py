"""`python -m tests.node.ways.measure`, where a node is: each way's life, and one table."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.controlplane import ControlPlane
from tests.kit.installation import Tenant
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

from ..pulling import READ
from ..shown import Shown
from ..site import NAME, RULE, Site
from ..undisturbed import Undisturbed
from .by_helm import Helm3, Helm4
from .by_manifests import Flux, Kustomize, OneFile
from .by_olm import Bundle
from .way import COLUMN, DEFINITION, LATER, NOW, Version, Way

WAYS: tuple[type[Way], ...] = (OneFile, Kustomize, Helm3, Helm4, Bundle, Flux)
STEPS = ("installed", "upgraded", "rolled back", "removed")
ROBOTS = {"plain": {}, "reader": {"permissions": READ}}
# Written by the cluster itself, and gone by themselves.
PASSING = ("events", "leases.coordination.k8s.io", "pods")


def main(chosen: list[str]) -> int:
    """Print the table, and return 1 where something was left behind."""
    folder, rows = Path(os.environ["NODE_FOLDER"]), []
    with Site(folder, Shown(), operated=False) as site:
        _warm(site)
        for kind in WAYS:
            if not chosen or kind.__name__ in chosen:
                rows.append(_life(site, kind))
                print(rows[-1], file=sys.stderr, flush=True)
    print(f"\n| way | {', s | '.join(STEPS)}, s | left behind |")
    print(f"|---|{'---:|' * len(STEPS)}---|")
    print("\n".join(rows))
    return int(not all(row.endswith("| nothing |") for row in rows))


def _warm(site: Site) -> None:
    """Let the node have both images: how fast it pulls is no matter of the way."""
    site.push(Path(os.environ["NODE_IMAGE"]), f"infra/{NAME}:{LATER.tag}")
    for version in (NOW, LATER):
        image = f"{site.image.rpartition(':')[0]}:{version.tag}"
        site.plane.kubectl(
            "run", version.tag, f"--image={image}", "--restart=Never", "--", "version"
        )

        def ended(name: str = version.tag) -> bool:
            pod = site.plane.get("pod", name, "default") or {}
            return bool(pod.get("status", {}).get("phase") == "Succeeded")

        wait_for(ended, "the image", timeout_s=120, every_s=0.2)
        site.plane.kubectl("delete", "pod", version.tag, "--now")


def _life(site: Site, kind: type[Way]) -> str:
    """Let one way install, upgrade, roll back and remove; return its row."""
    place = Path(os.environ["NODE_FOLDER"]) / kind.__name__
    place.mkdir()
    way, took, before = kind(site, place), {}, inventory(site.plane)
    with _timed(took, "installed"):
        way.install()
    tenant = _robots(site)
    for step, go, version in (
        ("upgraded", way.upgrade, LATER),
        ("rolled back", way.roll_back, NOW),
    ):
        _change(site, tenant, took, step, go, version)
    with _timed(took, "removed"):
        _remove_resources(site)
        way.remove()
    assert site.quay.admin("robots") == []
    tenant.kubectl("delete", "namespace", tenant.name)
    left = wait_left(site.plane, before)
    times = " | ".join(f"{took[step]:.0f}" for step in STEPS)
    return f"| {way.name} | {times} | {', '.join(sorted(left)) or 'nothing'} |"


def _change(
    site: Site, tenant: Tenant, took: dict[str, float], step: str, go: Callable[[], None],
    version: Version,
) -> None:  # fmt: skip
    old = {each["metadata"]["uid"] for each in site.pods()}
    with Undisturbed(site, tenant, *ROBOTS), _timed(took, step):
        go()
    assert not old & {each["metadata"]["uid"] for each in site.pods()}
    deployment = site.plane.get("deployment", NAME, NAMESPACE) or {}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert version.argument in container["args"]
    definition = site.plane.get("crd", DEFINITION) or {}
    columns = definition["spec"]["versions"][0]["additionalPrinterColumns"]
    assert any(each["name"] == COLUMN["name"] for each in columns) == version.later


def _robots(site: Site) -> Tenant:
    site.house.cluster_connection(access=[RULE], resyncInterval="1h")
    tenant = site.house.tenant()
    tenant.repository("app")
    tenant.robots(ROBOTS)
    for name in ROBOTS:
        tenant.wait_ready(name, timeout_s=60)
    return tenant


def _remove_resources(site: Site) -> None:
    """Do what docs/uninstall.md begins with."""
    site.plane.kubectl("delete", "quayrobots", "--all", "-A", "--timeout=60s")
    site.plane.kubectl("delete", "clusterquayconnections", "--all", "--timeout=60s")


def inventory(plane: ControlPlane) -> set[str]:
    """Return every object that is stored, of whatever kind, as kind, namespace and name."""
    listed = plane.kubectl("api-resources", "--verbs=list,delete", "-o", "name").split()
    kinds = ",".join(each for each in listed if not each.startswith(PASSING))
    columns = "custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name"
    said = plane.kubectl("get", kinds, "-A", "--no-headers", "-o", columns)
    return {" ".join(each.split()) for each in said.splitlines()}


def wait_left(plane: ControlPlane, before: set[str]) -> set[str]:
    """Return what there is beyond *before*, once what goes by itself has gone."""
    deadline = time.monotonic() + 20
    while (left := inventory(plane) - before) and time.monotonic() < deadline:
        time.sleep(1)
    return left


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    took[step] = time.monotonic() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
