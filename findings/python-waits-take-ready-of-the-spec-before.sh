#!/usr/bin/env bash
# kr8s 0.20.15 and lightkube 1.0.1 wait for a condition by its type and status alone. Right after a change of
# the spec the object still carries what the controller said of the spec before it (observedGeneration 1,
# generation 2): both waits end at once, with success. kstatus (sigs.k8s.io/cli-utils) 0.37.2 calls the same
# object in progress. A pipeline that changes and then waits goes on with what it has not got yet.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kr8s==0.20.15 lightkube==1.0.1

cat > "$here/robot.json" <<'JSON'
{"apiVersion": "example.com/v1", "kind": "Robot",
 "metadata": {"name": "ci", "namespace": "team", "uid": "1", "resourceVersion": "7", "generation": 2},
 "spec": {"description": "changed a moment ago"},
 "status": {"observedGeneration": 1, "conditions": [
  {"type": "Ready", "status": "True", "reason": "UpToDate", "message": "", "observedGeneration": 1,
   "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
JSON
cat > "$here/wait.py" <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import kr8s
from kr8s.objects import new_class
from lightkube import Client
from lightkube.config.kubeconfig import KubeConfig
from lightkube.generic_resource import create_namespaced_resource

here = Path(sys.argv[1])
ROBOT = json.loads((here / "robot.json").read_text())


class Api(BaseHTTPRequestHandler):
    """As much of an API server as the two ask for; nobody changes the object."""

    def do_GET(self):
        if self.path.startswith("/version"):
            found = {"major": "1", "minor": "37", "gitVersion": "v1.37.2"}
        elif "watch=true" in self.path:
            found = {"type": "ADDED", "object": ROBOT}
        elif self.path.partition("?")[0].endswith("/robots"):
            metadata = {"resourceVersion": "7"}
            found = {"apiVersion": "example.com/v1", "kind": "RobotList", "metadata": metadata, "items": [ROBOT]}
        else:
            found = ROBOT
        content = json.dumps(found).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
config = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": "team"}}],
    "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
    "users": [{"name": "me", "user": {"token": "token"}}],
}
(here / "kubeconfig").write_text(json.dumps(config))

robot = new_class("Robot", version="example.com/v1", namespaced=True)
found = robot.get("ci", namespace="team", api=kr8s.api(kubeconfig=str(here / "kubeconfig")))
found.wait("condition=Ready", timeout=5)
print("kr8s: ready; generation", found.metadata.generation, "observed", found.status.observedGeneration)

robots = create_namespaced_resource("example.com", "v1", "Robot", "robots")
client = Client(config=KubeConfig.from_file(here / "kubeconfig"))
found = client.wait(robots, "ci", namespace="team", for_conditions=["Ready"])
print("lightkube: ready; generation", found.metadata.generation, "observed", found.status["observedGeneration"])
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	content, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(content); err != nil {
		panic(err)
	}
	result, err := status.Compute(object)
	if err != nil {
		panic(err)
	}
	fmt.Println("kstatus:", result.Status)
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get sigs.k8s.io/cli-utils@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(kr8s|lightkube) '
grep -E '^\s*sigs.k8s.io/cli-utils ' go.mod
seen=$(timeout 60 "$here/venv/bin/python" "$here/wait.py" "$here"; go run . "$here/robot.json")
echo "$seen"
[ "$seen" = 'kr8s: ready; generation 2 observed 1
lightkube: ready; generation 2 observed 1
kstatus: InProgress' ]
