"""
What has become of a misoperation, and what may it have cost?

The world matches, or a condition says in words why it does not; and nothing was
made, deleted or regenerated that nobody asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.kit.fakequay.ledger import Entry
from tests.kit.installation import Body

from .looking import Look
from .matching import secret_unlike, secrets_of, unmatched
from .subjects import Subject, selected

__all__ = [
    "Allowed",
    "Said",
    "allowed",
    "harm",
    "said",
    "spelled_out",
    "unsettled",
    "without_given",
]

ON_THE_WAY = {"", "Creating", "Progressing", "Deleting", "Rotating"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a resource says of itself, and whether of its present generation."""

    ready: bool
    reason: str
    message: str
    current: bool


def said(body: Body) -> Said:
    """Return what *body* says; what is not Ready, or on its way, by the words of why."""
    status = body.get("status") or {}
    by = {each["type"]: each for each in status.get("conditions") or ()}
    ready = by.get("Ready", {})
    current = ready.get("observedGeneration") == body.get("metadata", {}).get("generation")
    why = by.get("Reconciling") or by.get("Stalled") or ready
    done = ready.get("status") == "True" and why is ready
    return Said(done, why.get("reason", ""), why.get("message", ""), current)


def unsettled(subject: Subject, look: Look) -> list[str]:
    """Return why the misoperation has not come to an end yet; empty when it has."""
    main = look.main(subject)
    if not main:
        return ["the resource is gone"]
    found = said(main)
    if not found.current:
        return [f"{found.reason} is about an earlier generation"]
    if found.reason in ON_THE_WAY or not found.message:
        return [f"it says {found.reason!r} {found.message!r}"]
    return list(_unlike(subject, look, main)) if found.ready else []


def _unlike(subject: Subject, look: Look, main: Body) -> Iterator[str]:
    match subject.ground.kind:
        case "QuayRobot":
            yield from unmatched(subject, look, main)
        case "ClusterQuayRobot":
            yield from _cluster_robot(subject, look, main)
        case _:
            yield from _served(subject, look)


def _served(subject: Subject, look: Look) -> Iterator[str]:
    robot = look.at(subject, "QuayRobot", "ci")
    found = said(robot)
    if found.ready:
        yield from unmatched(subject, look, robot)
    elif found.reason in ON_THE_WAY or not found.message:
        yield f"the robot says {found.reason!r} {found.message!r}"


def _cluster_robot(subject: Subject, look: Look, main: Body) -> Iterator[str]:
    template = main["spec"]["template"]["spec"]
    picked = selected(subject, main["spec"])
    for space in subject.spaces:
        if space not in picked:
            yield from _left(subject, look, space)
            continue
        if main["spec"]["mode"] == "Shared":
            robot = main["status"].get("robot")
            if robot is None:
                yield "it has no robot"
                return
            full = robot["fullName"]
            for wanted in secrets_of(template, subject.name):
                secret = look.at(subject, "Secret", wanted["name"], space)
                yield from secret_unlike(subject, secret, wanted, full)
            continue
        member = look.at(subject, "QuayRobot", subject.name, space)
        if not member:
            yield f"{space} has no robot"
            continue
        plain = {key: value for key, value in member["spec"].items() if key != "robotName"}
        if spelled_out(plain) != spelled_out(template):
            yield f"the robot of {space} is not as the template: {plain}"
        if said(member).ready:
            yield from unmatched(subject, look, member)
        else:
            yield f"the robot of {space} says {said(member)}"


def _left(subject: Subject, look: Look, space: str) -> Iterator[str]:
    """Return what a namespace that is no longer selected still has."""
    if look.at(subject, "QuayRobot", subject.name, space):
        yield f"{space} still has a robot"
    kept = [
        key[2] for key, body in look.of(subject).items()
        if key[:2] == ("Secret", space)
        and "quayrobot.io/owner-uid" in (body["metadata"].get("annotations") or {})
    ]  # fmt: skip
    if kept:
        yield f"{space} still has {kept}"


