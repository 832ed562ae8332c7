#!/usr/bin/env bash
# OCI leaves it open whether a manifest names its own type ("mediaType" SHOULD be used); the registry says it in the
# header Content-Type anyway. python-dxf 12.1.1 looks into the manifest alone: of an image that does not name it, its
# manifest, its digest and its aliases end in KeyError, though the answer has the header. oras 0.2.43 reads it.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check oras==0.2.43 python-dxf==12.1.1
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(oras|python-dxf) '
cat > read.py <<'PY'
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dxf
import oras.client

OCI = "application/vnd.oci.image"


def digest(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


CONFIG = b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}'
BARE = {"schemaVersion": 2, "layers": [], "config": {
    "mediaType": f"{OCI}.config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)}}
IMAGES = {"named": {"mediaType": f"{OCI}.manifest.v1+json", **BARE}, "bare": BARE}


class Registry(BaseHTTPRequestHandler):
    def do_GET(self):
        image = IMAGES.get(self.path.rsplit("/", 1)[1])
        body = json.dumps(image or {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{OCI}.manifest.v1+json" if image else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", digest(body))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"
by_oras = oras.client.OrasClient(hostname=host, insecure=True)
by_dxf = dxf.DXF(host, "acme/app", insecure=True)
for tag in IMAGES:
    for what, read in {
        "oras, the manifest": lambda: by_oras.get_manifest(f"{host}/acme/app:{tag}"),
        "python-dxf, the manifest": lambda: by_dxf.get_manifest(tag),
        "python-dxf, the digest": lambda: by_dxf.get_digest(tag),
        "python-dxf, the aliases": lambda: by_dxf.get_alias(tag),
    }.items():
        try:
            read()
            print(f"{tag}, {what}: is read")
        except KeyError as error:
            print(f"{tag}, {what}: KeyError {error}")
PY
seen=$(env -u http_proxy -u HTTP_PROXY NO_PROXY=127.0.0.1 venv/bin/python -W ignore read.py)
echo "$seen"
[ "$seen" = "named, oras, the manifest: is read
named, python-dxf, the manifest: is read
named, python-dxf, the digest: is read
named, python-dxf, the aliases: is read
bare, oras, the manifest: is read
bare, python-dxf, the manifest: KeyError 'mediaType'
bare, python-dxf, the digest: KeyError 'mediaType'
bare, python-dxf, the aliases: KeyError 'mediaType'" ]
