"""
Does a credential show up where it must not?

Every credential of a test is made here and begins with one core that nothing
else contains. What the program says (logs, events, statuses, metrics, output)
is searched for the core in every form that a careless line could give it. A
digest is no leak: the core cannot be found in it.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from string import ascii_uppercase, digits

from quayrobot.app.logs import formatter

__all__ = [
    "CORE",
    "CanaryWatch",
    "Leak",
    "LogSink",
    "oauth_token",
    "password",
    "robot_token",
    "scan",
]

CORE = "QCANARY7X9KD"
_ALPHABET = ascii_uppercase + digits
Said = str | bytes | Iterable["str | bytes"]


def robot_token() -> str:
    """Return a credential in the shape of a robot's token (64 letters and digits)."""
    return _made(64)


def oauth_token() -> str:
    """Return a credential in the shape of an OAuth application token (40 characters)."""
    return _made(40)


def password() -> str:
    """Return a credential with characters that URLs, JSON and shells write otherwise."""
    return CORE + "/+ \"'&=%\\\u00e9" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


def _made(length: int) -> str:
    rest = "".join(secrets.choice(_ALPHABET) for _ in range(length - len(CORE)))
    return CORE + rest


@dataclass(frozen=True, slots=True)
class Leak:
    """A credential found in *sink*, written as *form*; *before* is the text up to it."""

    sink: str
    form: str
    before: str


def _base64_forms(text: str) -> Iterator[str]:
    """Yield the characters that base64 gives *text* at each of the three offsets."""
    raw = text.encode()
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw + b"\0\0").decode()
        first = -(-offset * 8 // 6)
        last = (offset + len(raw)) * 8 // 6
        yield coded[first:last]


def _needles() -> dict[str, str]:
    forms = {
        CORE: "plain",
        CORE.lower(): "lower case",
        CORE[::-1]: "reversed",
        CORE.encode().hex(): "hex",
        "".join(f"%{byte:02X}" for byte in CORE.encode()): "url-encoded",
        "".join(f"\\u{byte:04x}" for byte in CORE.encode()): "json-escaped",
        "".join(f"\\x{byte:02x}" for byte in CORE.encode()): "byte-escaped",
    }
    for once in _base64_forms(CORE):
        forms[once] = "base64"
        forms[once.translate(str.maketrans("+/", "-_"))] = "base64"
        for twice in _base64_forms(once):
            forms[twice] = "base64 of base64"
    return forms


_NEEDLES = _needles()


def scan(text: str | bytes, sink: str = "text") -> list[Leak]:
    """Return every form of a canary that *text* holds."""
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    # base64 is often wrapped, by itself or by YAML.
    joined = "".join(shown.split())
    return [
        Leak(sink, form, _before(where, needle))
        for needle, form in _NEEDLES.items()
        for where in (shown, joined)
        if needle in where and (where is shown or needle not in shown)
    ]


def _before(text: str, needle: str) -> str:
    at = text.index(needle)
    return text[max(0, at - 60) : at]


class LogSink(logging.Handler):
    """Keeps what was logged: as it was said, and as the operator would print it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self._formatter = formatter("json")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self._formatter.format(record))
        if not isinstance(record.msg, dict):
            self.lines.append(record.getMessage())


class CanaryWatch:
    """Looks into every sink; *add* takes a callable that returns what was said there."""

    def __init__(self) -> None:
        self._sinks: dict[str, Callable[[], Said]] = {}

    def add(self, name: str, read: Callable[[], Said]) -> None:
        """Look also into the sink *name*, read by *read* at the time of the look."""
        self._sinks[name] = read

    def leaks(self) -> list[Leak]:
        """Return what is found in all sinks now."""
        return [leak for name, read in self._sinks.items() for leak in _scan_all(name, read())]

    def check(self) -> None:
        """Fail when a credential is found anywhere."""
        found = self.leaks()

        assert found == [], f"a credential was printed: {found}"


def _scan_all(name: str, said: Said) -> list[Leak]:
    parts = [said] if isinstance(said, str | bytes) else said
    return [leak for part in parts for leak in scan(part, name)]
