"""
What must not be printed, and what is printed instead?

The last net under every log line: a Token is a mask by itself, but a foreign
text may quote a credential in its raw form. Here anything *shaped* like one is
masked. Digests (`sha256:` and lower-case hex) stay readable.

An exception is shown as the names of its types and the places it came through.
Only our own errors, whose messages are written here, are shown with their words.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import Any

from ..model.errors import QuayRobotError
from ..model.secrecy import Token

__all__ = ["MASK", "PLAIN", "SHAPES", "mask", "mask_text", "shown_exception"]

MASK = "***"
_DEPTH_MAX = 6
_FRAMES_MAX = 12
_CAUSES_MAX = 5
_TEXT_MAX = 4096

SHAPES = (
    # Credentials inside a URL.
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), MASK),
    # An Authorization header's value, whatever follows the scheme.
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{16,}"), rf"\1\2{MASK}"),
    # The fields of JSON (also escaped JSON) that hold a credential.
    (
        re.compile(
            r"(?i)(\\?[\"'](?:auth|password|token|access_token|identitytoken|secret"
            r"|client_secret|authorization)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+"
        ),
        rf"\1{MASK}",
    ),
    # A JSON web token, also without its signature.
    (re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"), MASK),
    # Quay's tokens are 40 or 64 letters and digits; base64 of one is longer still. What is
    # hex in lower case alone is a digest.
    (
        re.compile(r"(?<![A-Za-z0-9+])(?![0-9a-f]+(?![A-Za-z0-9+=]))[A-Za-z0-9+]{40,}={0,2}"),
        MASK,
    ),
    (re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86,}={0,2}"), MASK),
)

# Names, uids, words and times, which have none of these shapes: most of what is logged.
PLAIN = re.compile(r"[a-z0-9._:/+TZ-]{0,39}")


def mask_text(text: str) -> str:
    """Return *text* with everything that is shaped like a credential masked."""
    if PLAIN.fullmatch(text):
        return text
    shown = text if len(text) <= _TEXT_MAX else text[:_TEXT_MAX] + "..."
    for shape, instead in SHAPES:
        shown = shape.sub(instead, shown)
    return shown


def mask(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one per kind of value
    """Return *value* as plain data that is safe to print."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return mask_text(value)
        case Token() | bytes() | bytearray() | memoryview():
            return MASK
        case BaseException():
            return type(value).__qualname__
        case _ if depth >= _DEPTH_MAX:
            return "..."
        case Mapping():
            return {mask_text(str(key)): mask(each, depth + 1) for key, each in value.items()}
        case AbstractSet() | Sequence():
            return [mask(each, depth + 1) for each in value]
        case _:
            return mask_text(str(value))


def shown_exception(error: BaseException) -> list[dict[str, Any]]:
    """Return *error* and its causes as type names and places, without foreign words."""
    return [_shown_one(each) for each in _chain(error)]


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        if current is None:
            return
        yield current
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
        else:
            current = current.__cause__ or current.__context__


def _shown_one(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    shown: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, QuayRobotError):
        shown |= {"reason": str(error.reason), "message": mask_text(error.message)}
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    shown["frames"] = [f"{_place(each.filename)}:{each.lineno}" for each in frames]
    return shown


def _place(filename: str) -> str:
    # Where a file is installed says something about the machine; where it is in its package
    # is enough to find it.
    return "/".join(PurePath(filename).parts[-3:])
