"""
How are existing robots written as manifests?

Each is held against the operator's own rules before it is written: one that
would change something in Quay is left aside, one that the rules refuse for now
says so. Deletion is `Orphan`: taking a manifest back out of Git must not end a
robot that something uses. Texts of others enter comments only where they are
plain names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import yaml

from ....cluster.kinds import CLUSTER_QUAY_ROBOT, QUAY_ROBOT
from ....engine.cache.one_shot import OneShotCache
from ....engine.cache.store import RobotRecord
from ....engine.workqueue.keys import ResourceKey
from ....model.errors import InvalidSpec, Reason
from ....model.marker import Marker
from ....model.names import API_VERSION, OwnerName
from ....model.resources.parse import parse_robot
from ....model.resources.robot import secrets_of
from ....model.world import Absent, ConnectionSeen, Present, SecretSeen, Seen, Unlooked
from ....plan.scene import Scene
from ....plan.words.manifest import Declared, consequence_of, declare, object_names, taken_name_of
from ..access.cluster_access import note
from ..access.survey import Found

__all__ = ["ImportOptions", "Writer"]

_CLAIMANTS = {QUAY_ROBOT.kind, CLUSTER_QUAY_ROBOT.kind}
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,253}")
HEAD = """\
# Robots of the organization {owner}, as they are, for {kind} {name}.
# creationPolicy: Adopt lets each be taken over; deletionPolicy: Orphan lets it stay in Quay when
# its manifest is deleted. Set Delete if the robot is to be deleted together with its manifest.
"""
LOST = "you may not read whether it still exists"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was typed."""

    key: ResourceKey
    owner: OwnerName
    globs: tuple[str, ...]
    namespace: str
    permissions: bool
    federation: bool

    def wants(self, short: str) -> bool:
        """Return whether a robot is asked for."""
        return not self.globs or any(fnmatchcase(short, each) for each in self.globs)

    def unmatched(self, shorts: list[str]) -> list[str]:
        """Return the globs that none of *shorts* matches."""
        return [each for each in self.globs if not any(fnmatchcase(one, each) for one in shorts)]


class _Aside(Exception):
    """No manifest is written for a robot; the text says why."""


