"""Does the chart hold what deploy/manifests holds, and refuse what it does not know?"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.controlplane import ControlPlane
from tests.kit.operating import NAMESPACE

from .helm import CHART, ROOT, Helm

DIGEST = f"sha256:{'ab' * 32}"
CONNECTION = {
    "url": "https://quay.example.com",
    "credentials": {"secretRef": {"name": "token", "namespace": NAMESPACE, "key": "token"}},
    "access": [{"namespaces": {}, "organizations": ["acme"]}],
    "proxy": {
        "url": "http://proxy.example.com:3128",
        "credentialsRef": {"name": "proxy", "namespace": NAMESPACE},
    },
}
EVERYTHING = {
    "image": {"repository": "registry.example.com/op", "digest": DIGEST, "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "pull"}],
    "replicas": 1,
    "connections": {"default": CONNECTION},
    "tenants": {"hosts": ["quay.example.com"], "refusedNetworks": ["10.96.0.0/12"]},
    "clusterName": "east",
    "logLevel": "debug",
    "workers": 8,
    "extraArgs": ["--relist-interval-s=60"],
    "extraCA": {"configMap": "authorities", "key": "bundle.pem"},
    "serviceAccount": {"annotations": {"example.com/a": "b"}},
    "networkPolicy": {"egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}]},
    "podLabels": {"team": "platform"},
    "podAnnotations": {"example.com/c": "d"},
    "resources": {"limits": {"memory": "1Gi"}},
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "infra", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "metrics": {
        "service": {"enabled": True},
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "podMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
}  # fmt: skip
REFUSED = {
    "a field that is not known": ({"replicaCount": 1}, "replicaCount"),
    "a digest that is none": ({"image": {"digest": "latest"}}, "digest"),
    "a level that is none": ({"logLevel": "trace"}, "logLevel"),
    "namespaces without a cluster id": ({"namespaces": ["team-a"]}, "clusterId"),
    "a pattern of namespaces": ({"namespaces": ["team-*"], "clusterId": "east"}, "namespaces"),
    "cluster connections of some namespaces": (
        {"namespaces": ["team-a"], "clusterId": "east", "connections": {"default": CONNECTION}},
        "connections",
    ),
    "a connection without credentials": (
        {"connections": {"default": {"url": "https://quay.example.com"}}},
        "credentials",
    ),
    "a connection with a path in its url": (
        {"connections": {"default": {**CONNECTION, "url": "https://quay.example.com/api/v1"}}},
        "url",
    ),
    "a connection without rules": (
        {"connections": {"default": {**CONNECTION, "access": None}}},
        "access",
    ),
    "a token's Secret without its namespace": (
        {"connections": {"default": {**CONNECTION, "credentials": {"secretRef": {"name": "a"}}}}},
        "namespace",
    ),
    "a tag in the image's repository": (
        {"image": {"repository": "registry.example.com/operator:1.2"}},
        "repository",
    ),
    "a proxy with a password in its url": (
        {"connections": {"default": {**CONNECTION, "proxy": {"url": "http://u:p@proxy:3128"}}}},
        "proxy",
    ),
    "a ServiceMonitor of no Service": (
        {"metrics": {"serviceMonitor": {"enabled": True}}},
        "service",
    ),
}
Body = dict[str, Any]


def key(body: Body) -> str:
    meta = body["metadata"]
    return f"{body['kind']} {meta.get('namespace', '')}/{meta['name']}"


def bare(body: Body) -> Body:
    """Return *body* without what Helm's own conventions add."""
    body = deepcopy(body)
    drop_labels(body)
    # The manifests name none where nothing selects by it.
    labels = body["metadata"].get("labels") or {}
    labels.pop("app.kubernetes.io/name", None)
    if not labels:
        body["metadata"].pop("labels", None)
    (body["metadata"].get("annotations") or {}).pop("helm.sh/resource-policy", None)
    if not body["metadata"].get("annotations"):
        body["metadata"].pop("annotations", None)
    return body


def drop_labels(value: Any) -> None:
    """Drop Helm's labels, wherever labels are named."""
    if isinstance(value, list):
        for each in value:
            drop_labels(each)
    if not isinstance(value, dict):
        return
    for name in ("labels", "matchLabels"):
        if isinstance(value.get(name), dict):
            for label in ("instance", "version", "managed-by"):
                value[name].pop(f"app.kubernetes.io/{label}", None)
            value[name].pop("helm.sh/chart", None)
    for each in value.values():
        drop_labels(each)


