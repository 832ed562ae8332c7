#!/usr/bin/env bash
# kr8s 0.20.15: pods() of a Deployment asks the API server by the selector's matchLabels alone. What matchExpressions
# leave out is in the answer: pods of another Deployment with the same label, which a script then restarts or waits
# for. A Deployment that has expressions only, as Kubernetes allows, ends in a KeyError. The documentation
# calls the list the pods of the Deployment.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kr8s==0.20.15
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^kr8s '

cat > pods.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import kr8s
from kr8s.objects import Deployment

PODS = {"name": "pods", "singularName": "pod", "kind": "Pod", "namespaced": True, "verbs": ["list"]}
ANSWERS = {
    "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
    "/api": {"versions": ["v1"]},
    "/api/v1": {"groupVersion": "v1", "resources": [PODS]},
    "/apis": {"groups": []},
}


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path.endswith("/pods"):
            print("asked for", parse_qs(url.query).get("labelSelector"))
        body = json.dumps(ANSWERS.get(url.path.rstrip("/"), {"kind": "PodList", "apiVersion": "v1", "items": []})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
where = {"server": f"http://127.0.0.1:{server.server_port}"}
config = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
    "clusters": [{"name": "here", "cluster": where}],
    "users": [{"name": "here", "user": {"token": "none"}}],
}
Path("config").write_text(json.dumps(config))
api = kr8s.api(kubeconfig="config")
canary = {"key": "track", "operator": "NotIn", "values": ["canary"]}
for what, selector in {
    "labels": {"matchLabels": {"app": "shop"}},
    "labels and expressions": {"matchLabels": {"app": "shop"}, "matchExpressions": [canary]},
    "expressions": {"matchExpressions": [canary]},
}.items():
    metadata = {"name": "shop", "namespace": "team"}
    print(what)
    try:
        Deployment({"metadata": metadata, "spec": {"selector": selector}}, api=api).pods()
    except KeyError:
        print("KeyError")
PY
seen=$(venv/bin/python pods.py)
echo "$seen"
[ "$seen" = "labels
asked for ['app=shop']
labels and expressions
asked for ['app=shop']
expressions
KeyError" ]
