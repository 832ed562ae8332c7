#!/usr/bin/env bash
# A user of a kubeconfig may have a "tokenFile" in place of a token: a file whose content changes, as the token of a
# ServiceAccount that is mounted into a pod. lightkube 1.0.1 reads it again when it is refused. kubernetes 37.0.2 for
# Python, both of its sides, reads it once, when the configuration is loaded, and is refused for ever after the first
# token has ended. kr8s 0.20.15 and pykube-ng 23.6.0 do not know the field, and send no token at all: a kubeconfig that
# works with the others is "Unauthorized" there, with no word of the reason.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  kubernetes==37.0.2 aiohttp==3.14.5 lightkube==1.0.1 kr8s==0.20.15 pykube-ng==23.6.0
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(kubernetes|lightkube|kr8s|pykube-ng) '
cat > ask.py <<'PY'
import asyncio
import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import kr8s
import kubernetes
import lightkube
import pykube
from kubernetes import aio
from lightkube.resources.core_v1 import Pod

warnings.simplefilter("ignore")
POD = {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["list"]}
ANSWERS = {
    "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [POD]},
}
PODS = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
REFUSED = {
    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Unauthorized",
    "reason": "Unauthorized", "code": 401,
}
CONFIG = Path("config")
TOKEN = Path("token").absolute()


class ApiServer(BaseHTTPRequestHandler):
    """Knows the token that is in the file now."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = self.headers["Authorization"] == f"Bearer {TOKEN.read_text()}"
        path = self.path.split("?")[0].rstrip("/")
        body = json.dumps(ANSWERS.get(path, PODS) if known else REFUSED).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


loop = asyncio.new_event_loop()


def by_kubernetes():
    kubernetes.config.load_kube_config(str(CONFIG))
    client = kubernetes.client.CoreV1Api()
    return lambda: client.list_namespaced_pod("default")


def by_aio():
    async def make():
        await aio.config.load_kube_config(str(CONFIG))
        return aio.client.CoreV1Api(aio.client.ApiClient())

    client = loop.run_until_complete(make())
    return lambda: loop.run_until_complete(client.list_namespaced_pod("default"))


def by_lightkube():
    client = lightkube.Client(lightkube.KubeConfig.from_file(str(CONFIG)).get())
    return lambda: list(client.list(Pod))


def by_kr8s():
    return lambda: list(kr8s.api(kubeconfig=str(CONFIG)).get("pods"))


def by_pykube():
    client = pykube.HTTPClient(pykube.KubeConfig.from_file(str(CONFIG)))
    return lambda: list(pykube.Pod.objects(client))


def seen(ask):
    try:
        ask()
    except Exception as error:
        if "Unauthorized" not in str(error):
            raise
        return "refused"
    return "answered"


server = ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
threading.Thread(target=server.serve_forever, daemon=True).start()
CONFIG.write_text(json.dumps({
    "apiVersion": "v1", "kind": "Config", "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
    "users": [{"name": "a", "user": {"tokenFile": str(TOKEN)}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "default"}}],
}))
for name, make in {
    "kubernetes": by_kubernetes, "kubernetes.aio": by_aio, "lightkube": by_lightkube, "kr8s": by_kr8s,
    "pykube-ng": by_pykube,
}.items():
    TOKEN.write_text("one")
    ask = make()
    first = seen(ask)
    TOKEN.write_text("two")
    print(f"{name}: {first}; with a new token: {seen(ask)}, {seen(ask)}")
PY
seen=$(env -u http_proxy -u HTTP_PROXY NO_PROXY=127.0.0.1 venv/bin/python ask.py 2>/dev/null)
echo "$seen"
[ "$seen" = "kubernetes: answered; with a new token: refused, refused
kubernetes.aio: answered; with a new token: refused, refused
lightkube: answered; with a new token: answered, answered
kr8s: refused; with a new token: refused, refused
pykube-ng: refused; with a new token: refused, refused" ]
