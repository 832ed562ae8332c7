#!/usr/bin/env bash
# "{.data.*}" asks for all values of a map. kubectl's JSONPath (k8s.io/client-go 0.37.2) goes through the map as Go does,
# in another order at each call: so does "{..name}". A script that reads a user and a password from
# `-o jsonpath='{.data.*}'` of a Secret gets them the wrong way round at times. A printer column of a CRD shows the first
# that was found (k8s.io/apiextensions-apiserver 0.37.2): with such a path it is another one at each `kubectl get`,
# though nothing has changed. jsonpath-ng 1.16.0 and python-jsonpath 2.2.2 keep to the order of the document.
# "['user','password']" has an order in all three.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
object='{"data": {"user": "acme+ci", "password": "s3cret", "url": "quay"}}'

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check jsonpath-ng==1.16.0 python-jsonpath==2.2.2
cat > "$here/read.py" <<'PY'
import json
import sys

import jsonpath
import jsonpath_ng

data = json.loads(sys.argv[1])
for path in ("$.data.*", "$.data['user','password']"):
    print("jsonpath-ng", path, *[found.value for found in jsonpath_ng.parse(path).find(data)])
    print("python-jsonpath", path, *jsonpath.findall(path, data))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// different says what 200 calls answer, or that they did not answer the same.
func different(call func() string) string {
	seen := map[string]bool{}
	last := ""
	for range 200 {
		last = call()
		seen[last] = true
	}
	if len(seen) == 1 {
		return "always " + last
	}
	return "several answers"
}

func main() {
	object := map[string]any{}
	must(0, json.Unmarshal([]byte(os.Args[1]), &object))
	for _, path := range []string{"{.data.*}", "{.data['user','password']}"} {
		fmt.Println("kubectl", path, different(func() string {
			reader, out := jsonpath.New("finding"), bytes.Buffer{}
			must(0, reader.Parse(path))
			must(0, reader.Execute(&out, object))
			return out.String()
		}))
	}
	for _, path := range []string{".data.*", ".data.user"} {
		table := must(tableconvertor.New([]apiextensions.CustomResourceColumnDefinition{
			{Name: "First", Type: "string", JSONPath: path}}))
		fmt.Println("column", path, different(func() string {
			shown := must(table.ConvertToTable(context.Background(), &unstructured.Unstructured{Object: object}, nil))
			return fmt.Sprint(shown.Rows[0].Cells[1])
		}))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/client-go@v0.37.2 k8s.io/apiextensions-apiserver@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'k8s.io/(client-go|apiextensions-apiserver) v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(jsonpath-ng|python-jsonpath) '
seen=$(go run . "$object"; "$here/venv/bin/python" "$here/read.py" "$object")
echo "$seen"
[ "$seen" = "kubectl {.data.*} several answers
kubectl {.data['user','password']} always acme+ci s3cret
column .data.* several answers
column .data.user always acme+ci
jsonpath-ng \$.data.* acme+ci s3cret quay
python-jsonpath \$.data.* acme+ci s3cret quay
jsonpath-ng \$.data['user','password'] acme+ci s3cret
python-jsonpath \$.data['user','password'] acme+ci s3cret" ]
