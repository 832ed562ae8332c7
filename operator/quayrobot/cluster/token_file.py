"""
What if the operator's own token is replaced while it runs?

The kubelet puts a new one into the pod before the old one ends. The file is
looked at before each request and read again when it changed.
"""

from __future__ import annotations

from pathlib import Path

from ..model.secrecy import Token

__all__ = ["TokenFile"]


class TokenFile:
    """The token in a file, as it stands now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._token = Token("")

    def read(self) -> Token:
        """
        Return the token.

        Raises:
            OSError: The file cannot be read, as in the moment in which it is swapped.
        """
        found = self._path.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp and (text := self._path.read_text().strip()):
            self._token, self._stamp = Token(text), stamp
        return self._token
