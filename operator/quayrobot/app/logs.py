"""
What does the operator log, and what never?

One line per event, structured, to stderr. Events are words of a fixed
vocabulary, so that they can be searched and counted. Every line passes the
masks of `redaction`, exceptions appear as type names and places (the text of a
foreign exception may quote anything, a body or a token), and libraries that
print what they carry are muted, whatever the level.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from .redaction import mask, shown_exception
from .settings import LogFormat, LogLevel

__all__ = ["VOCABULARY", "configure_logs", "formatter", "mute_libraries"]

LOGGER = "quayrobot"

VOCABULARY = frozenset(
    {
        "operator.starting",
        "operator.ready",
        "operator.stopping",
        "operator.stopped",
        "operator.cut_off",
        "leader.awaited",
        "leader.elected",
        "leader.released",
        "leader.lost",
        "leader.unsure",
        "leader.failed",
        "cluster.login",
        "cluster.login_refused",
        "cluster.kinds_awaited",
        "cluster.rights_awaited",
        "cluster.went_back",
        "cluster.unreachable",
        "cluster.authority_changed",
        "cluster.authority_unreadable",
        "cluster.forbidden",
        "cluster.right_missing",
        "watch.started",
        "watch.bounded",
        "watch.forbidden",
        "watch.broken",
        "watch.failed",
        "watch.caught_up",
        "watch.diverged",
        "pass.done",
        "pass.failed",
        "event.failed",
        "event.dropped",
        "quay.called",
        "robot.created",
        "robot.adopted",
        "robot.deleted",
        "robot.regenerated",
        "secret.created",
        "secret.replaced",
        "secret.deleted",
        "token.exchanged",
        "token.renewed",
        "federation.set",
        "grant.given",
        "grant.taken",
        "serviceaccount.linked",
        "finalizer.added",
        "finalizer.removed",
        "connection.guarded",
        "connection.checked",
        "resource.ready",
        "resource.not_ready",
        "resource.contested",
        "resource.released",
        "status.not_written",
    }
)

# Each of these prints requests, answers or whole objects somewhere below WARNING.
_LIBRARIES = (
    "aiohttp",
    "aiohttp.access",
    "aiohttp.client",
    "aiohttp.server",
    "aiohttp.web",
    "asyncio",
    "httpcore",
    "httpx",
    "kopf",
    "kopf.activities",
    "kopf.objects",
    "kubernetes",
    "stamina",
    "urllib3",
)

# Where the shell puts an exception's words, which quote what the API server answered.
_QUOTED = re.compile(
    r"(?P<before> -> | error: )(?P<kind>\w+)\(.*?(?P<status>status=\d+)?\)\Z"
    r"|(?P<end> has failed): .*",
    re.DOTALL,
)


def configure_logs(level: LogLevel, style: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logs, our own and the libraries', to *stream* (stderr) in *style*."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(level.upper())
    mute_libraries()
    _leave_out_unshown()
    logging.captureWarnings(capture=True)
    route_structlog()


def _leave_out_unshown() -> None:
    """Have nothing found out for a line that none shows: the calls behind it cost the most."""
    # The switches that the documentation of logging names for this.
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def route_structlog() -> None:
    """Make structlog's loggers hand their events to the standard ones, masked."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def mute_libraries() -> None:
    """Keep the libraries that print what they carry at WARNING, even under DEBUG."""
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(style: LogFormat) -> logging.Formatter:
    """Return the formatter that every line passes, also the lines of libraries."""
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _common() -> list[structlog.typing.Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _show_exception,
        _leave_out_quotes,
        _redact,
    ]


def _show_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = shown_exception(error)
    return event


def _leave_out_quotes(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if str(event.get("logger")).startswith("kopf"):
        event["event"] = _QUOTED.sub(_type_alone, str(event["event"]))
    return event


def _type_alone(found: re.Match[str]) -> str:
    if found["end"]:
        return found["end"]
    status = f" ({found['status']})" if found["status"] else ""
    return f"{found['before']}{found['kind']}{status}"


def _redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        # These two carry the record itself to the formatter, which drops them.
        if key not in {"_record", "_from_structlog"}:
            event[key] = mask(value)
    return event
