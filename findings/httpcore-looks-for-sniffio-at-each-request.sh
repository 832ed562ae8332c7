#!/usr/bin/env bash
# httpcore 1.0.9 imports sniffio where it makes a lock, an event or a shield, and goes on without
# it. anyio, which once brought sniffio along, does so no more; and Python remembers no import that
# failed. So each request of httpx searches the file system for it several times over.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpcore==1.0.9 anyio==4.16.0

cat > "$here/count.py" <<'PY'
import asyncio, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import httpx

class Ok(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass

class Searches:
    count = 0
    def find_spec(self, name, path=None, target=None):
        self.count += name == "sniffio"

async def ask(url, times):
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(times):
            await client.get(url)

server = ThreadingHTTPServer(("127.0.0.1", 0), Ok)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
searches = Searches()
sys.meta_path.insert(0, searches)
asyncio.run(ask(url, 1))
searches.count = 0
asyncio.run(ask(url, 100))
print("searches per request:", searches.count // 100)
PY
"$here/venv/bin/python" --version
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(httpx|httpcore|anyio|sniffio) '
without=$("$here/venv/bin/python" "$here/count.py")
"$here/venv/bin/pip" install --quiet --disable-pip-version-check sniffio==1.3.1
with=$("$here/venv/bin/python" "$here/count.py")
echo "without sniffio: $without"
echo "with sniffio: $with"
[ "$without" = "searches per request: 6" ]
[ "$with" = "searches per request: 0" ]
