"""`python -m tests.kit.fakequay`: the double as a process of its own."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from . import admin
from .application import Double
from .server import uvicorn_config

EPILOG = """\
Everything under /__admin/ prepares state and injects faults; each call is a POST with a JSON
object, for example:
  curl -d '{"name": "acme"}' URL/__admin/organization
  curl -d '{"namespace": "acme", "name": "app"}' URL/__admin/repository
  curl -d '{"org": "acme", "name": "ci", "role": "member"}' URL/__admin/team
  curl -d '{"operation": "robot.create", "kind": "cut", "when": "after"}' URL/__admin/fault
Calls: """


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kit.fakequay",
        description="A double of Quay: a real HTTP server that answers as Quay does.",
        epilog=EPILOG + ", ".join(admin.CALLS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443, help="0: any that is free")
    parser.add_argument("--tls-cert", help="a certificate; without it the double speaks http")
    parser.add_argument("--tls-key", help="the certificate's key")
    parser.add_argument("--hostname", help="Quay's SERVER_HOSTNAME (default: host:port)")
    parser.add_argument("--org", action="append", default=[], help="an organization to begin with")
    parser.add_argument("--token-file", help="a file that holds the API token to accept")
    parser.add_argument("--quay-version", default="3.19", help="answer as this Quay: 3.12 to 3.19")
    parser.add_argument("--oidc-ca", help="a CA file for the issuers of federated robots")
    parser.add_argument("--state", type=Path, help="a file in which the state outlives a restart")
    parser.add_argument("--realistic", action="store_true", help="let calls cost what Quay's cost")
    parser.add_argument("--workers", type=int, default=2, help="on how many workers (default: 2)")
    return parser.parse_args(arguments)


def double_of(options: argparse.Namespace) -> Double:
    """Return a double as the command line describes it."""
    double = Double(options.state)
    admin.set_settings(
        double,
        {
            "hostname": options.hostname or f"{options.host}:{options.port}",
            "version": options.quay_version,
            "oidc_ca": options.oidc_ca,
            "realistic": options.realistic,
            "workers": options.workers,
        },
    )
    for name in options.org:
        if name not in double.state.organizations:
            admin.make_organization(double, {"name": name})
    if options.token_file:
        value = Path(options.token_file).read_text(encoding="ascii").strip()
        admin.make_token(double, {"value": value})
    return double


def main() -> None:
    options = options_of()
    # Whoever reads the address may call at once: what comes early waits in the queue.
    listening = socket.create_server((options.host, options.port), backlog=4096)
    options.port = listening.getsockname()[1]
    double = double_of(options)
    tls = (
        {"ssl_certfile": options.tls_cert, "ssl_keyfile": options.tls_key}
        if options.tls_cert
        else {}
    )
    config = uvicorn_config(double, **tls)
    scheme = "https" if tls else "http"
    # The server raises the signal again when it has shut down; what is kept must still be saved.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"{scheme}://{options.host}:{options.port}", flush=True)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        double.save()
        double.workers.close()


if __name__ == "__main__":
    main()
