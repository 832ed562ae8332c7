"""
Which Events report a change of state?

One Event per change, never per retry. They are written one after the other, apart
from the work that they tell of: a slow API server must not hold that up. An Event
that cannot be written is dropped, and so is one that comes while MOST wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from ..model.errors import QuayRobotError, Reason, Refused
from ..model.names import GROUP, OPERATOR
from .api import Body, ClusterApi
from .kinds import EVENT

__all__ = ["Recorder", "cut_note", "name_event"]

# Bytes, although the API server's refusal says characters.
NOTE_MAX = 1024
MOST = 1000


def cut_note(note: str) -> str:
    """Return *note* as long as an Event takes, cut between characters."""
    return note.encode()[:NOTE_MAX].decode(errors="ignore")


def name_event(about: str, suffix: str) -> str:
    """Return a name for an Event; what is cut may not end in what no name may end in."""
    return f"{about[:200].rstrip('-.')}.{suffix}"


class Recorder:
    """
    Writes Events.

    *now* gives the time, *suffix* a unique ending for a name; *posted* is told
    the type and the reason of every Event that was stored, *refused* in words why
    none is let in, once for each reason, *failed* the type of an error that nobody foresaw.
    """

    def __init__(
        self,
        api: ClusterApi,
        *,
        now: Callable[[], datetime],
        suffix: Callable[[], str],
        posted: Callable[[str, str], None],
        refused: Callable[[str], None] = lambda _: None,
        failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api, self._now, self._suffix, self._posted = api, now, suffix, posted
        self._refused, self._told = refused, set[Reason]()
        self._failed = failed
        self._waiting: asyncio.Queue[Body] = asyncio.Queue(MOST)

    def emit(self, about: Body, *, kind: str, warning: bool, reason: str, note: str) -> None:
        """Have one Event about the object *about* written, as it is now."""
        event = self._event(about, kind, "Warning" if warning else "Normal", reason, note)
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(event)

    async def write_forever(self) -> None:
        """Write what was emitted, in that order."""
        while True:
            event = await self._waiting.get()
            try:
                await self._write(event)
            except Exception as error:  # noqa: BLE001
                # One that was not foreseen must not silence all that come after it.
                self._failed(type(error).__name__)
            finally:
                self._waiting.task_done()

    async def settle(self, seconds: float) -> None:
        """Wait until all that was emitted is written, for *seconds* at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._waiting.join()

    async def _write(self, event: Body) -> None:
        try:
            await self._api.write("POST", EVENT.path(event["metadata"]["namespace"]), event)
        except QuayRobotError as error:
            self._tell(error)
            return
        self._posted(event["type"], event["reason"])

    def _event(self, about: Body, kind: str, severity: str, reason: str, note: str) -> Body:
        meta = about["metadata"]
        namespace = meta.get("namespace") or "default"
        return {
            "apiVersion": EVENT.api_version,
            "kind": "Event",
            "metadata": {"name": name_event(meta["name"], self._suffix()), "namespace": namespace},
            "eventTime": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": f"{GROUP}/operator",
            "reportingInstance": OPERATOR,
            "action": "Reconcile",
            "type": severity,
            "reason": reason,
            "note": cut_note(note),
            "regarding": {
                "apiVersion": about.get("apiVersion") or f"{GROUP}/v1alpha1",
                "kind": kind,
                "name": meta["name"],
                "namespace": meta.get("namespace", ""),
                "uid": meta["uid"],
                "resourceVersion": meta["resourceVersion"],
            },
        }

    def _tell(self, error: QuayRobotError) -> None:
        if isinstance(error, Refused) and error.reason not in self._told:
            self._told.add(error.reason)
            self._refused(error.message)
