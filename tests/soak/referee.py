"""
Is the world as it was asked for, and was nothing done on the way that must not be?

The referee knows the book, the ledger and the robots of Quay, the audit log and
the objects. It asks none of the operator's code. Each finding begins with the
invariant that it breaks.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.kit.canary import scan
from tests.kit.installation import Body
from tests.kit.operating import USER

from .book import ClusterRobot, Declared
from .scene import Scene
from .worlds import LIVE, Seen, seen

__all__ = ["broken", "dead_token_s", "unfinished"]


def unfinished(scene: Scene) -> list[str]:
    """Return what is not yet as it was asked for (S4, S6, L1); empty at the end of every life."""
    world = seen(scene)
    found = list(_strays(scene, world))
    for one in scene.book.values():
        found += [f"{each} ({one.name})" for each in _robot(scene, world, one)]
    for cluster_robot in scene.cluster_robots.values():
        found += _cluster_robot(scene, world, cluster_robot)
    return found


def _robot(scene: Scene, world: Seen, one: Declared) -> Iterator[str]:
    body = world.robots.get(one.name)
    if not one.alive:
        if body is not None:
            yield f"L4: the deletion has not ended: {_said(body)}"
        return
    if body is None:
        yield "L1: there is no such resource"
        return
    reason = _said(body)[0]
    wanted = _verdict(scene, world, one)
    if reason != wanted:
        yield f"L1: it says {_said(body)}, not {wanted}"
    elif wanted == LIVE:
        yield from _served(scene, world, one, body)


def _verdict(scene: Scene, world: Seen, one: Declared) -> str:
    """Return the reason that Ready has to have."""
    if one.spec.get("organization"):
        return "AccessDenied"
    if one.spec.get("suspend"):
        return "Suspended"
    rivals = [e for e in scene.book.values() if e.alive and e.short == one.short]
    holders = [each.name for each in rivals if world.holds(scene, each)]
    if len(rivals) > 1 and holders != [one.name]:
        return "AlreadyClaimed"
    return LIVE


def _served(scene: Scene, world: Seen, one: Declared, body: Body) -> Iterator[str]:
    there = world.slots(scene, one)
    if len(there) != 1:
        yield f"S6: it has the robots {sorted(there)}"
        return
    [(full, robot)] = there.items()
    if world.marker(robot).get("uid") != body["metadata"]["uid"]:
        yield "S3: the robot's marker names another resource"
    if "quayrobot.io/finalizer" not in body["metadata"].get("finalizers", ()):
        yield "S7: nothing holds the resource until its robot is gone"
    yield from _secrets(scene, world, one, body, full, robot)
    yield from _rights(scene, one, full)
    yield from _identities(scene, world, one, full)
    yield from _links(world, one)


def _secrets(
    scene: Scene, world: Seen, one: Declared, body: Body, full: str, robot: Body
) -> Iterator[str]:
    for wanted in one.secrets:
        secret = world.secrets.get(wanted["name"])
        if secret is None:
            yield f"L1: there is no Secret {wanted['name']}"
            continue
        owners = [e["uid"] for e in secret["metadata"].get("ownerReferences", ())]
        if owners != [body["metadata"]["uid"]]:
            yield f"S2: the Secret {wanted['name']} belongs to {owners}"
        user, password = credential(secret)
        if user != full or (one.keyless is None and password != robot["token"]):
            yield f"S4: the Secret {wanted['name']} holds another token, for {user}"
        elif not scene.house.quay.login(user, password):
            yield f"S4: the Secret {wanted['name']} lets nobody in"
        if one.keyless and robot["token"] == password:
            yield f"S9: the Secret {wanted['name']} holds the robot's own token"


def credential(secret: Body) -> tuple[str, str]:
    """Return user and password of a Secret of any format."""
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    if ".dockerconfigjson" not in data:
        return data.get("username", ""), data.get("password", "")
    auths = json.loads(data[".dockerconfigjson"]).get("auths") or {"": {"auth": ""}}
    user, _, password = (
        base64.b64decode(next(iter(auths.values()))["auth"]).decode().partition(":")
    )
    return user, password


ORDER = {"": 0, "read": 1, "write": 2, "admin": 3}


def _rights(scene: Scene, one: Declared, full: str) -> Iterator[str]:
    asked = one.spec.get("permissions")
    there = scene.house.quay.admin("grants", name=full)
    if asked is None:
        left = set(there["repositories"]) & one.ever - one.by_hand
        if left and one.noted:
            yield f"S13: rights that are declared no more: {left}"
        return
    roles = {each["name"]: each["role"] for each in asked["repositories"]}
    defaults = [(each["role"], each.get("creator")) for each in asked.get("defaults", ())]
    has = [(each["role"], each["creator"]) for each in there["prototypes"]]
    lacking = {n: r for n, r in roles.items() if there["repositories"].get(n) != r}
    missing = set(asked.get("teams", ())) - set(there["teams"]), set(defaults) - set(has)
    if lacking or any(missing):
        yield f"L1: rights are missing: {lacking} {missing}"
    if asked["mode"] == "Exact":
        by_default = max((ORDER[role] for role, _ in defaults), default=0)
        more = {
            name for name, role in there["repositories"].items()
            if name not in roles and ORDER[role] > by_default
        }  # fmt: skip
        over = set(there["teams"]) - set(asked.get("teams", ())), Counter(has) - Counter(defaults)
        if more or any(over):
            yield f"S13: rights that nobody declared: {more} {over}"


def _identities(scene: Scene, world: Seen, one: Declared, full: str) -> Iterator[str]:
    asked = one.spec.get("federation")
    there = scene.house.quay.admin("federation", name=full)
    has = {(each["issuer"], each["subject"]) for each in there}
    wanted = {(e["issuer"], e["subject"]) for e in (asked or {}).get("identities", ())}
    if one.keyless:
        subject = f"system:serviceaccount:{scene.name}:{one.keyless}"
        wanted.add((scene.house.plane.issuer, subject))
    if wanted - has or (asked and has - wanted) or len(there) != len(has):
        yield f"L1: identities are {sorted(has)}, not {sorted(wanted)}"


def _links(world: Seen, one: Declared) -> Iterator[str]:
    name = one.secrets[0]["name"]
    for account, named in world.accounts.items():
        if (account in one.spec.get("links", ())) != (name in named):
            yield f"L1: the ServiceAccount {account} names {named}"


def _strays(scene: Scene, world: Seen) -> Iterator[str]:
    """Robots and Secrets that nobody needs, and those of others that are not as they were."""
    expected = {scene.tenant.full("by-hand")}
    for one in scene.book.values():
        if one.alive or one.orphans or one.again:
            expected |= {scene.tenant.full(one.short), scene.tenant.full(f"{one.short}.alt")}
    for cluster_robot in scene.cluster_robots.values():
        names = [f"{s}-{scene.name}-{cluster_robot.name}" for s in cluster_robot.spaces]
        names = (
            names
            if cluster_robot.spec["mode"] == "PerNamespace"
            else [f"{scene.name}-{cluster_robot.name}"]
        )
        expected |= {scene.tenant.full(each) for each in names}
    leaked = sorted(set(world.in_quay) - expected)
    if leaked:
        yield f"S6: robots that nobody declares: {leaked}"
    wanted = {w["name"] for one in scene.book.values() if one.alive for w in one.secrets}
    left = sorted(
        name for name, each in world.secrets.items()
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by")
        and name not in wanted
    )  # fmt: skip
    if left:
        yield f"L1: Secrets that nobody declares: {left}"


def _cluster_robot(scene: Scene, world: Seen, cluster_robot: ClusterRobot) -> Iterator[str]:
    name = f"{scene.name}-{cluster_robot.name}"
    body = world.cluster_robots.get(name)
    wanted = LIVE if cluster_robot.spaces else "NoNamespaces"
    if body is None or _said(body)[0] != wanted:
        yield f"L1: {name} says {_said(body or {})}"
        return
    for space in scene.spaces:
        secret = world.pulls.get((space, f"{cluster_robot.name}-pull"))
        if (space in cluster_robot.spaces) != (secret is not None):
            yield f"L1: {name} in {space}: a Secret is {'missing' if secret is None else 'left'}"
        elif secret is not None and not scene.house.quay.login(*credential(secret)):
            yield f"S4: {name} in {space}: the Secret lets nobody in"


def _said(body: Body) -> tuple[str, str, bool]:
    """Return reason and message of Ready, and whether it is about the present generation."""
    conditions = (body.get("status") or {}).get("conditions") or []
    ready = next((each for each in conditions if each["type"] == "Ready"), {})
    present = ready.get("observedGeneration") == body.get("metadata", {}).get("generation")
    reason = ready.get("reason", "") if present else "out of date"
    return reason, ready.get("message", ""), present


# What was done on the way ------------------------------------------------------------


def broken(scene: Scene) -> list[str]:
    """Return which rules were broken on the way (S1 to S3, S5, S9, S11, S13, C1)."""
    return [*_foreign(scene), *_counts(scene), *_paths(scene), *_leaks(scene), *_overlaps(scene)]


def _foreign(scene: Scene) -> Iterator[str]:
    full = scene.tenant.full("by-hand")
    quay = scene.house.quay
    now = quay.admin("robot/show", name=full), quay.admin("grants", name=full)
    if now != scene.foreign["robot"]:
        yield "S1: a robot of somebody else was changed"
    secret = scene.tenant.get("foreign", "secret") or {"data": None, "metadata": {}}
    if (secret["data"], secret["metadata"].get("uid")) != scene.foreign["secret"]:
        yield "S2: a Secret of somebody else was changed"


def _counts(scene: Scene) -> Iterator[str]:
    """Compare creations and regenerations with those that were asked for."""
    done: Counter[tuple[str, str]] = Counter()
    for each in scene.house.quay.calls(scene.since):
        robot = re.search(rf"/organization/{scene.name}/robots/([^/]+?)(\.alt)?(/|$)", each.path)
        if each.effect and robot:
            done[each.operation, robot[1]] += 1
    for short in {one.short for one in scene.book.values()}:
        claims = [one for one in scene.book.values() if one.short == short]
        rotations = sum(one.rotations for one in claims)
        turns = rotations if any(one.turns for one in claims) else 0
        switches = sum(one.switches for one in claims)
        regenerated, made = done["robot.regenerate", short], done["robot.create", short]
        if regenerated > rotations + switches:
            yield f"S5: {short} was regenerated {regenerated} times for {rotations}+{switches}"
        allowed = sum(one.lives + one.lost for one in claims) + turns
        if made > allowed:
            yield f"L2: {short} was made {made} times, not {allowed} at most"
        if _rotation_lost(claims, regenerated):
            yield f"S5: {short} was to be rotated, and was not"


def _rotation_lost(claims: list[Declared], regenerated: int) -> bool:
    if len(claims) != 1 or regenerated:
        return False
    [one] = claims
    plain = one.alive and one.lives == 1 and not (one.turns or one.lost or one.spec.get("suspend"))
    static = one.keyless is None and not one.switches and not one.spec.get("organization")
    return bool(one.rotations and one.settled and plain and static)


def _paths(scene: Scene) -> Iterator[str]:
    """Nothing is asked outside of what was declared, whatever the answer."""
    for each in scene.house.quay.calls(scene.since):
        if scene.other in each.path:
            yield f"S1: {each.method} {each.path} is of an organization that no rule allows"
        if each.write and f"{scene.name}+by-hand" in each.path:
            yield f"S1: {each.method} {each.path}"
        granted = re.search(rf"/{scene.name}/([a-z]+)/permissions/user/[^+]+\+([^/]+)$", each.path)
        if each.effect and each.method == "PUT" and granted:
            short = granted[2].removesuffix(".alt")
            known = [one for one in scene.book.values() if one.short == short]
            if known and not any(granted[1] in one.ever for one in known):
                yield f"S13: {each.path} was never declared"


def _leaks(scene: Scene) -> Iterator[str]:
    stage = scene.stage
    for leak in stage.watch.leaks():
        yield f"S9: a credential as {leak.form} in {leak.sink}: {leak.before[-40:]}"
    assert scene.house.events is not None
    yield from (f"S9: a credential in an event: {e.form}" for e in scan(scene.house.events.text()))
    assert scene.house.recorder is not None
    yield from (f"C1: {each}" for each in scene.house.recorder.problems())
    if any(each.visits() for each in stage.surroundings):
        yield "S11: the operator called where it must not"


def _overlaps(scene: Scene) -> Iterator[str]:
    """A write of one replica may not come after the other has got the Lease."""
    pair = scene.pair.replicas
    for mine, theirs in (pair, pair[::-1]):
        for when, what in mine.writes:
            own = max((each for each in mine.holds if each <= when), default=0.0)
            if any(own < each <= when for each in theirs.holds):
                yield f"S3: {mine.name} wrote without the Lease: {what}"


def dead_token_s(scene: Scene) -> float:
    """Return how long a Secret held a dead token at most: from a regenerate to the next write."""
    longest = 0.0
    if scene.faults["quay-clock"]:
        # The ledger has Quay's time, which was not that of the audit log.
        return longest
    writes = [
        each for each in scene.house.plane.audit()[scene.audited :]
        if each.user == USER and each.write and each.resource == "secrets" and each.code < 300
    ]  # fmt: skip
    for each in scene.house.quay.calls(scene.since):
        if each.operation != "robot.regenerate" or not each.effect:
            continue
        short = each.path.split("/robots/")[1].split("/")[0]
        names = {w["name"] for o in scene.book.values() if o.short == short for w in o.secrets}
        died = datetime.fromtimestamp(each.time, UTC)
        after = [
            e.answered for e in writes
            if e.namespace == scene.name and e.name in names and e.answered > died
        ]  # fmt: skip
        longest = max(longest, (min(after, default=died) - died).total_seconds())
    return longest
