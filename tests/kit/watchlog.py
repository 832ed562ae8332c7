"""
What was stored in a cluster, version by version, since somebody looked last?

A list of all Events grows with every test, and shows only the last version of
everything else; a watch shows each version once.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .controlplane import ControlPlane
from .processes import start, stop

__all__ = ["WatchLog"]

Body = dict[str, Any]


class WatchLog:
    """All objects of *kind* in *plane*, as one kubectl writes them down."""

    def __init__(self, plane: ControlPlane, kind: str) -> None:
        self._file: Path = plane.folder / f"watched-{kind}.json"
        self._command = [*plane.kubectl_command, "get", kind, "-A", "--watch", "-o", "json"]
        self._process = self._start()
        self._at = 0
        self._anew = False

    def began_anew(self) -> bool:
        """Tell, once, that the API server was away and not everything was seen."""
        anew, self._anew = self._anew, False
        return anew

    def text(self) -> str:
        """Return what was written since the last time."""
        with self._file.open("rb") as opened:
            opened.seek(self._at)
            text = opened.read()
        self._at += len(text)
        if self._process.poll() is not None:
            # The API server was away: the next one begins with what is there by now.
            self._process, self._anew = self._start(), True
        return text.decode(errors="replace")

    def bodies(self) -> Iterator[Body]:
        """Iterate over the objects that are whole by now and were not read yet."""
        ended, begun, text = self._process.poll() is not None, self._at, self.text()
        decoder, at = json.JSONDecoder(), 0
        while (begin := text.find("{", at)) >= 0:
            try:
                body, at = decoder.raw_decode(text, begin)
            except json.JSONDecodeError:
                break
            if body.get("kind") == "Status":
                # The API server ended the watch, as it does when a definition changes.
                self._anew = True
                continue
            yield body
        if not ended:
            # What is not whole yet is read again; of one that ended it never will be.
            self._at = begun + len(text[:at].encode())

    def stop(self) -> None:
        """Write down no more."""
        stop(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        return start(self._command, log=self._file)
