"""
How does a plan look to a person?

As a tree: what would be done and why, in order; what waits for Quay's answer
below that; what stands in the way, with what helps; and the sum.
"""

from __future__ import annotations

from collections import Counter

from rich.text import Text
from rich.tree import Tree

from ...engine.foretell import Foretold
from ...engine.store import RobotRecord
from ...model.errors import QuayRobotError
from ...plan.foresight import leaves_to_quay
from ...plan.telling import Place, Told, tell
from .cures import cure_of, page_of

__all__ = ["plan_tree"]


def plan_tree(record: RobotRecord, told: Foretold) -> Tree:
    """Return what was *told* of the resource *record* as a tree."""
    head = Text(f"quayrobot/{record.key.name}", style="bold")
    head.append(f"  robot {record.active_name.full}", style="not bold")
    tree = Tree(head, guide_style="dim")
    at = tree
    steps = [(step.action, tell(step.action, step.scene)) for step in told.steps]
    for place, (action, words) in enumerate(steps, 1):
        at.add(_sentence(words))
        if leaves_to_quay(action) and place < len(steps):
            at = at.add(Text("then, when Quay has done that", style="italic"))
    if told.open_end:
        at.add(Text("then it looks again and decides anew", style="italic"))
    for finding in told.findings:
        _add_finding(tree, finding.error)
    tree.add(_sum(record, told, [words for _, words in steps]))
    return tree


def _sentence(told: Told) -> Text:
    style = "dim" if told.place is Place.STATUS else ""
    text = Text(f"{told.place}: ", style="bold").append(told.what, style=f"not bold {style}")
    return text.append(f" ({told.why})", style="not bold dim") if told.why else text


def _add_finding(tree: Tree, error: QuayRobotError) -> None:
    node = tree.add(Text(f"in the way: {error.reason}: {error.message}", style="red"))
    if cure := cure_of(error.reason):
        node.add(Text(f"cure: {cure}"))
        node.add(Text(f"more: {page_of(error.reason)}", style="dim"))


def _sum(record: RobotRecord, told: Foretold, words: list[Told]) -> Text:
    if not words and told.findings:
        return Text("plan: nothing can be done", style="bold")
    if not words:
        why = " (it is suspended)" if record.lenient_spec.suspend else ""
        return Text(f"plan: nothing to do{why}", style="bold")
    counted = Counter(each.place for each in words)
    parts = [f"{counted[place]} in {place}" for place in (Place.QUAY, Place.CLUSTER)]
    return Text(f"plan: {', '.join(parts)}", style="bold")
