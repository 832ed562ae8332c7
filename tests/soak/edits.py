"""What do users, people at Quay and other writers in the cluster do to robots?"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from .book import Declared
from .scene import Scene

__all__ = ["DOINGS"]

How = dict[str, Any]
MANAGED = "app.kubernetes.io/managed-by"


def _rotate(scene: Scene, one: Declared, how: How) -> None:
    one.spec["rotation"] = one.spec.get("rotation", {}) | {"trigger": f"t{how['number']}"}
    one.rotations += 1
    scene.apply(one)


def _annotate(scene: Scene, one: Declared, how: How) -> None:
    one.rotations += 1
    mark = f"quayrobot.io/rotate=a{how['number']}"
    scene.tenant.kubectl("annotate", "--overwrite", "quayrobot", one.name, mark, check=False)


def _rights(scene: Scene, one: Declared, how: How) -> None:
    one.spec["permissions"] = how["permissions"]
    scene.apply(one)


def _rights_gone(scene: Scene, one: Declared, how: How) -> None:
    if not one.turns:
        one.spec.pop("permissions", None)
        scene.apply(one)


def _connection_gone(scene: Scene, one: Declared, how: How) -> None:
    """Delete a connection with its key, and only then the robots that need both to go."""
    if one.spec["connectionRef"] != "own":
        return
    scene.tenant.delete("own", "quayconnection")
    scene.tenant.delete("token-own", "secret")
    for each in scene.book.values():
        if each.alive and each.spec["connectionRef"] == "own":
            _delete(scene, each, how)
            each.again = False


def _identities(scene: Scene, one: Declared, how: How) -> None:
    one.spec["federation"] = how["federation"]
    scene.apply(one)


def _secrets(scene: Scene, one: Declared, how: How) -> None:
    one.spec["drawn"] = how["drawn"]
    scene.apply(one)


def _links(scene: Scene, one: Declared, how: How) -> None:
    one.spec["links"] = [] if how["account"] in one.spec.get("links", ()) else [how["account"]]
    scene.apply(one)


def _keyless(scene: Scene, one: Declared, how: How) -> None:
    if one.turns:
        return
    if one.keyless:
        del one.spec["credentials"]
    else:
        one.spec["credentials"] = {"type": "Federated", "serviceAccount": how["account"]}
        one.switches += 1
    scene.apply(one)


def _delete(scene: Scene, one: Declared, how: How) -> None:
    held = ((scene.tenant.get(one.name) or {}).get("metadata") or {}).get("finalizers")
    if one.unguarded and not held:
        # Who takes the finalizer away and deletes leaves the robot, as it is said to.
        return
    one.alive = False
    one.orphans |= one.spec.get("deletionPolicy") == "Orphan"
    scene.tenant.delete(one.name)


def _recreate(scene: Scene, one: Declared, how: How) -> None:
    if one.spec.get("deletionPolicy") == "Orphan":
        # A marker of its own whose owner is gone would be a matter of adoption.
        return
    _delete(scene, one, how)
    one.again = not one.alive


def _suspend(scene: Scene, one: Declared, how: How) -> None:
    one.spec["suspend"] = True
    scene.apply(one)


def _resume(scene: Scene, one: Declared, how: How) -> None:
    one.spec["suspend"] = False
    scene.apply(one)


# By hand in Quay ----------------------------------------------------------------


def _slots(scene: Scene, one: Declared) -> list[str]:
    names = (scene.tenant.full(one.short), scene.tenant.full(f"{one.short}.alt"))
    return [each for each in names if scene.house.quay.admin("robot/show", name=each)]


def _robot_gone(scene: Scene, one: Declared, how: How) -> None:
    for each in _slots(scene, one)[:1]:
        one.lost += 1
        scene.house.quay.admin("robot/delete", name=each)


def _robot_regenerated(scene: Scene, one: Declared, how: How) -> None:
    for each in _slots(scene, one)[:1]:
        scene.house.quay.admin("robot/regenerate", name=each)


def _granted(scene: Scene, one: Declared, how: How) -> None:
    where = f"{scene.name}/{how['repository']}"
    one.by_hand.add(how["repository"])
    for each in _slots(scene, one)[:1]:
        scene.house.quay.admin("grant", repository=where, user=each, role=how["role"])


def _ungranted(scene: Scene, one: Declared, how: How) -> None:
    _granted(scene, one, how | {"role": None})


def _member_out(scene: Scene, one: Declared, how: How) -> None:
    for each in _slots(scene, one)[:1]:
        where = {"org": scene.name, "team": how["team"]}
        scene.house.quay.admin("team/member", **where, member=each, absent=True)


def _identities_set(scene: Scene, one: Declared, how: How) -> None:
    entries = how["federation"]["identities"]
    for each in _slots(scene, one)[:1]:
        scene.house.quay.admin("federation/set", name=each, entries=entries)


def _default_twin(scene: Scene, one: Declared, how: How) -> None:
    for each in _slots(scene, one)[:1]:
        scene.house.quay.admin("prototype", org=scene.name, role="read", delegate=each)


# By other writers in the cluster --------------------------------------------------


def _secret_gone(scene: Scene, one: Declared, how: How) -> None:
    name = one.secrets[0]["name"]
    scene.tenant.kubectl("delete", "secret", name, "--wait=false", "--ignore-not-found")


def _secret_spoiled(scene: Scene, one: Declared, how: How) -> None:
    wanted = one.secrets[0]
    key = {"DockerConfigJson": ".dockerconfigjson"}.get(wanted["format"], "password")
    data = {key: base64.b64encode(b"{}").decode()}
    patch = json.dumps({"data": data})
    scene.tenant.kubectl("patch", "secret", wanted["name"], "-p", patch, check=False)


def _secret_unlabelled(scene: Scene, one: Declared, how: How) -> None:
    name = one.secrets[0]["name"]
    scene.tenant.kubectl("label", "secret", name, f"{MANAGED}-", check=False)


def _link_out(scene: Scene, one: Declared, how: How) -> None:
    patch = '{"imagePullSecrets":null}'
    scene.tenant.kubectl("patch", "serviceaccount", how["account"], "--type=merge", "-p", patch)


def _status_lost(scene: Scene, one: Declared, how: How) -> None:
    if one.turns or one.spec.get("permissions", {}).get("mode") == "Additive":
        # What Additive gave, and which robot is the active one, is known from there alone.
        return
    # A rotation that was asked for and not yet noted is forgotten with it.
    one.settled, one.noted = False, False
    patch = ("--subresource=status", "--type=json", "-p", '[{"op":"remove","path":"/status"}]')
    scene.tenant.kubectl("patch", "quayrobot", one.name, *patch, check=False)


def _unguarded(scene: Scene, one: Declared, how: How) -> None:
    one.unguarded = True
    patch = ("--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    scene.tenant.kubectl("patch", "quayrobot", one.name, *patch, check=False)


def _namespace_out(scene: Scene, one: Declared, how: How) -> None:
    space = scene.spaces[how["number"] % 2]
    scene.house.plane.kubectl("label", "namespace", space, "soak-")
    for each in scene.cluster_robots.values():
        each.spaces.discard(space)


def _namespace_in(scene: Scene, one: Declared, how: How) -> None:
    space = scene.spaces[how["number"] % 2]
    scene.house.plane.kubectl("label", "--overwrite", "namespace", space, f"soak={scene.name}")
    for each in scene.cluster_robots.values():
        each.spaces.add(space)


def _cluster_robot_rotate(scene: Scene, one: Declared, how: How) -> None:
    if "all" not in scene.cluster_robots:
        return
    scene.cluster_robots["all"].rotations += 1
    name, mark = f"{scene.name}-all", f"quayrobot.io/rotate=f{how['number']}"
    scene.house.plane.kubectl("annotate", "--overwrite", "clusterquayrobot", name, mark)


DOINGS: dict[str, Callable[[Scene, Declared, How], None]] = {
    "rotate": _rotate,
    "annotate": _annotate,
    "rights": _rights,
    "rights-gone": _rights_gone,
    "connection-gone": _connection_gone,
    "identities": _identities,
    "secrets": _secrets,
    "links": _links,
    "turn-keyless": _keyless,
    "delete": _delete,
    "recreate": _recreate,
    "suspend": _suspend,
    "resume": _resume,
    "robot-gone": _robot_gone,
    "robot-regenerated": _robot_regenerated,
    "granted": _granted,
    "ungranted": _ungranted,
    "member-out": _member_out,
    "identities-set": _identities_set,
    "default-twin": _default_twin,
    "secret-gone": _secret_gone,
    "secret-spoiled": _secret_spoiled,
    "secret-unlabelled": _secret_unlabelled,
    "link-out": _link_out,
    "status-lost": _status_lost,
    "unguarded": _unguarded,
    "namespace-out": _namespace_out,
    "namespace-in": _namespace_in,
    "cluster-robot-rotate": _cluster_robot_rotate,
}
