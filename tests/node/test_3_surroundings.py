"""
Does a pod of the operator start in what clusters of real users do to it?

Each case is one more pod beside those of the Deployment, with the same account
and the same image: it stands by, and is Ready once it has seen everything.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator

import pytest

from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

from .namespaces import ADDRESS_6, SERVICE_ADDRESS
from .site import NAME, Body, Site

# What the kubelet tells each pod of a namespace that has Services of these names.
SERVICES = ("quayrobot-metrics", "quayrobot-health")
NOWHERE = "http://127.0.0.1:9"


def container(pod: Body) -> Body:
    (found,) = pod["containers"]
    return found


def environment(pod: Body, **values: str) -> None:
    container(pod)["env"] = [{"name": name, "value": value} for name, value in values.items()]


def as_it_is(_: Body) -> None:
    """Among Services whose variables look like settings of the operator."""


def on_little_cpu(pod: Body) -> None:
    container(pod)["resources"]["limits"]["cpu"] = "50m"
    container(pod)["resources"]["requests"]["cpu"] = "50m"


def without_a_writable_folder(pod: Body) -> None:
    container(pod)["volumeMounts"] = []
    pod["volumes"] = []


def told_a_name(pod: Body) -> None:
    name = "kubernetes.default.svc"
    pod["hostAliases"] = [{"ip": SERVICE_ADDRESS, "hostnames": [name]}]
    environment(pod, KUBERNETES_SERVICE_HOST=name)


def told_an_ipv6_address(pod: Body) -> None:
    environment(pod, KUBERNETES_SERVICE_HOST=ADDRESS_6)


def with_proxies_that_lead_nowhere(pod: Body) -> None:
    environment(pod, HTTPS_PROXY=NOWHERE, HTTP_PROXY=NOWHERE, ALL_PROXY=NOWHERE,
                NO_PROXY="10.0.0.0/8,.svc")  # fmt: skip


def of_another_user_and_group(pod: Body) -> None:
    pod["securityContext"] |= {"runAsUser": 1000660000, "fsGroup": 1000660000,
                               "seLinuxOptions": {"level": "s0:c26,c5"}}  # fmt: skip


CASES = (
    as_it_is, on_little_cpu, without_a_writable_folder, told_a_name, told_an_ipv6_address,
    with_proxies_that_lead_nowhere, of_another_user_and_group,
)  # fmt: skip


def name_of(case: Callable[[Body], None]) -> str:
    return case.__name__.replace("_", "-")


@pytest.fixture(scope="module")
def beside(site: Site) -> Iterator[None]:
    """Let all the pods begin at once: one of them takes its time."""
    services = [
        {"apiVersion": "v1", "kind": "Service",
         "metadata": {"name": each, "namespace": NAMESPACE},
         "spec": {"ports": [{"port": 80}]}}
        for each in SERVICES
    ]  # fmt: skip
    site.plane.apply(*services)
    deployment = site.plane.get("deployment", NAME, NAMESPACE)
    assert deployment is not None
    shipped = deployment["spec"]["template"]["spec"]
    for case in CASES:
        pod = copy.deepcopy(shipped)
        case(pod)
        meta = {"name": name_of(case), "namespace": NAMESPACE}
        site.plane.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod})
    yield
    site.plane.delete("pod", *map(name_of, CASES), namespace=NAMESPACE)
    site.plane.delete("service", *SERVICES, namespace=NAMESPACE)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_pod_starts(site: Site, beside: None, case: Callable[[Body], None]):
    name = name_of(case)

    def status() -> Body:
        pod = site.plane.get("pod", name, NAMESPACE) or {}
        (found,) = pod.get("status", {}).get("containerStatuses", ({},))
        return found

    try:
        wait_for(lambda: status().get("ready"), "", timeout_s=150, every_s=0.5)
    except AssertionError:
        said = site.machine.logs(NAMESPACE, name)[-1500:]
        raise AssertionError(f"not Ready: {json.dumps(status())} {said}") from None
    assert status()["restartCount"] == 0, status()


def test_pods_that_do_not_start_hold_up_no_drain(site: Site):
    """The shipped budget would else wait for them to be Ready, which they never are."""
    place = "broken"
    bodies = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}},
        {"apiVersion": "v1", "kind": "ServiceAccount",
         "metadata": {"name": NAME, "namespace": place}},
    ]  # fmt: skip
    for kind in ("poddisruptionbudget", "deployment"):
        found = site.plane.get(kind, NAME, NAMESPACE)
        assert found is not None
        meta = {"name": NAME, "namespace": place}
        bodies.append({**found, "metadata": meta, "status": {}})
    container(bodies[-1]["spec"]["template"]["spec"])["args"] = ["run", "--workers=0"]
    site.plane.apply(*bodies)

    def ended() -> list[str]:
        return [
            each["metadata"]["name"]
            for each in site.pods(place)
            if any(one["restartCount"] for one in each["status"].get("containerStatuses", ()))
        ]

    (name, *_) = wait_for(lambda: len(ended()) == 2 and ended(), "both to fail", timeout_s=60)
    meta = {"name": name, "namespace": place}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    path = f"/api/v1/namespaces/{place}/pods/{name}/eviction"
    said = site.plane.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))

    assert json.loads(said)["status"] == "Success"
    site.plane.kubectl("delete", "namespace", place, "--wait=false")
