"""Do the shipped pods keep the rules of Pod Security `restricted` and of `restricted-v2`?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
Body = dict[str, Any]


def workloads() -> list[Any]:
    """Return every pod template under deploy."""
    found = []
    # A chart's templates are no YAML before they are rendered.
    paths = (each for each in DEPLOY.rglob("*.yaml") if "templates" not in each.parts)
    for path in sorted(paths):
        text = path.read_text()
        # Definitions are long to read, and every worker of pytest does so.
        for each in yaml.safe_load_all(text) if "containers:" in text else ():
            template = (each or {}).get("spec", {}).get("template", {})
            if "containers" in template.get("spec", {}):
                found.append(pytest.param(template["spec"], id=str(path.relative_to(DEPLOY))))
    return found


def containers(pod: Body) -> list[Body]:
    return [*pod["containers"], *pod.get("initContainers", ())]


def contexts(pod: Body) -> list[Body]:
    return [
        pod.get("securityContext", {}),
        *(e.get("securityContext", {}) for e in containers(pod)),
    ]


def test_there_is_a_workload():
    assert workloads()


@pytest.mark.parametrize("pod", workloads())
def test_no_user_and_no_group_is_named(pod: Body):
    """restricted-v2 gives each namespace a range of its own, and refuses any other number."""
    named = {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups", "seLinuxOptions"}

    assert [each.keys() & named for each in contexts(pod)] == [set()] * len(contexts(pod))


@pytest.mark.parametrize("pod", workloads())
def test_what_restricted_asks_for_is_said(pod: Body):
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers(pod):
        assert each["securityContext"]["allowPrivilegeEscalation"] is False
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert each["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("pod", workloads())
def test_nothing_of_the_host_is_asked_for(pod: Body):
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
               "persistentVolumeClaim", "projected", "secret"}  # fmt: skip
    assert all(each.keys() - {"name"} <= allowed for each in pod.get("volumes", ()))
    ports = [port for each in containers(pod) for port in each.get("ports", ())]
    assert not any("hostPort" in each for each in ports)


def test_the_image_names_its_user_by_number():
    """The kubelet cannot tell that a name is not root's."""
    lines = (DEPLOY.parent / "Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith("USER")] == ["USER 65532:65532"]
