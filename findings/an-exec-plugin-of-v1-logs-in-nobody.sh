#!/usr/bin/env bash
# A kubeconfig that names a program for the login, with the version "client.authentication.k8s.io/v1" that Kubernetes
# has had since 1.22. kubernetes 37.0.2 for Python runs it, and tells it in KUBERNETES_EXEC_INFO which version to
# answer in and whether it may ask the user. lightkube 1.0.1 and pykube-ng 23.6.0 refuse v1, though they take the
# v1beta1 of before. kr8s 0.20.15 takes both, and tells the program nothing: one that reads the variable, as client-go
# demands of it, ends with an error there, while the kubectl beside it logs in.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  kubernetes==37.0.2 lightkube==1.0.1 kr8s==0.20.15 pykube-ng==23.6.0
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(kubernetes|lightkube|kr8s|pykube-ng) '
cat > plugin <<'PLUGIN'
#!/usr/bin/env bash
# Answers in the version that its argument says, and notes what it was told.
version=client.authentication.k8s.io/$1
[ -n "${KUBERNETES_EXEC_INFO:-}" ] && told="told the version" || told="told nothing"
echo "$told" > "$2"
echo "{\"kind\": \"ExecCredential\", \"apiVersion\": \"$version\", \"status\": {\"token\": \"one\"}}"
PLUGIN
chmod +x plugin
cat > login.py <<'PY'
import json
import os
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import kr8s
import kubernetes
import lightkube
import pykube
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
TOLD = Path("told")


class ApiServer(BaseHTTPRequestHandler):
    logins = []

    def do_GET(self):
        path = self.path.split("?")[0].rstrip("/")
        self.logins.append(self.headers["Authorization"])
        body = json.dumps(ANSWERS.get(path, PODS)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def by_kubernetes():
    kubernetes.config.load_kube_config(str(CONFIG))
    kubernetes.client.CoreV1Api().list_namespaced_pod("default")


def by_lightkube():
    list(lightkube.Client(lightkube.KubeConfig.from_file(str(CONFIG)).get()).list(Pod))


def by_pykube():
    list(pykube.Pod.objects(pykube.HTTPClient(pykube.KubeConfig.from_file(str(CONFIG)))))


def by_kr8s():
    list(kr8s.api(kubeconfig=str(CONFIG)).get("pods"))


server = ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
threading.Thread(target=server.serve_forever, daemon=True).start()
for version in ("v1beta1", "v1"):
    plugin = {"apiVersion": f"client.authentication.k8s.io/{version}", "interactiveMode": "Never"}
    plugin |= {"command": os.path.abspath("plugin"), "args": [version, str(TOLD.absolute())]}
    CONFIG.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "a", "user": {"exec": plugin}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "default"}}],
    }))
    for name, login in {
        "kubernetes": by_kubernetes, "kr8s": by_kr8s, "lightkube": by_lightkube, "pykube-ng": by_pykube
    }.items():
        ApiServer.logins.clear()
        TOLD.write_text("not run\n")
        try:
            login()
            print(version, name, ApiServer.logins[-1], end=", ")
        except (lightkube.ConfigError, NotImplementedError) as error:
            print(version, name, error, end=", ")
        print("the plugin:", TOLD.read_text().strip())
PY
seen=$(env -u http_proxy -u HTTP_PROXY NO_PROXY=127.0.0.1 venv/bin/python login.py 2>/dev/null)
echo "$seen"
refused="auth exec api version client.authentication.k8s.io/v1 not implemented, the plugin: not run"
[ "$seen" = "v1beta1 kubernetes Bearer one, the plugin: told the version
v1beta1 kr8s Bearer one, the plugin: told nothing
v1beta1 lightkube Bearer one, the plugin: told nothing
v1beta1 pykube-ng Bearer one, the plugin: told nothing
v1 kubernetes Bearer one, the plugin: told the version
v1 kr8s Bearer one, the plugin: told nothing
v1 lightkube $refused
v1 pykube-ng $refused" ]
