"""`python -m tests.kit.controlplane build|up`: build it, or start it and stay."""

from __future__ import annotations

import signal
import sys

from .build import PartMissing, find_binary
from .plane import ControlPlane


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else "up"
    try:
        find_binary()
    except PartMissing as error:
        print(f"SKIPPED: {error}", file=sys.stderr)
        return 0 if command == "build" else 1
    if command == "up":
        with ControlPlane() as plane:
            print(f"export KUBECONFIG={plane.kubeconfig}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
