"""
Which events and log lines report what a pass changed?

Events on the resource, and one log line for each change of Ready, whatever the
number of passes that find it.
"""

from __future__ import annotations

import structlog

from ...model.resources.robot import RobotStatus
from ...plan.words.news import News, change_of_ready, news
from ..cache.store import Body, RobotRecord
from ..connection.context import Context

__all__ = ["tell_news"]

log = structlog.get_logger()


def tell_news(context: Context, record: RobotRecord, body: Body, after: RobotStatus) -> None:
    """Log and emit events for what is new in *after*, stored in *body*, compared with *record*."""
    if (change := change_of_ready(record.status, after)) is not None:
        _log(record, after, change)
    for each in news(record.status, after):
        context.recorder.emit(
            body,
            kind=record.key.kind,
            warning=each.warning,
            reason=each.reason,
            note=each.note,
        )


def _log(record: RobotRecord, after: RobotStatus, change: News) -> None:
    who = {"namespace": record.key.namespace, "name": record.key.name, "uid": record.uid}
    if change.warning:
        log.warning("resource.not_ready", reason=change.reason, why=change.note, **who)
    else:
        ready = next(each.status for each in after.conditions if each.type == "Ready")
        log.info("resource.ready", ready=ready, reason=change.reason, **who)
