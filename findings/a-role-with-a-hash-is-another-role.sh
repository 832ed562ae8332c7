#!/usr/bin/env bash
# The name of a Role or ClusterRole may be any segment of a path (only "/" and "%" are forbidden): "c#-team" is one. The
# dynamic client of kubernetes 37.0.2, kr8s 0.20.15, lightkube 1.0.1 and pykube-ng 23.6.0 for Python put it into the
# address as it is, where "#" begins what is not sent: told to delete it, they delete the ClusterRole "c", with success.
# The typed client of kubernetes 37.0.2 writes %23 for it and takes the right one.
# Hurt: who tidies up roles that were named by people, after teams or languages, with a script in Python.
set -euo pipefail
here=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2 kr8s==0.20.15 lightkube==1.0.1 \
  pykube-ng==23.6.0
cat > "$here/server.py" <<'PY'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GROUP = "rbac.authorization.k8s.io"
VERSION = {"groupVersion": f"{GROUP}/v1", "version": "v1"}
ROLES = {"name": "clusterroles", "singularName": "clusterrole", "namespaced": False, "kind": "ClusterRole",
         "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]}
ANSWERS = {
    "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.2"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {"kind": "APIGroupList",
              "groups": [{"name": GROUP, "versions": [VERSION], "preferredVersion": VERSION}]},
    f"/apis/{GROUP}/v1": {"kind": "APIResourceList", "groupVersion": f"{GROUP}/v1", "resources": [ROLES]},
}


class Server(BaseHTTPRequestHandler):
    """As much of an API server as a client asks of before it deletes a ClusterRole."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        role = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": {"name": "c"}, "rules": []}
        body = json.dumps(ANSWERS.get(self.path.rstrip("/"), role)).encode()
        if self.command == "DELETE":
            Path(sys.argv[1], "deleted").write_text(self.path.rpartition("/")[2])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
named = {
    "clusters": [{"name": "one", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
    "users": [{"name": "one", "user": {"token": "token"}}],
    "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one", "namespace": "default"}}],
}
config = {"apiVersion": "v1", "kind": "Config", "current-context": "one"} | named
Path(sys.argv[1], "config").write_text(json.dumps(config))
server.serve_forever()
PY
cat > "$here/delete.py" <<'PY'
import os
import sys
from pathlib import Path

import kr8s.objects
import kubernetes
import kubernetes.dynamic
import lightkube
import pykube
from lightkube.resources.rbac_authorization_v1 import ClusterRole

KUBECONFIG = os.environ["KUBECONFIG"]
kubernetes.config.load_kube_config(KUBECONFIG)


def typed(name):
    kubernetes.client.RbacAuthorizationV1Api().delete_cluster_role(name)


def dynamic(name):
    client = kubernetes.dynamic.DynamicClient(kubernetes.client.ApiClient())
    client.resources.get(api_version="rbac.authorization.k8s.io/v1", kind="ClusterRole").delete(name=name)


def by_kr8s(name):
    kr8s.objects.ClusterRole({"metadata": {"name": name}}).delete()


def by_lightkube(name):
    lightkube.Client().delete(ClusterRole, name)


def by_pykube(name):
    api = pykube.HTTPClient(pykube.KubeConfig.from_file(KUBECONFIG))
    pykube.ClusterRole(api, {"metadata": {"name": name}}).delete()


for delete in (typed, dynamic, by_kr8s, by_lightkube, by_pykube):
    delete("c#-team")
    print(f"{delete.__name__.removeprefix('by_')}:", Path(sys.argv[1], "deleted").read_text())
PY
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY
export KUBECONFIG="$here/config"
"$here/venv/bin/python" "$here/server.py" "$here" &
until [ -s "$here/config" ]; do sleep 0.1; done
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(kr8s|kubernetes|lightkube|pykube-ng) '
seen=$("$here/venv/bin/python" -W ignore "$here/delete.py" "$here")
echo "$seen"
[ "$seen" = 'typed: c%23-team
dynamic: c
kr8s: c
lightkube: c
pykube: c' ]
