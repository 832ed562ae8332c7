"""
Which Events report a change of state?

One Event per change, never per retry. An Event that cannot be written is
dropped: it must not hold up the work that it tells of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ..model.errors import QuayRobotError, Reason, Refused
from ..model.names import GROUP, OPERATOR
from .api import Body, ClusterApi
from .kinds import EVENT

__all__ = ["Recorder", "cut_note", "name_event"]

# Bytes, although the API server's refusal says characters.
NOTE_MAX = 1024


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
    none is let in, once for each reason.
    """

    def __init__(
        self,
        api: ClusterApi,
        *,
        now: Callable[[], datetime],
        suffix: Callable[[], str],
        posted: Callable[[str, str], None],
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api, self._now, self._suffix, self._posted = api, now, suffix, posted
        self._refused, self._told = refused, set[Reason]()

    async def emit(self, about: Body, *, kind: str, warning: bool, reason: str, note: str) -> bool:
        """Write one Event about the object *about*; tell whether it was stored."""
        meta = about["metadata"]
        namespace = meta.get("namespace") or "default"
        severity = "Warning" if warning else "Normal"
        body = {
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
        try:
            await self._api.write("POST", EVENT.path(namespace), body)
        except QuayRobotError as error:
            self._tell(error)
            return False
        self._posted(severity, reason)
        return True

    def _tell(self, error: QuayRobotError) -> None:
        if isinstance(error, Refused) and error.reason not in self._told:
            self._told.add(error.reason)
            self._refused(error.message)
