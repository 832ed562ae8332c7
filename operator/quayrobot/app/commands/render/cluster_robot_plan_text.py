"""
How is the plan of a ClusterQuayRobot printed?

As a tree with a branch for each namespace of which there is something to say:
what it would gain, have changed or lose, or why not, each reason once with
what helps. Those that stay as they are, are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text
from rich.tree import Tree

from ....engine.cache.store import ClusterRobotRecord
from ....engine.preview.cluster_robot import ClusterRobotPreview, MemberStep, NamespacePreview
from ....model.members import CreateMember, DeleteMember, ReplaceMember
from ....plan.cluster_robot.members import differences
from ....plan.words.explain import Place, explain
from .plan_text import add_finding, add_preview, counted, sentence

__all__ = ["cluster_robot_plan_tree"]


def cluster_robot_plan_tree(record: ClusterRobotRecord, preview: ClusterRobotPreview) -> Tree:
    """Return what was *preview* of the ClusterQuayRobot *record* as a tree."""
    head = Text(f"clusterquayrobot/{record.key.name}", style="bold")
    what = f"Shared, robot {record.active_name.full}" if record.shared else "PerNamespace"
    tree = Tree(head.append(f"  {what}", style="not bold"), guide_style="dim")
    for finding in preview.findings:
        add_finding(tree, finding.error)
    at = _add_robot(tree, preview)
    known: set[str] = set()
    for each in preview.namespaces:
        # Copies follow the robot; what is lost or refused waits for nobody.
        _add_namespace(at if each.copies and not each.leaves else tree, each, known)
    tree.add(Text(f"plan: {', '.join(_sums(record, preview))}", style="bold"))
    return tree


def _add_robot(tree: Tree, preview: ClusterRobotPreview) -> Tree:
    """The robot first; return where the copies of its credential come."""
    if preview.robot is None or not (preview.robot.steps or preview.robot.findings):
        return tree
    at = add_preview(tree, preview.robot)
    if preview.robot.answered and any(each.copies for each in preview.namespaces) and at is tree:
        return tree.add(Text("then, after Quay's answer", style="italic"))
    return at


def _add_namespace(tree: Tree, preview: NamespacePreview, known: set[str]) -> None:
    where = f"{preview.namespace}: "
    if preview.member is not None:
        tree.add(Text(where, style="bold").append(_member(preview), style="not bold"))
    if preview.copies:
        why = "it is no longer selected" if preview.leaves else ""
        node = tree.add(Text(where, style="bold").append(why, style="not bold dim"))
        for step in preview.copies:
            node.add(sentence(explain(step.action, step.scene)))
    for finding in preview.findings:
        add_finding(tree, finding.error, where=where, known=known)
        known.add(finding.error.reason)


def _member(preview: NamespacePreview) -> str:
    step = preview.member
    assert step is not None
    match step.action:
        case CreateMember(wanted):
            robot = f"{wanted.spec.get('organization') or wanted.spec.get('user')}+"
            robot += str(wanted.spec["robotName"])
            return f"create the QuayRobot {wanted.name} (robot {robot})"
        case ReplaceMember(wanted):
            return f"change the QuayRobot {wanted.name} ({', '.join(_changes(step))})"
        case DeleteMember(name=name):
            return f"delete the QuayRobot {name} (it is no longer selected; {_fate(step)})"


def _changes(step: MemberStep) -> tuple[str, ...]:
    assert isinstance(step.action, ReplaceMember)
    assert step.seen is not None
    return differences(step.action.wanted, step.seen)


def _fate(step: MemberStep) -> str:
    spec = step.seen.spec if step.seen is not None else {}
    stays = spec.get("deletionPolicy") == "Orphan"
    return "its robot stays in Quay" if stays else "its robot is deleted too"


def _sums(record: ClusterRobotRecord, preview: ClusterRobotPreview) -> Iterator[str]:
    refused = sum(bool(each.findings) for each in preview.namespaces)
    resting = sum(not each.busy and not each.findings for each in preview.namespaces)
    if not preview.busy and not refused and not preview.findings:
        yield f"nothing to do{_why_nothing(record)}"
    elif not preview.busy:
        yield "nothing can be done"
    elif record.shared:
        steps = [step for each in preview.namespaces for step in each.copies]
        sums = counted((*(preview.robot.steps if preview.robot else ()), *steps))
        yield from (f"{sums[place]} in {place}" for place in (Place.QUAY, Place.CLUSTER))
    else:
        yield from _members(preview)
    if refused:
        yield f"{refused} refused"
    if resting and preview.busy:
        yield f"{resting} as they are"


def _why_nothing(record: ClusterRobotRecord) -> str:
    if record.terminating and not record.shared:
        return " (it is being deleted, and its QuayRobots go with it)"
    return " (it is suspended)" if record.lenient_spec.suspend else ""


def _members(preview: ClusterRobotPreview) -> Iterator[str]:
    kinds = Counter(
        type(each.member.action) for each in preview.namespaces if each.member is not None
    )
    words = {CreateMember: "to create", ReplaceMember: "to change", DeleteMember: "to delete"}
    yield from (f"{kinds[kind]} {shown}" for kind, shown in words.items())
