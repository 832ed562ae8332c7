"""
How is the state of a resource printed?

As a tree: one branch per question that people ask. What went wrong stands
last, where the eye is, with what helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from ....model.times import UNDATED

__all__ = [
    "branch",
    "connection_branch",
    "head_of",
    "last_branches",
    "line",
    "problem_branch",
    "robot_branches",
    "tree_of",
]

Values = Mapping[str, Any]
_COLORS = {"True": "green", "False": "red"}


def tree_of(report: Values, now: datetime, *, place: bool) -> Tree:
    """Return *report* as a tree; *place* says whether the namespace is named."""
    tree = Tree(head_of(report, place=place), guide_style="dim")
    for each in (*robot_branches(report, now), *last_branches(report)):
        tree.add(each)
    return tree


def head_of(report: Values, *, place: bool) -> Text:
    """Return what it is and how it stands, in a line."""
    where = f" in {report['namespace']}" if place else ""
    said = "Ready" if report["ready"] == "True" else "not Ready"
    if report["deleting"]:
        said = "being deleted"
    elif report["suspended"]:
        said += ", suspended"
    reason = report["reason"]
    if reason and reason not in {"Reconciled", "Suspended", "Deleting"}:
        said += f": {reason}"
    head = Text(f"{report['kind'].lower()}/{report['name']}{where}  ", style="bold")
    return head.append(said, style=_COLORS.get(report["ready"], "yellow"))


def robot_branches(report: Values, now: datetime) -> Iterator[Tree | Text]:
    """Yield what there is to say of a robot and of what carries its credential."""
    yield _robot(report, now)
    yield connection_branch(report["connection"])
    yield _secrets(report, now)
    if (permissions := report["permissions"]) is not None:
        yield branch("rights", _mode(permissions), _rights(permissions))
    if (federation := report["federation"]) is not None:
        yield branch("federation", _mode(federation), _identities(federation))
    if lines := list(_rotation(report["rotation"] or {}, now)):
        yield branch("rotation", "", lines)
    if report["pending"]:
        waits = ", ".join(report["pending"])
        yield line("pending", f"{waits}: applied when the robot is next created again")


def last_branches(report: Values) -> Iterator[Tree]:
    """Yield what this version has no words for, then what is wrong."""
    for part, fields in report["more"].items():
        if fields:
            yield branch(f"{part} (more)", "", (Text(each) for each in _walk(fields)))
    yield from (problem_branch(each) for each in report["problems"])


def _robot(report: Values, now: datetime) -> Text:
    robot = report["robot"]
    words = [robot["fullName"]]
    if made := robot.get("createdAt"):
        words.append("created long ago" if made == UNDATED else f"created {_ago(made, now)}")
    else:
        words.append("not created yet")
    if robot.get("adopted"):
        words.append("adopted")
    if robot.get("slot", "main") != "main":
        words.append(f"slot {robot['slot']}")
    if made:
        words.append(
            f"last used {robot['lastUsedOn']}" if robot.get("lastUsedOn") else "never used"
        )
    return line("robot", ", ".join(words))


def connection_branch(connection: Values) -> Tree | Text:
    """Return which connection it is, and its trouble."""
    words = f"{connection['kind']}/{connection['name']}"
    if connection["origin"]:
        words += f", {connection['origin']}"
    if connection["ready"] != "False":
        return line("connection", words)
    told = [Text(f"{connection['reason']}: {connection['message']}", style="red")]
    told += [Text(f"fix: {connection['cure']}")] if connection["cure"] else []
    return branch("connection", words, told)


def _secrets(report: Values, now: datetime) -> Tree | Text:
    credential = report["credential"]
    words = []
    if issued := credential.get("issuedAt"):
        words.append(f"credential known for {_age(issued, now)}")
    if expires := credential.get("expiresAt"):
        words.append(f"expires {_when(expires, now)}")
    if not report["secrets"]:
        return line("secrets", ", ".join(("none declared", *words)))
    return branch("secrets", ", ".join(words), (_secret(each) for each in report["secrets"]))


def _secret(secret: Values) -> Tree | Text:
    scope = "" if secret["scope"] == "Registry" else f", scope {secret['scope']}"
    state = "" if secret["written"] else ", not written"
    if not secret["declared"]:
        state = ", no longer declared"
    links = [
        Text(f"serviceaccount/{each['serviceAccount']} names it in {each['link']}")
        for each in secret["linkedBy"]
    ]
    return branch(f"secret/{secret['name']}", f"{secret['format']}{scope}{state}", links)


def _mode(part: Values) -> str:
    declared = part["declared"]
    return declared.get("mode", "Exact") if declared is not None else "no longer declared"


def _rights(part: Values) -> Iterator[Text]:
    declared, given = part["declared"] or {}, part["given"] or {}
    for kind, name in (("repositories", "repository"), ("teams", "team"), ("defaults", "default")):
        wanted, there = declared.get(kind) or [], given.get(kind) or []
        for each in wanted:
            state = "" if each in there else ", not granted"
            yield Text(f"{name} {_right(each)}{state}")
        for each in there:
            if each not in wanted:
                yield Text(f"{name} {_right(each)}, granted, no longer declared")


def _right(right: Any) -> str:
    if isinstance(right, str):
        return right
    if "name" in right:
        return f"{right['name']}: {right['role']}"
    creator = right.get("creator")
    return f"{right['role']} on what {creator} makes" if creator else f"{right['role']} on all new"


def _identities(part: Values) -> Iterator[Text]:
    for each in (part["declared"] or {}).get("identities") or []:
        if "serviceAccount" in each:
            yield Text(f"serviceaccount/{each['serviceAccount']} of this namespace")
        else:
            yield Text(f"{each['subject']} of {each['issuer']}")


def _rotation(rotation: Values, now: datetime) -> Iterator[Text]:
    declared, state = rotation.get("declared") or {}, rotation.get("given") or {}
    for key, value in declared.items():
        if key == "overlap" and declared.get("strategy") != "Overlap":
            continue
        shown = value if isinstance(value, str) else ", ".join(_walk(value))
        yield Text(f"{key}: {shown}")
    if "intent" in state:
        yield Text("one is in progress", style="yellow")
    last, due = state.get("lastAt"), state.get("nextAt")
    if last:
        yield Text(f"last: {_ago(last, now)}")
    if due:
        yield Text(f"next: {_when(due, now)}")
    if before := state.get("retiring"):
        yield Text(f"previous robot {before['fullName']}: deletion {_when(before['until'], now)}")
    known = {"lastAt", "nextAt", "intent", "lastTrigger", "retiring"}
    yield from (Text(each) for each in _walk({k: v for k, v in state.items() if k not in known}))


def problem_branch(problem: Values) -> Tree:
    """Return what is wrong, with what helps."""
    title = f"{problem['reason']}: " if problem["reason"] else ""
    node = Tree(Text(f"{title}{problem['message']}", style="red"), guide_style="dim")
    if problem["cure"]:
        node.add(Text(f"fix: {problem['cure']}"))
    if problem["page"]:
        node.add(Text(f"more: {problem['page']}", style="dim"))
    return node


def line(name: str, words: str) -> Text:
    """Return a leaf that says *words* of *name*."""
    return Text(f"{name}: ", style="bold").append(words, style="not bold")


def branch(name: str, words: str, leaves: Iterable[Tree | Text]) -> Tree:
    """Return a branch that says *words* of *name* and holds *leaves*."""
    head = line(name, words) if words else Text(name, style="bold")
    node = Tree(head, guide_style="dim")
    for each in leaves:
        node.add(each)
    return node


def _walk(value: Any, path: str = "") -> Iterator[str]:
    """Yield `path: value` for each leaf of what this version has no words for."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _walk(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _walk(each, f"{path}[{place}]")
    else:
        yield f"{path}: {value}"


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _age(text: str, now: datetime) -> str:
    found = _moment(text)
    return text if found is None else _span(now - found)


def _ago(text: str, now: datetime) -> str:
    found = _moment(text)
    return text if found is None else f"{_span(now - found)} ago"


def _when(text: str, now: datetime) -> str:
    found = _moment(text)
    if found is None:
        return text
    return f"in {_span(found - now)}" if found > now else f"due since {_span(now - found)}"


def _span(span: timedelta) -> str:
    """Return *span* like kubectl does: its greatest unit."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
