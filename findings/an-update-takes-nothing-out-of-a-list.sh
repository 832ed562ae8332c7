#!/usr/bin/env bash
# kubesdk 0.3.4 for Python turns the difference of two objects into a strategic merge patch. For a list within a
# container it takes the merge key of the containers, "name", where Kubernetes (apimachinery 0.37.2, asked here) has
# another key or none: a Secret taken out of envFrom stays, and of two headers of a probe the one that did not change is
# gone. A volume with a Secret that is taken out stays too. Each time the update is a success. A second mount of a
# volume is refused. An element of env, whose key is "name", is removed as it should be.
# Hurt: who withdraws a Secret from a workload by an operator in Python, and finds it still in there.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubesdk==0.3.4 kube-models==0.6.0
cat > "$here/diff.py" <<'PY'
import copy
import json

from kube_models.apis_apps_v1.io.k8s.api.apps.v1 import Deployment
from kubesdk import json_patch_from_diff, jsonpatch_to_smp

CONTAINER = {
    "name": "app",
    "image": "quay.io/acme/app:v1",
    "env": [{"name": "COLOUR", "value": "red"}, {"name": "SHAPE", "value": "round"}],
    "envFrom": [{"secretRef": {"name": "old"}}, {"secretRef": {"name": "new"}}],
    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    "readinessProbe": {"httpGet": {"port": 80, "httpHeaders": [
        {"name": "Host", "value": "shop"}, {"name": "X-Probe", "value": "yes"}]}},
}
POD = {"containers": [CONTAINER], "volumes": [
    {"name": "data", "emptyDir": {}}, {"name": "spare", "secret": {"secretName": "spare"}}]}
LABELS = {"app": "shop"}
BEFORE = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"},
    "spec": {"selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": POD}},
}
CHANGES = {
    "env": lambda pod: pod["containers"][0]["env"].pop(0),
    "envFrom": lambda pod: pod["containers"][0]["envFrom"].pop(0),
    "headers": lambda pod: pod["containers"][0]["readinessProbe"]["httpGet"]["httpHeaders"][0].update(value="other"),
    "volumes": lambda pod: pod["volumes"].pop(1),
    "mounts": lambda pod: pod["containers"][0]["volumeMounts"].append({"name": "data", "mountPath": "/more"}),
}


def patch(change):
    """The patch that update_k8s_resource() sends, made by the same two functions."""
    after = copy.deepcopy(BEFORE)
    change(after["spec"]["template"]["spec"])
    old, new = (Deployment.from_dict(copy.deepcopy(each)) for each in (BEFORE, after))
    return jsonpatch_to_smp(old, json_patch_from_diff(old.to_dict(), new.to_dict()))


print(json.dumps([{"what": what, "before": BEFORE, "patch": patch(change)} for what, change in CHANGES.items()]))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

func main() {
	var given []struct {
		What          string
		Before, Patch json.RawMessage
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	for _, each := range given {
		patched, err := strategicpatch.StrategicMergePatch(each.Before, each.Patch, apps.Deployment{})
		if err != nil {
			fmt.Println(each.What, err)
			continue
		}
		var after apps.Deployment
		if err := json.Unmarshal(patched, &after); err != nil {
			panic(err)
		}
		pod := after.Spec.Template.Spec
		app := pod.Containers[0]
		lists := map[string]any{"env": app.Env, "envFrom": app.EnvFrom, "volumes": pod.Volumes,
			"headers": app.ReadinessProbe.HTTPGet.HTTPHeaders, "mounts": app.VolumeMounts}
		shown, _ := json.Marshal(lists[each.What])
		fmt.Println(each.What, string(shown))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'k8s.io/(api|apimachinery) v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^kube'
seen=$("$here/venv/bin/python" "$here/diff.py" | go run .)
echo "$seen"
[ "$seen" = 'env [{"name":"SHAPE","value":"round"}]
envFrom [{"secretRef":{"name":"old"}},{"secretRef":{"name":"new"}}]
headers [{"name":"Host","value":"other"}]
volumes [{"name":"data","emptyDir":{}},{"name":"spare","secret":{"secretName":"spare"}}]
mounts map: map[name:data] does not contain declared merge key: mountPath' ]
