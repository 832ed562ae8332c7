#!/usr/bin/env bash
# testcontainers (Python) 4.15.0 takes a Docker configuration from DOCKER_AUTH_CONFIG and logs in with its
# first entry alone: the order of the keys decides which registry a test run can pull from. It also cuts
# a login at each colon, so that a password with one in it, anywhere in the file, ends in an error, where
# docker for Python 7.2.0 cuts at the first and reads the same file.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check testcontainers==4.15.0 docker==7.2.0
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(docker|testcontainers) '

cat > login.py <<'PY'
import base64
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

ASKED = []


class Engine(BaseHTTPRequestHandler):
    """What a Docker engine answers to a login, which it writes down."""

    def do_GET(self) -> None:
        self.answer({"ApiVersion": "1.44"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ASKED.append(f"{asked['username']} at {asked['serveraddress']}")
        self.answer({"Status": "Login Succeeded"})

    def answer(self, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def entry(login: str) -> dict[str, str]:
    return {"auth": base64.b64encode(login.encode()).decode()}


one = {"one.example.com": entry("acme+one:token")}
two = {"two.example.com": entry("acme+two:token")}
colon = {"two.example.com": entry("acme+two:to:ken")}
config = json.dumps({"auths": {"one": one | two, "two": two | one, "colon": one | colon}[sys.argv[1]]})
server = HTTPServer(("127.0.0.1", 0), Engine)
Thread(target=server.serve_forever, daemon=True).start()
os.environ["DOCKER_HOST"] = f"tcp://127.0.0.1:{server.server_port}"
os.environ["DOCKER_AUTH_CONFIG"] = config
os.environ["DOCKER_CONFIG"] = os.getcwd()

from docker.auth import load_config  # noqa: E402
from testcontainers.core.docker_client import DockerClient  # noqa: E402

try:
    DockerClient()
    print(f"{sys.argv[1]} first: {', '.join(ASKED)}")
except ValueError as error:
    Path("file.json").write_text(config)
    read = load_config("file.json").resolve_authconfig("two.example.com")["username"]
    print(f"{sys.argv[1]}: {error}; docker-py reads {read}")
PY
seen=$(for each in one two colon; do HOME="$here" venv/bin/python login.py "$each"; done)
echo "$seen"
[ "$seen" = 'one first: acme+one at one.example.com
two first: acme+two at two.example.com
colon: Could not parse docker auth config; docker-py reads acme+two' ]
