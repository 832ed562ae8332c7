"""
Which QuayRobot declares a robot as it is?

A manifest that, applied, takes the robot over and changes nothing in Quay.
What a manifest cannot say is left out and told; rights are then Additive, so
that what is left out stays. Whether it would really change nothing is decided
by the rules of every pass.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...model.actions import Look
from ...model.errors import QuayRobotError
from ...model.names import MARKER_KEY, RobotName
from ...model.resources.federation import IdentityState
from ...model.resources.parse import parse_robot
from ...model.resources.patterns import ISSUER_PATTERN, REPOSITORY_PATTERN, TEAM_PATTERN
from ...model.resources.permissions import CREATOR_PATTERN, ROLES
from ...model.world import GrantsSeen, RobotSeen
from ..credentials.secrets import check_names
from ..decide import decide
from ..scene import Scene
from .dry_run import simulate
from .explain import Place, explain

__all__ = ["Consequence", "Declared", "consequence_of", "declare", "object_names", "taken_name_of"]

NAME_MAX = 253
ROUNDS = 20
_CREATOR = re.compile(CREATOR_PATTERN)
_REPOSITORY, _TEAM = re.compile(REPOSITORY_PATTERN), re.compile(TEAM_PATTERN)
_ISSUER, _LINE = re.compile(ISSUER_PATTERN), re.compile(r"^\S([^\n\r]*\S)?$")
Values = dict[str, Any]


@dataclass(slots=True)
class Declared:
    """A spec, and what of the robot it does not say."""

    spec: Values
    left_out: list[str] = field(default_factory=list)


def declare(
    name: str,
    robot: RobotName,
    seen: RobotSeen,
    rights: GrantsSeen | None,
    identities: tuple[IdentityState, ...],
    ref: Mapping[str, str],
) -> Declared:
    """
    Return the spec of the QuayRobot *name* that declares the robot as *seen*.

    *rights* is None where they are not to be declared; *ref* names the connection.

    Raises:
        InvalidSpec: No QuayRobot can declare it.
    """
    made = Declared({"connectionRef": dict(ref), "organization": robot.owner.name})
    made.spec |= {"robotName": robot.short}
    _say_texts(made, seen)
    made.spec |= {"creationPolicy": "Adopt", "deletionPolicy": "Orphan"}
    if rights is not None:
        _say_rights(made, rights)
    _say_identities(made, identities)
    parse_robot(name, made.spec)
    return made


def _say_texts(made: Declared, seen: RobotSeen) -> None:
    if len(seen.description) > 255:
        made.left_out.append("description: longer than 255 characters")
    elif seen.description:
        made.spec["description"] = seen.description
    pairs = {key: value for key, value in (seen.metadata or {}).items() if key != MARKER_KEY}
    texts = all(isinstance(each, str) and len(each) <= 512 for each in pairs.values())
    if pairs and texts and len(pairs) <= 32:
        made.spec["metadata"] = pairs
    elif pairs:
        made.left_out.append("metadata: not up to 32 texts of up to 512 characters")


def _say_rights(made: Declared, rights: GrantsSeen) -> None:
    before = len(made.left_out)
    said = {
        "repositories": _repositories(made, rights),
        "teams": _teams(made, rights),
        "defaults": _defaults(made, rights),
    }
    mode = "Exact" if len(made.left_out) == before else "Additive"
    made.spec["permissions"] = {"mode": mode, **{key: each for key, each in said.items() if each}}


def _repositories(made: Declared, rights: GrantsSeen) -> list[Values]:
    found = []
    for name, role in sorted(rights.repositories.items()):
        if role in ROLES and len(name) <= 255 and _REPOSITORY.fullmatch(name):
            found.append({"name": name, "role": role})
        else:
            made.left_out.append(f"a role on a repository that a manifest cannot name: {name!r}")
    return _at_most(made, found, 128, "repositories")


def _teams(made: Declared, rights: GrantsSeen) -> list[str]:
    found = []
    for name in sorted(rights.teams):
        if 2 <= len(name) <= 255 and _TEAM.fullmatch(name):
            found.append(name)
        else:
            made.left_out.append(f"a team that a manifest cannot name: {name!r}")
    return _at_most(made, found, 64, "teams")


def _defaults(made: Declared, rights: GrantsSeen) -> list[Values]:
    times = Counter(each.creator for each in rights.defaults)
    found = []
    for each in sorted(rights.defaults, key=lambda each: (each.creator or "", each.role)):
        creator = each.creator
        if times[creator] > 1:
            made.left_out.append(f"a default permission that is there more than once: {each.role}")
        elif each.role not in ROLES or not _may_be_named(made, creator):
            made.left_out.append(f"a default permission for what {creator!r} makes: {each.role}")
        else:
            found.append({"role": each.role} | ({"creator": creator} if creator else {}))
    return _at_most(made, found, 16, "defaults")


def _may_be_named(made: Declared, creator: str | None) -> bool:
    if creator is None:
        return True
    # Quay takes robots of other organizations as well, a manifest does not.
    ours = "+" not in creator or creator.startswith(f"{made.spec['organization']}+")
    return ours and _CREATOR.fullmatch(creator) is not None


def _at_most(made: Declared, found: list[Any], most: int, what: str) -> list[Any]:
    if len(found) > most:
        made.left_out.append(
            f"{len(found) - most} of {len(found)} {what}: a manifest holds {most}"
        )
    return found[:most]


def _say_identities(made: Declared, identities: tuple[IdentityState, ...]) -> None:
    if not identities:
        return
    fit = [
        each
        for each in identities
        if len(each.issuer) <= 512 and _ISSUER.fullmatch(each.issuer)
        and len(each.subject) <= 512 and _LINE.fullmatch(each.subject)
    ]  # fmt: skip
    if len(fit) != len(identities) or len(fit) > 32:
        # Quay takes the list whole: nothing is said of it, and nothing of it is touched.
        made.left_out.append("federation: not up to 32 identities of https issuers")
        return
    pairs = [{"issuer": each.issuer, "subject": each.subject} for each in fit]
    made.spec["federation"] = {"mode": "Exact", "identities": pairs}


# Names ---------------------------------------------------------------------


def object_names(shorts: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """
    Return a legal and different name for the resource of each robot.

    A robot whose own name is legal and free keeps it; *taken* are given away.
    """
    every = sorted(set(shorts), key=lambda short: (_plain(short) != short, short))
    used, names = set(taken), {}
    for short in every:
        name = _plain(short)
        if name in used:
            digest = hashlib.sha256(short.encode()).hexdigest()[:8]
            name = f"{name[: NAME_MAX - 9].rstrip('.-')}-{digest}"
        used.add(name)
        names[short] = name
    return names


def _plain(short: str) -> str:
    return short.replace("_", "-")[:NAME_MAX].rstrip(".-")


# Does it change anything? ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consequence:
    """What applying would lead to: a *change* of Quay, or a *refusal*; '' for none."""

    change: str = ""
    refusal: str = ""


def consequence_of(scene: Scene) -> Consequence:
    """Return what a pass over *scene* would lead to, decided as every pass is."""
    for _ in range(ROUNDS):
        plan = decide(scene)
        if plan.findings:
            return Consequence(refusal=_said(plan.findings[0].error))
        for action in plan.actions:
            if isinstance(action, Look):
                # What is not declared is looked at and left as it is.
                return Consequence()
            told, after = explain(action, scene), simulate(action, scene)
            if told.place is Place.QUAY:
                return Consequence(change=told.what)
            if after is None:
                return Consequence()
            scene = after
        if not plan.actions:
            return Consequence()
    return Consequence(change="go on without end")


def taken_name_of(scene: Scene) -> str:
    """Return which Secret of somebody else has a name that is wanted, in words; '' for none."""
    try:
        check_names(scene)
    except QuayRobotError as error:
        return _said(error)
    return ""


def _said(error: QuayRobotError) -> str:
    return f"{error.reason}: {error.message}"