class _Dumper(yaml.SafeDumper):
    """Quotes what other readers of YAML take for a number or a truth value."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write everything out."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = re.fullmatch(r"[A-Za-z/].*", value, re.DOTALL) and value.lower() not in {"y", "n"}
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


class Writer:
    """
    Writes what was found: manifests first, then for what there is none and why.

    *secrets* are those of the namespace, by name; None where they could not be read.
    """

    def __init__(
        self,
        asked: ImportOptions,
        base: Scene,
        cache: OneShotCache,
        secrets: Mapping[str, SecretSeen] | None,
    ) -> None:
        self._asked, self._base, self._cache = asked, base, cache
        self._secrets, self._stopped = secrets or {}, 0
        records = cache.store.robots.values()
        self._known = {record.key for record in records} | cache.store.cluster_robots.keys()
        self._claims = {
            name.full: record.key
            for record in records
            if self._same_quay(record)
            for name in record.robot_names
        }
        self._taken = {key.name for key in self._known if key.namespace == asked.namespace}

    def _same_quay(self, record: RobotRecord) -> bool:
        made, connection = record.status.connection, self._base.connection
        if made is None or not isinstance(connection, ConnectionSeen):
            return record.connection_key == self._asked.key
        return made.origin == connection.origin

    def write(self, found: list[Found]) -> str:
        """Return the whole text."""
        owners = {each.name: self._owner(each) for each in found}
        free = [each for each in found if not owners[each.name]]
        names = object_names((each.name.short for each in free), self._taken)
        key, owner = self._asked.key, self._asked.owner
        pieces = [HEAD.format(owner=owner.name, kind=key.kind, name=key.name)]
        pieces[0] += "".join(f"#\n# Not looked at: {each}.\n" for each in self._cache.notes)
        aside = [f"# {name.full}: {whose}\n" for name, whose in owners.items() if whose]
        for each in free:
            try:
                pieces.append(self._manifest(each, names[each.name.short]))
            except _Aside as error:
                aside.append(f"# {each.name.full}: {error}\n")
        if aside:
            pieces[0] += f"#\n# No manifest for {len(aside)} of them:\n" + "".join(sorted(aside))
        note(f"{len(pieces) - 1} manifests; no manifest for {len(aside)} robots")
        if self._stopped:
            note(
                f"{self._stopped} manifests name a Secret that somebody else owns in "
                f"{self._asked.namespace}: {Reason.SECRET_NOT_OWNED}, see the comments"
            )
        return "---\n".join(pieces)

    def _owner(self, found: Found) -> str:
        """Whose it is already; '' for nobody's."""
        key = self._claims.get(found.name.full)
        if key is not None:
            return f"{_place(key)} of this cluster has it or claims it"
        marker = found.seen.marker
        if marker is None:
            return ""
        whose = f"made by {_shown(marker)}"
        if marker.cluster != self._base.cluster:
            return f"{whose} of another cluster ({_plain(marker.cluster)})"
        if ResourceKey(marker.kind, marker.namespace, marker.name) in self._known:
            return f"{whose} of this cluster"
        if marker.kind not in _CLAIMANTS or not self._cache.complete:
            return f"{whose} of this cluster; {LOST}"
        # A marker of ours whose owner is gone counts as none.
        return ""

    def _manifest(self, found: Found, name: str) -> str:
        ref = {"kind": self._asked.key.kind, "name": self._asked.key.name}
        try:
            made = declare(name, found.name, found.seen, found.rights, found.identities, ref)
        except InvalidSpec as error:
            raise _Aside(f"a QuayRobot cannot declare it: {error.message}") from None
        scene = self._scene(found, name, made)
        follows, taken = consequence_of(scene), taken_name_of(scene)
        if follows.change:
            raise _Aside(f"its manifest would {follows.change}")
        said = [f"left out: {each}" for each in made.left_out]
        refused = dict.fromkeys(filter(None, (follows.refusal, taken)))
        self._stopped += any(each.startswith(Reason.SECRET_NOT_OWNED) for each in refused)
        said += [f"refused for now: {each}" for each in refused]
        return "".join(f"# {each}\n" for each in said) + self._body(name, made)

    def _body(self, name: str, made: Declared) -> str:
        body: dict[str, Any] = {
            "apiVersion": API_VERSION,
            "kind": QUAY_ROBOT.kind,
            "metadata": {"name": name, "namespace": self._asked.namespace},
            "spec": made.spec,
        }
        text: str = yaml.dump(body, Dumper=_Dumper, sort_keys=False, width=99)
        return text

    def _scene(self, found: Found, name: str, made: Declared) -> Scene:
        spec = parse_robot(name, made.spec)
        return replace(
            self._base,
            me=replace(self._base.me, name=name),
            spec=spec,
            robot=Present(found.seen),
            secrets={each: self._secret(each) for each in secrets_of(name, spec)},
            grants=Unlooked() if found.rights is None else Present(found.rights),
            federation=Present(found.identities),
            federation_read=True,
        )

    def _secret(self, name: str) -> Seen[SecretSeen]:
        seen = self._secrets.get(name)
        return Absent() if seen is None else Present(seen)


def _place(key: ResourceKey) -> str:
    return f"{key.kind} {key.namespace}/{key.name}" if key.namespace else f"{key.kind} {key.name}"


def _shown(marker: Marker) -> str:
    return f"{_plain(marker.kind)} {_plain(marker.namespace)}/{_plain(marker.name)}"


def _plain(text: str) -> str:
    return text if PLAIN.fullmatch(text) else "(not a name)"
