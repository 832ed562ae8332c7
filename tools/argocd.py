"""Write deploy/argocd: one health script for every kind, in the places where Argo CD looks."""

from __future__ import annotations

from pathlib import Path

import yaml

from quayrobot.model.crd import DEFINITIONS
from quayrobot.model.names import GROUP

FOLDER = Path(__file__).parents[1] / "deploy" / "argocd"
SOURCE = FOLDER / "health.lua"
HEAD = """\
# Generated from health.lua by `make crds`; do not edit. To merge into the settings of Argo CD:
#   kubectl -n argocd patch configmap argocd-cm --type=merge --patch-file deploy/argocd/argocd-cm.yaml
"""  # noqa: E501 - a command is one line


class _Literal(str):
    """A text that is written as a block."""

    __slots__ = ()


def _block(dumper: yaml.SafeDumper, text: _Literal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")


yaml.SafeDumper.add_representer(_Literal, _block)


def render_argocd() -> dict[str, str]:
    """Return the text of each file by its path below the folder."""
    script = SOURCE.read_text()
    files = {
        f"resource_customizations/{GROUP}/{each.kind}/health.lua": script for each in DEFINITIONS
    }
    settings = {
        f"resource.customizations.health.{GROUP}_{each.kind}": _Literal(script)
        for each in DEFINITIONS
    }
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", "labels": {"app.kubernetes.io/part-of": "argocd"}},
        "data": settings,
    }
    return files | {"argocd-cm.yaml": HEAD + yaml.safe_dump(body, sort_keys=False, width=200)}


def main() -> None:
    """Write the files."""
    for name, text in render_argocd().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    main()
