"""`python -m tests.kit.fakequay`: the double as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from . import admin
from .application import Double
from .server import uvicorn_config


def main() -> None:
    parser = argparse.ArgumentParser(description="A double of Quay, for tests and the demo.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--org", action="append", default=[], help="an organization to begin with")
    parser.add_argument("--token-file", help="a file that holds the API token to accept")
    options = parser.parse_args()

    double = Double()
    for name in options.org:
        admin.make_organization(double, {"name": name})
    if options.token_file:
        value = Path(options.token_file).read_text(encoding="ascii").strip()
        admin.make_token(double, {"value": value})
    tls = (
        {"ssl_certfile": options.tls_cert, "ssl_keyfile": options.tls_key}
        if options.tls_cert
        else {}
    )
    config = uvicorn_config(double, host=options.host, port=options.port, **tls)
    scheme = "https" if tls else "http"
    print(f"{scheme}://{options.host}:{options.port}", flush=True)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
