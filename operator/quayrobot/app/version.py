"""Which version of the operator is this?"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version"]

DISTRIBUTION = "quay-robot-operator"


def installed_version() -> str:
    """Return the installed version, or words where nothing is installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown (not installed)"
