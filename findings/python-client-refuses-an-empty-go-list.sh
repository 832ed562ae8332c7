#!/usr/bin/env bash
# Go writes a list without entries as "items":null unless somebody made an empty slice, and the types
# of k8s.io/api 0.37.2 have no omitempty there: an aggregated or extension API server that answers
# with the plain type sends null. client-go reads that as an empty list. The models of the Python
# package kubernetes 37.0.2, both of its sides, refuse it with a validation error, while they
# take "items":[].
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2

cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	list := corev1.SecretList{TypeMeta: metav1.TypeMeta{Kind: "SecretList", APIVersion: "v1"}}
	content, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(content))
	var again corev1.SecretList
	if err := json.Unmarshal(content, &again); err != nil || len(again.Items) != 0 {
		panic("Go does not read its own list")
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
list=$(go run .)

cat > "$here/read.py" <<'PY'
import json
import sys

from kubernetes import client
from kubernetes.aio import client as aio
from pydantic import ValidationError


def read(model: type, body: dict) -> str:
    try:
        return f"{len(model.from_dict(body).items)} entries"
    except ValidationError as error:
        return f"refused: {error.errors()[0]['msg']}"


body = json.loads(sys.argv[1])
for name, side in (("client", client), ("aio", aio)):
    print(f"{name}: null {read(side.V1SecretList, body)}; [] {read(side.V1SecretList, body | {'items': []})}")
PY
seen=$("$here/venv/bin/python" "$here/read.py" "$list")
grep -E '^\s*k8s.io/api ' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^kubernetes '
echo "Go writes $list"
echo "$seen"
grep -q '"items":null' <<<"$list"
grep -q '^client: null refused: Input should be a valid list; \[\] 0 entries$' <<<"$seen"
grep -q '^aio: null refused: Input should be a valid list; \[\] 0 entries$' <<<"$seen"
