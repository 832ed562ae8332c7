"""
Which of several kubeconfig files decides?

KUBECONFIG can list files. As kubectl merges them, the first file that has a context,
cluster or user of a name counts, and the first that names a current context. The client
library takes the last current context: left to it, `kubectl quayrobot` would go to
another cluster than kubectl.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "IMPERSONATION",
    "KubeconfigFiles",
    "current_context",
    "find_entry",
    "missing_context",
    "read_files",
]

# Where these are passed over, a request has the user's own rights in place of those asked for.
IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")

KubeconfigFiles = list[tuple[Path, Mapping[str, Any]]]


def read_files(named: str) -> KubeconfigFiles:
    """
    Return path and content of each file that *named* lists (separated as in PATH).

    Files that are not there, or say nothing, are left out, as by kubectl.

    Raises:
        OSError: There is none to read, or one cannot be read.
        yaml.YAMLError: One is no YAML.
    """
    # Not Path.expanduser(): it fails where neither HOME nor the password database knows one.
    listed = [Path(os.path.expanduser(each)) for each in named.split(os.pathsep) if each]  # noqa: PTH111
    read = [(path, yaml.safe_load(path.read_text())) for path in listed if path.exists()]
    files: KubeconfigFiles = [
        (path, content) for path, content in read if isinstance(content, dict)
    ]
    if not files:
        raise FileNotFoundError(named)
    return files


def current_context(files: KubeconfigFiles) -> str | None:
    """Return the name of the context that kubectl would use."""
    named = (content.get("current-context") for _, content in files)
    return next((name for name in named if name), None)


def missing_context(files: KubeconfigFiles, given: str | None) -> str:
    """Return words for the context that is *given*, or current, and not there; '' if it is."""
    name = given or current_context(files)
    if name is None:
        return "the kubeconfig has no current context: name one with --context"
    listed = (each for _, content in files for each in content.get("contexts") or [])
    if any(isinstance(each, Mapping) and each.get("name") == name for each in listed):
        return ""
    if given:
        return f"the kubeconfig has no context {given}"
    return "the kubeconfig's current context is not in it: name one with --context"


def find_entry(
    files: KubeconfigFiles, part: str, name: str | None
) -> tuple[Path, Mapping[str, Any]]:
    """
    Return what the first file that knows *name* says of it, and that file's folder.

    *part* is "contexts", "clusters" or "users".

    Raises:
        KeyError: No file knows it.
        TypeError: What the file says of it has no fields.
    """
    for path, content in files:
        for each in content.get(part) or []:
            if each["name"] == name:
                entry = each[part.removesuffix("s")] or {}
                if not isinstance(entry, Mapping):
                    raise TypeError(part)
                return path.parent, entry
    raise KeyError(name)