def kustomized(plane: ControlPlane, folder: str) -> dict[str, Body]:
    said = plane.kubectl("kustomize", str(ROOT / "deploy" / folder))
    found = {key(each): bare(each) for each in yaml.safe_load_all(said)}
    del found[f"Namespace /{NAMESPACE}"]
    return found


def found_by_key(objects: list[Body]) -> dict[str, Body]:
    found = {key(each): bare(each) for each in objects}
    assert len(found) == len(objects), "an object is there twice"
    return found


def test_the_chart_is_what_the_kustomization_is(helm: Helm, control_plane: ControlPlane):
    assert found_by_key(helm.rendered()) == kustomized(control_plane, "manifests")


def test_so_it_is_with_rights_in_some_namespaces_only(helm: Helm, control_plane: ControlPlane):
    values = {"namespaces": ["team-a", "team-b"], "clusterId": "my-cluster"}

    ours = found_by_key(helm.rendered(values))
    theirs = kustomized(control_plane, "manifests-namespaced")

    for each in (ours, theirs):
        (container,) = each[f"Deployment {NAMESPACE}/quay-robot-operator"]["spec"]["template"][
            "spec"
        ]["containers"]
        container["args"].sort()
    assert ours == theirs


def test_lint_finds_nothing(helm: Helm):
    said = helm("lint", "--strict", str(CHART), values=EVERYTHING)

    assert "0 chart(s) failed" in said
    assert "[WARNING]" not in said


def test_every_value_arrives(helm: Helm):
    objects = helm.rendered(EVERYTHING)
    (deployment,) = (each["spec"] for each in objects if each["kind"] == "Deployment")
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    text = yaml.safe_dump_all(objects)

    assert container["image"] == f"registry.example.com/op@{DIGEST}"
    assert container["args"] == [
        "run", "--cluster-name=east", "--log-level=debug", "--tenant-hosts=quay.example.com",
        "--tenant-refused-networks=10.96.0.0/12", "--workers=8", "--relist-interval-s=60",
    ]  # fmt: skip
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env["SSL_CERT_FILE"] == "/etc/quay-robot-operator/ca/ca.crt"
    assert deployment["template"]["metadata"]["labels"]["team"] == "platform"
    for each in ("pull", "bundle.pem", "infra", "system-cluster-critical", "example.com/c"):
        assert each in text
    (connection,) = (each for each in objects if each["kind"] == "ClusterQuayConnection")
    assert connection["spec"] == CONNECTION
    kinds = {each["kind"] for each in objects}
    assert {"ServiceMonitor", "PodMonitor", "PrometheusRule", "ConfigMap", "Service"} <= kinds


def test_nothing_is_awaited_that_is_served_already(helm: Helm):
    known = "--api-versions=quayrobot.io/v1alpha1/ClusterQuayConnection"

    (first,) = (each for each in helm.rendered(EVERYTHING) if each["kind"] == "Pod")
    later = helm.rendered(EVERYTHING, known)

    assert first["metadata"]["labels"] == {"team": "platform"}
    assert first["metadata"]["annotations"]["example.com/c"] == "d"
    assert "Pod" not in {each["kind"] for each in later}
    (connection,) = (each for each in later if each["kind"] == "ClusterQuayConnection")
    assert "helm.sh/hook" not in connection["metadata"]["annotations"]
    assert "Pod" not in {each["kind"] for each in helm.rendered()}


def test_another_name_leads_nowhere_else(helm: Helm):
    words = ("template", "east", str(CHART), "-n", "quay", "--set", "fullnameOverride=robots")
    objects = [each for each in yaml.safe_load_all(helm(*words)) if each]
    ours = [each for each in objects if each["kind"] != "CustomResourceDefinition"]

    assert {each["metadata"]["name"].split("-")[0] for each in ours} == {"robots"}
    assert {each["metadata"].get("namespace", "quay") for each in ours} == {"quay"}
    for each in ours:
        if each["kind"].endswith("Binding"):
            assert each["roleRef"]["name"].startswith("robots")
            (subject,) = each["subjects"]
            assert (subject["name"], subject["namespace"]) == ("robots", "quay")


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_the_field(helm: Helm, what: str):
    values, field = REFUSED[what]

    assert field in helm.refused("template", "x", str(CHART), values=values)


def test_definitions_are_kept(helm: Helm):
    found = [each for each in helm.rendered() if each["kind"] == "CustomResourceDefinition"]

    assert len(found) == len(list((ROOT / "deploy" / "crds").glob("*quay*.yaml")))
    for each in found:
        assert each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_links_lead_to_the_one_source():
    for link in (CHART / "files").iterdir():
        assert link.is_symlink()
        assert link.resolve().is_relative_to(ROOT / "deploy")
        assert Path(link.readlink()).is_absolute() is False
