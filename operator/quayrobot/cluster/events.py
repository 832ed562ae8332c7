"""
Which Events report a change of state?

One Event per change, never per retry. A few writers write them, apart from the work
that they tell of: a slow API server must not hold that up. Those of one object are
written in their order, by one of the writers. An Event that cannot be written is
dropped, and so is one that comes while too many wait for the same writer.
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
WRITERS = 4
# For each writer.
MOST = 250


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
    *dropped* is told of each that is given up why: `queue_full`, or `not_written`;
    *overflowed* at the first of a burst how many wait.
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
        dropped: Callable[[str], None] = lambda _: None,
        overflowed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._api, self._now, self._suffix, self._posted = api, now, suffix, posted
        self._refused, self._told = refused, set[Reason]()
        self._failed, self._dropped, self._overflowed = failed, dropped, overflowed
        self._waiting = tuple(asyncio.Queue[Body](MOST) for _ in range(WRITERS))
        # Whether one was given up since the last time that none waited.
        self._in_burst = False

    def emit(self, about: Body, *, kind: str, warning: bool, reason: str, note: str) -> None:
        """Have one Event about the object *about* written, as it is now."""
        event = self._event(about, kind, "Warning" if warning else "Normal", reason, note)
        turn = hash(about["metadata"]["uid"]) % WRITERS
        try:
            self._waiting[turn].put_nowait(event)
        except asyncio.QueueFull:
            self._give_up()

    def _give_up(self) -> None:
        self._dropped("queue_full")
        if not self._in_burst:
            self._in_burst = True
            self._overflowed(sum(each.qsize() for each in self._waiting))

    async def write_forever(self) -> None:
        """Write what was emitted, about each object in that order."""
        async with asyncio.TaskGroup() as group:
            for each in self._waiting:
                group.create_task(self._write_from(each))

    async def _write_from(self, waiting: asyncio.Queue[Body]) -> None:
        while True:
            event = await waiting.get()
            try:
                await self._write(event)
            except Exception as error:  # noqa: BLE001
                # One that was not foreseen must not silence all that come after it.
                self._failed(type(error).__name__)
                self._dropped("not_written")
            finally:
                waiting.task_done()
            if self._in_burst and all(each.empty() for each in self._waiting):
                self._in_burst = False

    async def settle(self, seconds: float) -> None:
        """Wait until all that was emitted is written, for *seconds* at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(each.join() for each in self._waiting))

    async def _write(self, event: Body) -> None:
        try:
            await self._api.write("POST", EVENT.path(event["metadata"]["namespace"]), event)
        except QuayRobotError as error:
            self._tell(error)
            self._dropped("not_written")
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
