#!/usr/bin/env bash
# "proxy-url" beside "server" in a kubeconfig: the cluster is reached through that proxy only. kubernetes 37.0.2 (both
# of its sides) and kr8s 0.20.15 send each request to the proxy. lightkube 1.0.1 and pykube-ng 23.6.0 do not read the
# field, and go straight to the address of the cluster: where that leads nowhere without the proxy, the script ends in
# a time-out that has no word of a proxy, beside a kubectl that works.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  'kubernetes[async]==37.0.2' aiohttp==3.14.5 lightkube==1.0.1 kr8s==0.20.15 pykube-ng==23.6.0 2>/dev/null
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
CONFIG = Path("config")


class Server(BaseHTTPRequestHandler):
    asked = set()

    def do_GET(self):
        # A request to a proxy names the whole address, one to a server only the path.
        through = self.path.startswith("http://")
        self.asked.add("through the proxy" if through else "straight")
        path = "/" + self.path.split("/", 3)[3] if through else self.path
        body = json.dumps(ANSWERS.get(path.split("?")[0].rstrip("/"), PODS)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def serve():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def by_kubernetes():
    kubernetes.config.load_kube_config(str(CONFIG))
    kubernetes.client.CoreV1Api().list_namespaced_pod("default")


async def by_aio():
    await aio.config.load_kube_config(str(CONFIG))
    async with aio.client.ApiClient() as client:
        await aio.client.CoreV1Api(client).list_namespaced_pod("default")


def by_lightkube():
    list(lightkube.Client(lightkube.KubeConfig.from_file(str(CONFIG)).get()).list(Pod))


def by_pykube():
    list(pykube.Pod.objects(pykube.HTTPClient(pykube.KubeConfig.from_file(str(CONFIG)))))


def by_kr8s():
    list(kr8s.api(kubeconfig=str(CONFIG)).get("pods"))


CONFIG.write_text(json.dumps({
    "apiVersion": "v1", "kind": "Config", "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": serve(), "proxy-url": serve()}}],
    "users": [{"name": "a", "user": {"token": "one"}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "default"}}],
}))
for name, ask in {
    "kubernetes": by_kubernetes, "kubernetes.aio": lambda: asyncio.run(by_aio()), "kr8s": by_kr8s,
    "lightkube": by_lightkube, "pykube-ng": by_pykube,
}.items():
    Server.asked.clear()
    ask()
    print(name, *sorted(Server.asked))
PY
seen=$(env -u http_proxy -u HTTP_PROXY -u no_proxy -u NO_PROXY venv/bin/python ask.py 2>/dev/null)
echo "$seen"
[ "$seen" = "kubernetes through the proxy
kubernetes.aio through the proxy
kr8s through the proxy
lightkube straight
pykube-ng straight" ]
