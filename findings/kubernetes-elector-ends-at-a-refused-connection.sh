#!/usr/bin/env bash
# kubernetes 37.0.2, aio side: LeaderElection.run() is a loop that retries for ever while the API
# server answers with errors. While the API server cannot be connected to, it does not retry: the
# first refused connection leaves run() as an exception of aiohttp, and the election is over. A
# restart of the API server so ends the election of every replica, waiting ones included.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2

cat > "$here/elect.py" <<'PY'
import asyncio
import logging
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from kubernetes.aio import client
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

logging.disable(logging.CRITICAL)


class Busy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def leading() -> None:
    pass


async def elect(port: int) -> str:
    settings = client.Configuration(host=f"http://127.0.0.1:{port}")
    async with client.ApiClient(settings) as api:
        lock = LeaseLock("lock", "default", "me", api)
        election = LeaderElection(
            Config(lock, lease_duration=3, renew_deadline=2, retry_period=1,
                   onstarted_leading=leading, onstopped_leading=leading)
        )
        try:
            await asyncio.wait_for(election.run(), 5)
        except TimeoutError:
            return "still trying after 5 s"
        except Exception as error:
            return f"ended by {type(error).__module__.split('.')[0]}.{type(error).__name__}"
        return "ended"


server = HTTPServer(("127.0.0.1", 0), Busy)
Thread(target=server.serve_forever, daemon=True).start()
print("503:", asyncio.run(elect(server.server_port)))
print("no connection:", asyncio.run(elect(closed_port())))
PY

seen=$("$here/venv/bin/python" "$here/elect.py" 2>/dev/null)
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(kubernetes|aiohttp) '
echo "$seen"
grep -q '^503: still trying after 5 s$' <<<"$seen"
grep -q '^no connection: ended by aiohttp.ClientConnectorError$' <<<"$seen"
