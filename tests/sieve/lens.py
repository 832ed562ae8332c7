"""
Which versions of a tenant's objects does the operator get to see?

Everything that the lists and watches show of tenants goes through a lens, which
remembers each version. An object can be frozen: lists and watches show the version
that it was frozen at, or that it is not there, until it is released; then what was
held back comes in its order. And single events can be withheld. Reads of one object
are not touched: they are answered from the store, however far a watch is behind.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

__all__ = ["TENANT", "Event", "Key", "Lens", "Version", "line", "tenant_of"]

Body = dict[str, Any]
TENANT = re.compile(r"t-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Key:
    """One object; *kind* is its plural."""

    kind: str
    namespace: str
    name: str

    @property
    def tenant(self) -> str:
        """Whose it is; empty for what is nobody's."""
        return tenant_of(f"{self.namespace} {self.name}")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, and the type of the event that showed it."""

    number: int
    type: str
    body: Body


@dataclass(frozen=True, slots=True)
class Event:
    """The *nth* event about an object in a life; the tenant's name is left out."""

    kind: str
    name: str
    nth: int
    type: str


def tenant_of(text: str) -> str:
    """Return the tenant that *text* names, or nothing."""
    found = TENANT.search(text)
    return found[0] if found else ""


@dataclass
class Lens:
    """
    What is shown. Used by the threads of the proxies and of the test.

    *events* are those of each tenant since it was followed, *withheld* those that
    are not shown, by tenant: kind, name and number of the event.
    """

    events: dict[str, list[Event]] = field(default_factory=dict)
    withheld: dict[str, set[tuple[str, str, int]]] = field(default_factory=dict)
    hidden: Counter[str] = field(default_factory=Counter)
    _history: dict[Key, list[Version]] = field(default_factory=lambda: defaultdict(list))
    _counts: Counter[Key] = field(default_factory=Counter)
    # What is shown of each; None: it is not there.
    _frozen: dict[Key, Version | None] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def follow(self, tenant: str) -> None:
        """Count the events about *tenant* from now on."""
        with self._lock:
            self.events[tenant] = []

    def history(self, tenant: str) -> dict[Key, list[Version]]:
        """Return every version that was shown of the objects of *tenant*."""
        with self._lock:
            return {k: list(each) for k, each in self._history.items() if k.tenant == tenant}

    def freeze(self, key: Key, version: Version | None) -> None:
        """Show *key* as it was in *version*, or as not there."""
        with self._lock:
            self._frozen[key] = version

    def release(self) -> list[tuple[str, bytes]]:
        """Freeze nothing more; return the kind and the line of each event that was held back."""
        with self._lock:
            late = []
            for key, shown in self._frozen.items():
                after = shown.number if shown else -1
                late += [(v.number, key.kind, v) for v in self._history[key] if v.number > after]
            self._frozen.clear()
            return [(kind, line(v)) for _, kind, v in sorted(late, key=lambda each: each[0])]

    def passes(self, kind: str, line: bytes) -> bool:
        """Take note of one line of a watch; tell whether it is shown."""
        event = json.loads(line)
        key = _key(kind, event.get("object") or {})
        if not key.tenant or event["type"] not in {"ADDED", "MODIFIED", "DELETED"}:
            return True
        with self._lock:
            if not self._note(key, event["type"], event["object"]):
                return key not in self._frozen
            if key in self._frozen or self._is_withheld(key, event["type"]):
                self.hidden[key.tenant] += 1
                return False
            return True

    def listed(self, kind: str, body: Body) -> Body:
        """Take note of a list; return it as it is shown."""
        with self._lock:
            version = int(body["metadata"]["resourceVersion"])
            items = {_key(kind, each): each for each in body["items"] or ()}
            for key, item in items.items():
                if key.tenant:
                    self._note(key, "MODIFIED", item)
            for key, shown in self._frozen.items():
                if key.kind != kind:
                    continue
                live = items.pop(key, None)
                if live is None and self._history[key][-1].type != "DELETED":
                    # It went while nobody watched.
                    gone = self._history[key][-1].body
                    self._history[key].append(Version(version, "DELETED", gone))
                if shown is not None:
                    items[key] = shown.body
            return {**body, "items": list(items.values())}

    def _note(self, key: Key, type_: str, body: Body) -> bool:
        """Remember a version; tell whether it is new."""
        number = int(body["metadata"]["resourceVersion"])
        known = self._history[key]
        if known and (known[-1].number, known[-1].type == "DELETED") >= (
            number,
            type_ == "DELETED",
        ):
            return False
        known.append(Version(number, type_, body))
        return True

    def _is_withheld(self, key: Key, type_: str) -> bool:
        seen = self.events.get(key.tenant)
        if seen is None:
            return False
        self._counts[key] += 1
        name = key.name.replace(key.tenant, "<tenant>")
        seen.append(Event(key.kind, name, self._counts[key], type_))
        return (key.kind, name, self._counts[key]) in self.withheld.get(key.tenant, set())


def _key(kind: str, body: Body) -> Key:
    meta = body.get("metadata") or {}
    return Key(kind, meta.get("namespace", ""), meta.get("name", ""))


def line(version: Version) -> bytes:
    """Return the line of a watch that shows *version*."""
    body = version.body
    return json.dumps({"type": version.type, "object": body}).encode() + b"\n"