# Blocks whose emptiness says something.
MEANT = {"permissions", "federation", "rotation"}


def spelled_out(spec: Body) -> Body:
    """What nobody wrote is as good as its default: a member is not written anew for that."""
    default = {"format": "DockerConfigJson", "scope": "Registry", "deletionPolicy": "Delete"}
    secrets = [default | _unempty(each) for each in spec.get("secrets") or ()]
    credentials = {"type": "Static"} | (spec.get("credentials") or {})
    meant = {key: spec[key] for key in MEANT & spec.keys()}
    return _unempty(spec) | meant | {"secrets": secrets, "credentials": credentials}


def _unempty(block: Body) -> Body:
    return {key: value for key, value in block.items() if value not in ({}, [])}


# What stays when it is taken back -------------------------------------------------------

ROLES = ("read", "write", "admin")
ON_REPOSITORY = re.compile(r"robot \S+\.grants\.repositories\.(?P<name>.+)")


def without_given(ground: Body, facts: Body) -> Body:
    """
    Return *facts* without roles on repositories that a default of *ground* may have given.

    Those that are no longer declared are left: nobody can tell who gave them.
    """
    permissions = _robots(ground).get("permissions") or {}
    declared = {each["name"] for each in permissions.get("repositories") or ()}
    defaults = [ROLES.index(each["role"]) for each in permissions.get("defaults") or ()]
    most = max(defaults, default=-1)

    def given(path: str, role: object) -> bool:
        found = ON_REPOSITORY.fullmatch(path)
        return (
            found is not None and found["name"] not in declared and ROLES.index(str(role)) <= most
        )

    return {path: value for path, value in facts.items() if not given(path, value)}


# What it may cost --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    How often robots may be regenerated, and made or deleted, for a case and its undoing.

    *keyless*: to write a Secret in another way takes a new password, which costs nobody the old.
    """

    regenerated: int
    made: int
    keyless: bool = False


def allowed(subject: Subject, spec: Body) -> Allowed:
    """Return what declaring *spec* and taking it back asks for."""
    before, after = _robots(subject.ground.spec), _robots(spec)
    asked = _rotations(_trigger(before), _trigger(after))
    switched = int(_keyless(before) != _keyless(after))
    turning = any(_turns(each) for each in (before, after))
    cluster_robot = subject.ground.kind == "ClusterQuayRobot"
    members = len(subject.spaces)
    # Who is picked no more loses the robot, and has another one afterwards.
    picked = cluster_robot and any(
        spec.get(key) != subject.ground.spec.get(key)
        for key in ("namespaceSelectors", "excludeNamespaces", "consent")
    )
    made = (asked if turning else 0) + (1 if picked else 0)
    keyless = _keyless(before) or _keyless(after)
    return Allowed((asked + switched) * members, made * members, keyless)


def _robots(spec: Body) -> Body:
    inner: Body = (spec.get("template") or {}).get("spec") or spec
    return inner


def _rotations(before: str | None, after: str | None) -> int:
    """There and back: each new value is one, and taking it away is none."""
    if after is None or after == before:
        return 0
    return 1 if before is None else 2


def _trigger(spec: Body) -> str | None:
    found: str | None = (spec.get("rotation") or {}).get("trigger")
    return found


def _turns(spec: Body) -> bool:
    return (spec.get("rotation") or {}).get("strategy") == "Overlap"


def _keyless(spec: Body) -> bool:
    return (spec.get("credentials") or {}).get("type") == "Federated"


def harm(subject: Subject, calls: list[Entry], within: Allowed) -> Iterator[str]:
    """Return what was done in Quay that was not asked for."""
    done = Counter(
        each.operation for each in calls if each.effect and f"{subject.name}" in each.path
    )
    for operation, most in (
        ("robot.regenerate", within.regenerated),
        ("robot.create", within.made),
        ("robot.delete", within.made),
    ):
        if done[operation] > most:
            yield f"{operation} {done[operation]} times, {most} at most"
