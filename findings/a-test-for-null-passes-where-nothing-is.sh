#!/usr/bin/env bash
# {"op": "test", "path": "/spec/suspend", "value": null} in a JSON patch asks for a null. Where there is no such field
# the test fails, says RFC 6902: jsonpatch 1.48 for Python, fast-json-patch 3.1.1 and rfc6902 5.4.0 for JavaScript do
# so. For json-patch.v4 4.13.0, with which the API server (k8s.io/apiserver 0.37.2) applies such patches, a field that
# is not there is a null, and the test passes. So "only if nobody has set it" works in the cluster, and the same patch
# is refused where a pipeline tries it first; who wants to know that a null was written out cannot ask the cluster.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
patch='[{"op":"test","path":"/spec/suspend","value":null},{"op":"add","path":"/spec/suspend","value":true}]'
all=('{"spec":{"suspend":null}}' '{"spec":{}}' '{"spec":{"suspend":false}}')

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check jsonpatch==1.48
cat > "$here/apply.py" <<'PY'
import json
import sys

import jsonpatch

for text in sys.argv[2:]:
    try:
        seen = json.dumps(jsonpatch.JsonPatch.from_string(sys.argv[1]).apply(json.loads(text)))
    except jsonpatch.JsonPatchTestFailed:
        seen = "the test failed"
    print(text, "jsonpatch:", seen)
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" fast-json-patch@3.1.1 rfc6902@5.4.0 >/dev/null
cat > apply.cjs <<'JS'
const fast = require("fast-json-patch");
const rfc6902 = require("rfc6902");

const [, , patch, ...texts] = process.argv;
for (const text of texts) {
  let seen;
  try {
    seen = JSON.stringify(fast.applyPatch(JSON.parse(text), JSON.parse(patch), true).newDocument);
  } catch (error) {
    if (error.name !== "TEST_OPERATION_FAILED") throw error;
    seen = "the test failed";
  }
  console.log(`${text} fast-json-patch: ${seen}`);
  const [first] = rfc6902.applyPatch(JSON.parse(text), JSON.parse(patch));
  console.log(`${text} rfc6902: ${first === null ? "the test passed" : "the test failed"}`);
}
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	patch, err := jsonpatch.DecodePatch([]byte(os.Args[1]))
	if err != nil {
		panic(err)
	}
	for _, text := range os.Args[2:] {
		seen, err := patch.Apply([]byte(text))
		if errors.Is(err, jsonpatch.ErrTestFailed) {
			seen = []byte("the test failed")
		} else if err != nil {
			panic(err)
		}
		fmt.Printf("%s json-patch.v4: %s\n", text, seen)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get gopkg.in/evanphx/json-patch.v4@v4.13.0 k8s.io/apiserver@v0.37.2 2>/dev/null
grep -E 'json-patch|k8s.io/apiserver ' go.mod
# The API server's own import, so that a move to another library is seen.
grep -o '"gopkg.in/evanphx/json-patch.v4"' "$GOMODCACHE/k8s.io/apiserver@v0.37.2/pkg/endpoints/handlers/patch.go"
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep jsonpatch
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep -E 'json-patch|rfc6902')
seen=$(
  go run . "$patch" "${all[@]}"
  "$here/venv/bin/python" "$here/apply.py" "$patch" "${all[@]}"
  node "$here/js/apply.cjs" "$patch" "${all[@]}"
)
echo "$seen"
[ "$seen" = '{"spec":{"suspend":null}} json-patch.v4: {"spec":{"suspend":true}}
{"spec":{}} json-patch.v4: {"spec":{"suspend":true}}
{"spec":{"suspend":false}} json-patch.v4: the test failed
{"spec":{"suspend":null}} jsonpatch: {"spec": {"suspend": true}}
{"spec":{}} jsonpatch: the test failed
{"spec":{"suspend":false}} jsonpatch: the test failed
{"spec":{"suspend":null}} fast-json-patch: {"spec":{"suspend":true}}
{"spec":{"suspend":null}} rfc6902: the test passed
{"spec":{}} fast-json-patch: the test failed
{"spec":{}} rfc6902: the test failed
{"spec":{"suspend":false}} fast-json-patch: the test failed
{"spec":{"suspend":false}} rfc6902: the test failed' ]
