"""
What of an installed operator is never loaded, and goes from its image?

`python tools/slim.py`, run by the Python of the virtual environment. The
Kubernetes client brings two sets of models and of typed calls, and loads one
only when it is asked for by name; the operator sends plain bodies. What its
programs load when they start stays, and so does everything that is no such
module. Then tests and type stubs of dependencies go, and all bytecode is
written anew, so that it depends on the sources alone and not on their dates.
"""

from __future__ import annotations

import compileall
import importlib
import py_compile
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("quayrobot.app.cli", "quayrobot.app.wiring", "quayrobot.app.plugin")
# Generated, one module per kind or group of calls, and loaded one by one.
GENERATED = ("client/models", "client/api", "aio/client/models", "aio/client/api")
NEVER = ("tests", "test", "testing")


def main() -> None:
    """Remove what is not needed, and say how much that was."""
    loaded = _loaded()
    client = Path(sys.modules["kubernetes"].__file__ or "").parent
    packages = client.parent
    before = _size(packages)
    for path in _unused(client, loaded):
        path.unlink()
    for path in list(packages.rglob("*")):
        if path.is_dir() and (path.name == "__pycache__" or _is_tests(path, loaded)):
            shutil.rmtree(path)
        elif path.suffix == ".pyi" and path.exists():
            path.unlink()
    checked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(packages, quiet=1, invalidation_mode=checked)
    print(f"{before / 1e6:.0f} MB, {_size(packages) / 1e6:.0f} MB of them stay")


def _loaded() -> set[Path]:
    for each in PROGRAMS:
        importlib.import_module(each)
    files = (getattr(each, "__file__", None) for each in list(sys.modules.values()))
    return {Path(each) for each in files if each}


def _unused(client: Path, loaded: set[Path]) -> Iterator[Path]:
    for folder in GENERATED:
        for path in sorted((client / folder).glob("*.py")):
            if path.name != "__init__.py" and path not in loaded:
                yield path


def _is_tests(path: Path, loaded: set[Path]) -> bool:
    return path.name in NEVER and not any(path in each.parents for each in loaded)


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


if __name__ == "__main__":
    main()
