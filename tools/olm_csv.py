"""
What does OLM have to know to install the operator?

One ClusterServiceVersion, made of what is shipped otherwise: the Deployment and
the rights of deploy/manifests, the definitions, and the examples.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from olm_words import descriptors

ROOT = Path(__file__).parents[1]
NAME = "quay-robot-operator"
EXAMPLES = {
    "QuayRobot": "robot.yaml",
    "ClusterQuayRobot": "robot-for-namespaces.yaml",
    "QuayConnection": "namespaced-connection.yaml",
    "ClusterQuayConnection": "cluster-connection.yaml",
}
TITLES = {
    "QuayRobot": "Quay Robot",
    "ClusterQuayRobot": "Cluster Quay Robot",
    "QuayConnection": "Quay Connection",
    "ClusterQuayConnection": "Cluster Quay Connection",
}
SUMMARIES = {
    "QuayRobot": "A robot account in Quay, its rights, and the Secrets with its credential.",
    "ClusterQuayRobot": "Robots, or one robot, for every namespace that a selector matches.",
    "QuayConnection": "Address and token of a Quay, for one namespace.",
    "ClusterQuayConnection": "Address and token of a Quay, and who may have which robot in it.",
}
# What the console lists below an object of ours; a connection makes nothing.
MADE = {
    "QuayRobot": [{"kind": "Secret", "version": "v1"}],
    "ClusterQuayRobot": [
        {"name": "quayrobots.quayrobot.io", "kind": "QuayRobot", "version": "v1alpha1"},
        {"kind": "Secret", "version": "v1"},
    ],
}
# Rights in one namespace need a name for the cluster, which OLM cannot ask for, and OLM would
# give the rights of clusterPermissions all the same.
INSTALL_MODES = {
    "OwnNamespace": False, "SingleNamespace": False, "MultiNamespace": False,
    "AllNamespaces": True,
}  # fmt: skip
Body = dict[str, Any]


@dataclass(frozen=True)
class About:
    """What differs from bundle to bundle; *when* is in seconds since 1970."""

    version: str
    when: int
    image: str
    bundle_image: str
    channel: str = "preview"
    replaces: str = ""
    skip_range: str = ""
    homepage: str = ""

    @property
    def name(self) -> str:
        """The name of the ClusterServiceVersion."""
        return f"{NAME}.v{self.version}"


def service_version(about: About, objects: list[Body]) -> Body:
    """Return the ClusterServiceVersion that installs what *objects*, the manifests, have."""
    edges = {"replaces": about.replaces} if about.replaces else {}
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {"name": about.name, "annotations": _annotations(about, objects)},
        "spec": {
            **described(about),
            "version": about.version,
            **edges,
            "icon": [icon()],
            "installModes": [
                {"type": each, "supported": can} for each, can in INSTALL_MODES.items()
            ],
            "install": {"strategy": "deployment", "spec": _install(about, objects)},
            "customresourcedefinitions": {"owned": [_owned(each) for each in crds(objects)]},
            "relatedImages": [{"name": "operator", "image": about.image}],
        },
    }


def described(about: About) -> Body:
    """Return what people read of it, in the bundle and in a catalog."""
    links = [{"name": "Quay", "url": "https://www.projectquay.io"}]
    if about.homepage:
        links.insert(0, {"name": "Source and documentation", "url": about.homepage})
    chart = yaml.safe_load((ROOT / "deploy" / "charts" / NAME / "Chart.yaml").read_text())
    return {
        "displayName": "Quay Robot Operator",
        "description": (ROOT / "deploy" / "olm" / "description.md").read_text(),
        "keywords": chart["keywords"],
        "links": links,
        "maturity": "alpha",
        "minKubeVersion": "1.30.0",
        "provider": {"name": NAME, **({"url": about.homepage} if about.homepage else {})},
    }


def icon() -> Body:
    """Return the picture of the operator."""
    data = (ROOT / "deploy" / "olm" / "icon.svg").read_bytes()
    return {"base64data": base64.b64encode(data).decode(), "mediatype": "image/svg+xml"}


def crds(objects: Iterable[Body]) -> list[Body]:
    """Return the definitions among *objects*, by name."""
    found = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    return sorted(found, key=lambda each: each["metadata"]["name"])


def example(kind: str) -> Body:
    """Return an object of *kind*, as deploy/examples has it."""
    text = (ROOT / "deploy" / "examples" / EXAMPLES[kind]).read_text()
    return next(each for each in yaml.safe_load_all(text) if each["kind"] == kind)


def _annotations(about: About, objects: list[Body]) -> dict[str, str]:
    features = {
        # A mirror of the image is found by its digest only.
        "disconnected": "@sha256:" in about.image,
        # The environment's proxies are ignored: a connection names its own.
        **dict.fromkeys(("proxy-aware", "fips-compliant", "tls-profiles"), False),
        **dict.fromkeys(("token-auth-aws", "token-auth-azure", "token-auth-gcp"), False),
    }
    made = {
        "alm-examples": json.dumps(
            [example(each["spec"]["names"]["kind"]) for each in crds(objects)], indent=1
        ),
        # Upgrades are tested. Backups are other tools' (docs/restore.md), so it claims no more.
        "capabilities": "Seamless Upgrades",
        "categories": "Security,Integration & Delivery",
        "containerImage": about.image,
        "createdAt": datetime.fromtimestamp(about.when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": "Quay robot accounts as Kubernetes resources, credentials in Secrets",
        "operatorframework.io/suggested-namespace": NAME,
        "support": NAME,
    }
    made |= {
        f"features.operators.openshift.io/{each}": str(has).lower()
        for each, has in features.items()
    }
    if about.homepage:
        made["repository"] = about.homepage
    if about.skip_range:
        made["olm.skipRange"] = about.skip_range
    return dict(sorted(made.items()))


def _install(about: About, objects: list[Body]) -> Body:
    """Return the Deployment and the rights of its ServiceAccount; OLM makes the account."""
    (deployment,) = (each for each in objects if each["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    account = template["spec"]["serviceAccountName"]
    (container,) = template["spec"]["containers"]
    shown = template["spec"] | {"containers": [container | {"image": about.image}]}
    spec = deployment["spec"] | {"template": template | {"spec": shown}}
    return {
        "deployments": [{
            "name": deployment["metadata"]["name"],
            "label": deployment["metadata"]["labels"],
            "spec": spec,
        }],
        "clusterPermissions": _rights(objects, "ClusterRole", account),
        "permissions": _rights(objects, "Role", account),
    }  # fmt: skip


def _rights(objects: list[Body], kind: str, account: str) -> list[Body]:
    """Return the rules of each role of *kind* that is bound to *account*."""
    bound = {
        each["roleRef"]["name"]
        for each in objects
        if each["kind"] == f"{kind}Binding"
        and account in {subject["name"] for subject in each["subjects"]}
    }
    return [
        {"serviceAccountName": account, "rules": each["rules"]}
        for each in objects
        if each["kind"] == kind and each["metadata"]["name"] in bound
    ]


def _owned(crd: Body) -> Body:
    kind = crd["spec"]["names"]["kind"]
    (version,) = crd["spec"]["versions"]
    return {
        "name": crd["metadata"]["name"],
        "kind": kind,
        "version": version["name"],
        "displayName": TITLES[kind],
        "description": SUMMARIES[kind],
        **({"resources": MADE[kind]} if kind in MADE else {}),
        "specDescriptors": descriptors(crd, "spec"),
        "statusDescriptors": descriptors(crd, "status"),
    }
