"""
How does OLM get the operator?

By a bundle (registry+v1), which is an image with nothing but manifests, and by a
catalog that names it. Both are made here, as files of a release and of
`make bundle`, which says where the images will be.
"""

from __future__ import annotations

from typing import Any

import yaml
from olm_csv import NAME, About, crds, described, icon, service_version

Body = dict[str, Any]
PREFIX = "operators.operatorframework.io.bundle"
# Of the manifests, what a bundle takes as it is; what names the Namespace is not among it.
AS_THEY_ARE = ("CustomResourceDefinition", "PodDisruptionBudget")
AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"


def olm_files(about: About, objects: list[Body]) -> dict[str, bytes]:
    """Return the files of bundle and catalog, by path, made of *objects*, the manifests."""
    version = service_version(about, objects)
    files = {f"{NAME}.clusterserviceversion.yaml": version}
    files |= {_file_name(each): _placeless(each) for each in objects if _taken(each)}
    labels = _labels(about.channel)
    made = {f"bundle/manifests/{name}": _yaml(body) for name, body in files.items()}
    more = {"com.redhat.openshift.versions": "v4.17"}  # the first with Kubernetes 1.30
    made["bundle/metadata/annotations.yaml"] = _yaml({"annotations": labels | more})
    made["bundle/bundle.Dockerfile"] = _dockerfile(labels | more).encode()
    made[f"catalog/{NAME}/catalog.yaml"] = _yaml(*catalog(about, version, objects))
    return made


def catalog(about: About, version: Body, objects: list[Body]) -> list[Body]:
    """Return a catalog with one channel and one bundle, as `opm render` would write it."""
    edges = {"replaces": about.replaces, "skipRange": about.skip_range}
    entry = {"name": about.name} | {key: value for key, value in edges.items() if value}
    return [
        {"schema": "olm.package", "name": NAME, "defaultChannel": about.channel,
         "description": described(about)["description"],
         "icon": icon()},
        {"schema": "olm.channel", "package": NAME, "name": about.channel, "entries": [entry]},
        {"schema": "olm.bundle", "package": NAME, "name": about.name,
         "image": about.bundle_image,
         "properties": _properties(about, version, objects),
         "relatedImages": [{"name": "", "image": about.bundle_image},
                           *version["spec"]["relatedImages"]]},
    ]  # fmt: skip


def _properties(about: About, version: Body, objects: list[Body]) -> list[Body]:
    package = {"packageName": NAME, "version": about.version}
    kinds = [
        {"group": each["spec"]["group"], "kind": each["spec"]["names"]["kind"],
         "version": each["spec"]["versions"][0]["name"]}
        for each in crds(objects)
    ]  # fmt: skip
    words = ("name", "kind", "version", "displayName", "description")
    owned = version["spec"]["customresourcedefinitions"]["owned"]
    told = described(about) | {
        "annotations": version["metadata"]["annotations"],
        "crdDescriptions": {"owned": [{word: each[word] for word in words} for each in owned]},
        "installModes": version["spec"]["installModes"],
    }
    return [
        *({"type": "olm.gvk", "value": each} for each in kinds),
        {"type": "olm.package", "value": package},
        {"type": "olm.csv.metadata", "value": told},
    ]


def _taken(body: Body) -> bool:
    labels = body["metadata"].get("labels", {})
    return body["kind"] in AS_THEY_ARE or any(each.startswith(AGGREGATED) for each in labels)


def _placeless(body: Body) -> Body:
    """Return *body* without its namespace: OLM puts it into the operator's."""
    about = {key: value for key, value in body["metadata"].items() if key != "namespace"}
    return body | {"metadata": about}


def _file_name(body: Body) -> str:
    kind = "crd" if body["kind"] == "CustomResourceDefinition" else body["kind"].lower()
    return f"{body['metadata']['name']}.{kind}.yaml"


def _labels(channel: str) -> dict[str, str]:
    return {
        f"{PREFIX}.mediatype.v1": "registry+v1",
        f"{PREFIX}.manifests.v1": "manifests/",
        f"{PREFIX}.metadata.v1": "metadata/",
        f"{PREFIX}.package.v1": NAME,
        f"{PREFIX}.channels.v1": channel,
        f"{PREFIX}.channel.default.v1": channel,
    }


def _dockerfile(labels: dict[str, str]) -> str:
    lines = [f"LABEL {key}={value}" for key, value in labels.items()]
    return "\n".join(("FROM scratch", *lines, "COPY manifests /manifests/",
                      "COPY metadata /metadata/", ""))  # fmt: skip


def _yaml(*bodies: Body) -> bytes:
    return yaml.dump_all(bodies, Dumper=_Plain, sort_keys=False, width=99).encode()


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: readers of manifests know no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True
