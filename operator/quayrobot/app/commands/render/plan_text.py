"""
How is a plan printed?

As a tree: what would be done and why, in order; what waits for Quay's answer
below that; what stands in the way, with what helps; and the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from rich.text import Text
from rich.tree import Tree

from ....engine.cache.store import RobotRecord
from ....engine.preview.robot import Preview, Step
from ....model.errors import QuayRobotError
from ....plan.words.dry_run import depends_on_quay
from ....plan.words.explain import Explanation, Place, explain
from ..report.cures import cure_of, page_of

__all__ = ["add_finding", "add_preview", "counted", "plan_tree", "sentence"]


def plan_tree(record: RobotRecord, preview: Preview) -> Tree:
    """Return what was *preview* of the resource *record* as a tree."""
    head = Text(f"quayrobot/{record.key.name}", style="bold")
    head.append(f"  robot {record.active_name.full}", style="not bold")
    tree = Tree(head, guide_style="dim")
    add_preview(tree, preview)
    tree.add(_sum(record, preview))
    return tree


def add_preview(tree: Tree, preview: Preview) -> Tree:
    """Add what was *preview* to *tree*; return where that comes which follows the last step."""
    at = tree
    for place, step in enumerate(preview.steps, 1):
        at.add(sentence(explain(step.action, step.scene)))
        if depends_on_quay(step.action) and place < len(preview.steps):
            at = at.add(Text("then, after Quay's answer", style="italic"))
    if preview.open_end:
        at.add(Text("then it reads the result and plans again", style="italic"))
    for finding in preview.findings:
        add_finding(tree, finding.error)
    return at


def counted(steps: Iterable[Step]) -> Counter[Place]:
    """Return how many *steps* there are in each place."""
    return Counter(explain(step.action, step.scene).place for step in steps)


def sentence(preview: Explanation) -> Text:
    """Return one step in words."""
    style = "dim" if preview.place is Place.STATUS else ""
    text = Text(f"{preview.place}: ", style="bold").append(preview.what, style=f"not bold {style}")
    return text.append(f" ({preview.why})", style="not bold dim") if preview.why else text


def add_finding(
    tree: Tree, error: QuayRobotError, *, where: str = "", known: Container[str] = ()
) -> None:
    """Add what stands in the way, and what helps unless that is *known* already."""
    words = f"{where}in the way: {error.reason}: {error.message}"
    node = tree.add(Text(words, style="red"))
    if error.reason not in known and (cure := cure_of(error.reason)):
        node.add(Text(f"fix: {cure}"))
        node.add(Text(f"more: {page_of(error.reason)}", style="dim"))


def _sum(record: RobotRecord, preview: Preview) -> Text:
    if not preview.steps and preview.findings:
        return Text("plan: nothing can be done", style="bold")
    if not preview.steps:
        why = " (it is suspended)" if record.lenient_spec.suspend else ""
        return Text(f"plan: nothing to do{why}", style="bold")
    sums = counted(preview.steps)
    parts = [f"{sums[place]} in {place}" for place in (Place.QUAY, Place.CLUSTER)]
    return Text(f"plan: {', '.join(parts)}", style="bold")
