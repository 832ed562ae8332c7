"""What does `kubectl quayrobot plan` make of a ClusterQuayRobot that changes?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from quayrobot.app.commands.access.documents import (
    Document,
    applied,
    check_cluster_robot_change,
    read_documents,
)
from quayrobot.app.commands.render.cluster_robot_plan_text import cluster_robot_plan_tree
from quayrobot.app.commands.render.plan_values import cluster_robot_plan_values
from quayrobot.engine.cache.records import ClusterRobotRecord
from quayrobot.engine.preview.cluster_robot import (
    ClusterRobotPreview,
    MemberStep,
    NamespacePreview,
)
from quayrobot.model.actions import Component
from quayrobot.model.errors import InvalidSpec, Reason, Refused
from quayrobot.model.members import (
    CreateMember,
    DeleteMember,
    MemberSeen,
    MemberWanted,
    ReplaceMember,
)
from quayrobot.plan.scene import Finding
from tests.app.commands.test_cluster_robot_status import cluster_robot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WANTED = MemberWanted("a", "puller", {}, {}, {}, "puller", "us")
SEEN = MemberSeen("a", "puller", "u", "1", "us", {}, {}, {})
Body = dict[str, Any]


def spec(**changes: Any) -> Body:
    found: Body = cluster_robot(**changes)["spec"]
    return found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (spec(), spec(mode="Shared"), "mode cannot be changed"),
        (
            spec(mode="Shared"),
            spec(mode="Shared", template={"organization": "other"}),
            "a robot never moves",
        ),
        (
            spec(mode="Shared"),
            spec(mode="Shared", robotNameTemplate="all-{name}"),
            "a robot never moves",
        ),
        (spec(), spec(template={"robotName": "ci"}), "robotName cannot be given"),
    ],
)
def test_what_the_api_server_would_not_let_change_is_refused_in_words(old, new, words):
    with pytest.raises(InvalidSpec, match=words):
        check_cluster_robot_change(old, new)


def test_what_each_namespace_has_of_its_own_may_change():
    check_cluster_robot_change(spec(), spec(template={"organization": "other"}))
    check_cluster_robot_change(
        spec(), spec(excludeNamespaces=["a"], robotNameTemplate="x-{namespace}")
    )


def test_a_manifest_has_no_namespace_and_may_bring_its_confirmation(tmp_path):
    path = tmp_path / "cluster-robot.yaml"
    path.write_text(
        "apiVersion: quayrobot.io/v1alpha1\nkind: ClusterQuayRobot\nmetadata:\n  name: puller\n"
        "  annotations: {quayrobot.io/confirm-removal: 25, other: x}\nspec: {mode: Shared}\n"
    )

    (document,) = read_documents(str(path), "here")
    body = applied(document, None, NOW, 1)

    assert document.namespace is None
    assert "namespace" not in body["metadata"]
    assert body["metadata"]["annotations"] == {"quayrobot.io/confirm-removal": "25"}


def test_an_edit_is_a_generation_more_and_defaults_that_were_filled_in_are_none():
    live = cluster_robot(excludeNamespaces=["kube-*", "openshift-*"])
    document = Document("ClusterQuayRobot", None, "puller", {"metadata": {"name": "puller"}})

    def generation(new: Body) -> int:
        given = Document(document.kind, None, "puller", {**document.body, "spec": new})
        found: int = applied(given, live, NOW, 1)["metadata"]["generation"]
        return found

    assert generation(spec()) == 1
    assert generation(spec(consent="quay")) == 2


def said(told: ClusterRobotPreview, **changes: Any) -> list[str]:
    record = ClusterRobotRecord(cluster_robot(**changes), None)
    tree = cluster_robot_plan_tree(record, told)
    return [str(tree.label), *(str(each.label) for each in tree.children)]


def refused(name: str) -> NamespacePreview:
    error = Refused(Reason.ACCESS_DENIED, "the rules do not allow it")
    return NamespacePreview(name, findings=(Finding(Component.ROBOT, error),))


def test_a_reason_helps_once_however_many_namespaces_are_refused():
    told = ClusterRobotPreview([refused("a"), refused("b"), NamespacePreview("c")])
    record = ClusterRobotRecord(cluster_robot(), None)

    first, second, total = cluster_robot_plan_tree(record, told).children

    assert [str(first.label), len(first.children), len(second.children)] == [
        "a: in the way: AccessDenied: the rules do not allow it", 2, 0,
    ]  # fmt: skip
    assert str(total.label) == "plan: nothing can be done, 2 refused"


def test_what_becomes_of_a_robot_is_told_with_the_resource_that_goes():
    def gone(**of: Any) -> list[str]:
        member = MemberSeen("a", "puller", "u", "1", "us", of, {}, {})
        step = MemberStep(DeleteMember("a", "puller", "u"), member)
        return said(
            ClusterRobotPreview([NamespacePreview("a", step, leaves=True), NamespacePreview("b")])
        )

    assert gone()[1].endswith("(it is no longer selected; its robot is deleted too)")
    assert gone(deletionPolicy="Orphan")[1].endswith("its robot stays in Quay)")
    assert gone()[-1] == "plan: 0 to create, 0 to change, 1 to delete, 1 as they are"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (CreateMember(WANTED), "CreateMember"),
        (ReplaceMember(WANTED, SEEN), "ReplaceMember"),
        (DeleteMember("a", "puller", "u"), "DeleteMember"),
        (None, None),
    ],
)
def test_programs_are_told_what_becomes_of_the_quay_robot(action: Any, told: str | None):
    step = MemberStep(action, None) if action is not None else None
    preview = ClusterRobotPreview([NamespacePreview("a", step)])

    values = cluster_robot_plan_values(ClusterRobotRecord(cluster_robot(), None), preview)

    assert values["namespaces"] == [
        {"namespace": "a", "member": told, "steps": [], "findings": []}
    ]  # fmt: skip


def test_nothing_to_do_says_why_where_that_is_not_plain():
    assert said(ClusterRobotPreview([NamespacePreview("a")]))[1] == "plan: nothing to do"
    suspended = said(ClusterRobotPreview(), mode="Shared", template={"suspend": True})
    assert suspended[1] == "plan: nothing to do (it is suspended)"
