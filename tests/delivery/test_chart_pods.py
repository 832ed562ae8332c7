"""Do the values for pods and for all objects reach where they belong?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.kit.controlplane import ControlPlane

from .helm import CHART, RELEASE, Helm

PLACE = "chart-pods"
LABELS = {"example.com/cost-centre": "42"}
SPREAD = [{"maxSkew": 2, "topologyKey": "topology.kubernetes.io/zone",
           "whenUnsatisfiable": "DoNotSchedule",
           "labelSelector": {"matchLabels": {"app.kubernetes.io/name": RELEASE}}}]  # fmt: skip
PODS = {
    "topologySpreadConstraints": SPREAD,
    "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["quay.example.com"]}],
    "dnsPolicy": "None",
    "dnsConfig": {"nameservers": ["192.0.2.53"], "options": [{"name": "ndots", "value": "1"}]},
    "runtimeClassName": "gvisor",
    "terminationGracePeriodSeconds": 60,
    "imagePullSecrets": [{"name": "pull"}],
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "infra", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "system-cluster-critical",
}
ENV = [{"name": "QUAYROBOT_WORKERS", "value": "8"}]
MOUNTS = [{"name": "more", "mountPath": "/more", "readOnly": True}]
VOLUMES = [{"name": "more", "configMap": {"name": "more", "optional": True}}]
VALUES = PODS | {
    "namespaceOverride": PLACE,
    "commonLabels": LABELS,
    "connections": {
        "default": {
            "url": "https://quay.example.com",
            "credentials": {"secretRef": {"name": "token", "namespace": PLACE, "key": "token"}},
            "access": [{"namespaces": {}, "organizations": ["acme"]}],
        }
    },
    "deploymentAnnotations": {"example.com/reload": "yes"},
    "revisionHistoryLimit": 2,
    "extraEnv": ENV,
    "extraVolumes": VOLUMES,
    "extraVolumeMounts": MOUNTS,
    "podSecurityContext": {"fsGroup": 2000},
    "containerSecurityContext": {"runAsUser": 2000},
    "serviceAccount": {"labels": {"example.com/kind": "robot"}},
    "metrics": {"service": {"enabled": True}, "dashboard": {"enabled": True}},
}
REFUSED: dict[str, dict[str, Any]] = {
    "a label that selectors are made of": {"commonLabels": {"app.kubernetes.io/name": "x"}},
    "a variable without a name": {"extraEnv": [{"value": "x"}]},
    "a mount that leads nowhere": {"extraVolumeMounts": [{"name": "x"}]},
    "an end within a moment": {"terminationGracePeriodSeconds": 1},
    "a resolver that is none": {"dnsPolicy": "Any"},
}
Body = dict[str, Any]


@pytest.fixture
def objects(helm: Helm) -> list[Body]:
    """Return all objects of a release, those of its test and its hooks too."""
    said = helm("template", RELEASE, str(CHART), "-n", "elsewhere", values=VALUES)
    return [each for each in yaml.safe_load_all(said) if each]


def pods(objects: list[Body]) -> Iterator[Body]:
    """Iterate over the pods that the release makes, each with metadata and spec."""
    for each in objects:
        if each["kind"] == "Pod":
            yield each
        elif each["kind"] == "Deployment":
            yield each["spec"]["template"]


def one(objects: list[Body], kind: str) -> Body:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def test_every_pod_is_placed_as_the_values_say(objects: list[Body]):
    found = list(pods(objects))

    assert len(found) == 3
    for each in found:
        spec = each["spec"]
        (container,) = spec["containers"]
        expected = PODS.keys() - ({"topologySpreadConstraints"} if each.get("kind") else set())
        assert {name: spec.get(name) for name in expected} == {
            name: PODS[name] for name in expected
        }
        assert container["env"] == ENV
        assert container["volumeMounts"][1:] == MOUNTS
        assert spec["volumes"][1:] == VOLUMES
        assert (spec["securityContext"]["fsGroup"], spec["securityContext"]["runAsNonRoot"]) == (
            2000,
            True,
        )
        assert container["securityContext"]["runAsUser"] == 2000
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_every_object_has_the_labels_of_all(objects: list[Body]):
    for each in (*objects, *pods(objects)):
        assert LABELS.items() <= each["metadata"]["labels"].items(), each["kind"]


def test_no_selector_has_them(objects: list[Body]):
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert LABELS.keys().isdisjoint(one(objects, kind)["spec"]["selector"]["matchLabels"])
    assert LABELS.keys().isdisjoint(one(objects, "Service")["spec"]["selector"])


def test_everything_is_in_the_namespace_that_is_asked_for(objects: list[Body]):
    subjects = [one for each in objects for one in each.get("subjects", ())]

    assert {each["metadata"].get("namespace", PLACE) for each in objects} == {PLACE}
    assert {each["namespace"] for each in subjects} == {PLACE}
    test = next(
        each
        for each in objects
        if each["metadata"]["name"] == f"{RELEASE}-test" and each["kind"] == "Pod"
    )
    assert test["spec"]["containers"][0]["args"] == [
        "check",
        f"--service-account={PLACE}/{RELEASE}",
    ]


def test_what_is_for_one_object_reaches_it(objects: list[Body]):
    deployment = one(objects, "Deployment")

    assert deployment["metadata"]["annotations"] == {"example.com/reload": "yes"}
    assert deployment["spec"]["revisionHistoryLimit"] == 2
    assert one(objects, "ServiceAccount")["metadata"]["labels"]["example.com/kind"] == "robot"


def test_the_api_server_takes_it_strictly(objects: list[Body], control_plane: ControlPlane):
    # Looked up for pods even where nothing is stored; this one is taken strictly too.
    account = next(each for each in objects if each["kind"] == "ServiceAccount")
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "runsc",
               "metadata": {"name": PODS["runtimeClassName"]}}  # fmt: skip
    place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}}
    control_plane.apply(place, account, runtime)
    left_out = {"ServiceAccount", "ClusterQuayConnection"}
    rest = [each for each in objects if each["kind"] not in left_out]

    said = control_plane.kubectl(
        # Other tests may have made the same roles on this API server.
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict",
        "-f", "-", "-o", "name",
        stdin=yaml.safe_dump_all(rest),
    )  # fmt: skip

    assert len(said.split()) == len(rest)


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_the_field(helm: Helm, what: str):
    (field,) = REFUSED[what]

    assert field in helm.refused("template", "x", str(CHART), values=REFUSED[what])
