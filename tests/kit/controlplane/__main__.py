"""`python -m tests.kit.controlplane build|up`: build it, or start it and stay."""

from __future__ import annotations

import signal
import sys

from .build import PartMissing, find_binary
from .plane import ControlPlane


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else "up"
    # So that everything is torn down, as Ctrl-C does it; a shell's background ignores that.
    for word in (signal.SIGTERM, signal.SIGINT):
        signal.signal(word, signal.default_int_handler)
    try:
        find_binary()
        if command == "up":
            stay()
    except PartMissing as error:
        print(f"SKIPPED: {error}", file=sys.stderr)
        return 0 if command == "build" else 1
    except KeyboardInterrupt:
        return 130 if command == "build" else 0
    return 0


def stay() -> None:
    """Start a control plane, say how it is reached, and stay until interrupted."""
    with ControlPlane() as plane:
        print(f"export KUBECONFIG={plane.kubeconfig}", flush=True)
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
