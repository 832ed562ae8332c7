"""
How does a plan look to a person?

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
from ....plan.words.foresight import leaves_to_quay
from ....plan.words.telling import Place, Told, tell
from ..report.cures import cure_of, page_of

__all__ = ["add_finding", "add_preview", "counted", "plan_tree", "sentence"]


def plan_tree(record: RobotRecord, told: Preview) -> Tree:
    """Return what was *told* of the resource *record* as a tree."""
    head = Text(f"quayrobot/{record.key.name}", style="bold")
    head.append(f"  robot {record.active_name.full}", style="not bold")
    tree = Tree(head, guide_style="dim")
    add_preview(tree, told)
    tree.add(_sum(record, told))
    return tree


def add_preview(tree: Tree, told: Preview) -> Tree:
    """Add what was *told* to *tree*; return where that comes which follows the last step."""
    at = tree
    for place, step in enumerate(told.steps, 1):
        at.add(sentence(tell(step.action, step.scene)))
        if leaves_to_quay(step.action) and place < len(told.steps):
            at = at.add(Text("then, when Quay has done that", style="italic"))
    if told.open_end:
        at.add(Text("then it looks again and decides anew", style="italic"))
    for finding in told.findings:
        add_finding(tree, finding.error)
    return at


def counted(steps: Iterable[Step]) -> Counter[Place]:
    """Return how many *steps* there are in each place."""
    return Counter(tell(step.action, step.scene).place for step in steps)


def sentence(told: Told) -> Text:
    """Return one step in words."""
    style = "dim" if told.place is Place.STATUS else ""
    text = Text(f"{told.place}: ", style="bold").append(told.what, style=f"not bold {style}")
    return text.append(f" ({told.why})", style="not bold dim") if told.why else text


def add_finding(
    tree: Tree, error: QuayRobotError, *, where: str = "", known: Container[str] = ()
) -> None:
    """Add what stands in the way, and what helps unless that is *known* already."""
    words = f"{where}in the way: {error.reason}: {error.message}"
    node = tree.add(Text(words, style="red"))
    if error.reason not in known and (cure := cure_of(error.reason)):
        node.add(Text(f"cure: {cure}"))
        node.add(Text(f"more: {page_of(error.reason)}", style="dim"))


def _sum(record: RobotRecord, told: Preview) -> Text:
    if not told.steps and told.findings:
        return Text("plan: nothing can be done", style="bold")
    if not told.steps:
        why = " (it is suspended)" if record.lenient_spec.suspend else ""
        return Text(f"plan: nothing to do{why}", style="bold")
    sums = counted(told.steps)
    parts = [f"{sums[place]} in {place}" for place in (Place.QUAY, Place.CLUSTER)]
    return Text(f"plan: {', '.join(parts)}", style="bold")
