"""Does the operator run as it is shipped, and as OpenShift would run it?"""

from __future__ import annotations

import json
import time

import pytest

from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

from .programs_of import operators, root_of
from .site import NAME, Site

# Longer than a liveness probe that fails from the start lets a container live: three
# failures, 20 s apart, after the first 10 s.
WATCHED_S = 75
UID, GROUP = 1000730000, 1000730000


def test_nothing_was_started_anew(site: Site):
    """The same pods as at the start, through all tests before this one."""
    left = site.began + WATCHED_S - time.monotonic()
    time.sleep(max(0.0, left))

    assert site.restarts() == dict.fromkeys(site.first_pods, 0), site.words()
    site.shown.value(f"no restart within {time.monotonic() - site.began:.0f} s")


def test_memory_stays_small(site: Site):
    most = max(site.machine.memory(each)["rss"] for each in site.first_pods)
    site.shown.value(f"RSS of the operator's pod after the main job: {most / 2**20:.0f} MB")

    assert most < 160 * 2**20


def test_the_virtual_environment_is_small(site: Site):
    (process, *_) = operators()
    place = root_of(process) / "opt" / "quayrobot"
    size = sum(each.stat().st_size for each in place.rglob("*") if each.is_file())
    site.shown.value(f"virtual environment in the image: {size / 1e6:.0f} MB")

    assert size < 150e6


def test_the_build_left_nothing_of_this_machine(site: Site):
    (process, *_) = operators()
    root = root_of(process)

    assert not (root / "etc/pip.conf").exists()
    assert not list((root / "opt/quayrobot/bin").glob("pip*"))


def test_a_pod_that_runs_as_root_is_not_admitted(site: Site):
    """The namespace's own rule: it is what lets the shipped pods in."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"},
           "spec": {"containers": [{"name": "x", "image": "x",
                                    "securityContext": {"runAsUser": 0}}]}}  # fmt: skip
    said = site.plane.kubectl_refused("apply", "-n", NAMESPACE, "-f", "-", stdin=json.dumps(pod))

    assert "violates PodSecurity" in said


def test_a_change_loses_no_pass(site: Site, tenant):
    names = [f"during-{number}" for number in range(6)]
    leader = site.leader()["metadata"]["uid"]
    site.plane.kubectl("set", "env", f"deployment/{NAME}", "-n", NAMESPACE,
                       "QUAYROBOT_LOG_FORMAT=json")  # fmt: skip
    for name in names:
        tenant.robot(name)
        time.sleep(1)

    site.wait_operator(timeout_s=120)
    for name in names:
        tenant.wait_ready(name, timeout_s=60)
    assert leader not in {each["metadata"]["uid"] for each in site.pods()}
    created = [each for each in tenant.effects() if each == "robot.create"]
    assert len(created) == len(names)


def test_it_ends_within_five_seconds(site: Site):
    pod = site.leader()["metadata"]["name"]
    begun = time.monotonic()
    site.plane.kubectl("delete", "pod", pod, "-n", NAMESPACE, "--wait=false")
    wait_for(lambda: site.plane.get("pod", pod, NAMESPACE) is None, "it to be gone")
    took = time.monotonic() - begun
    site.shown.value(f"SIGTERM to gone: {took:.1f} s")

    assert took < 5
    site.wait_operator(timeout_s=120)


def test_any_uid_will_do(site: Site, tenant):
    """As OpenShift's restricted-v2 admits it: a uid of the namespace's range, and no other."""
    given = {"runAsUser": UID, "fsGroup": GROUP}
    patch = {"spec": {"template": {"spec": {"securityContext": given}}}}
    site.plane.kubectl("patch", "deployment", NAME, "-n", NAMESPACE, "-p", json.dumps(patch))

    site.wait_operator(timeout_s=120)
    tenant.robot()

    tenant.wait_ready(timeout_s=60)
    wait_for(lambda: {each.uids().real for each in operators()} == {UID}, "the old ones to go")
    assert {each.gids().real for each in operators()} == {0}


@pytest.mark.parametrize("part", ["passwd"])
def test_the_image_does_not_know_that_uid(site: Site, part: str):
    (process, *_) = operators()

    assert str(UID) not in (root_of(process) / "etc" / part).read_text()
