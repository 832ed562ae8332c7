#!/usr/bin/env bash
# A list in a merge patch replaces the old one as it stands, says RFC 7396: a null within it is a value, no
# order to delete. json-patch.v4 4.13.0 for Go, with which the API server (k8s.io/apiserver 0.37.2) applies
# merge patches to custom resources, also deletes the nulls in the objects of a list: with a PUT such a null
# is stored, with a PATCH it is not. A null that is an item itself it keeps. json-merge-patch 0.3.0 for Python
# and tiny-merge-patch 1.0.0 for JavaScript, in which a project tries its patches, do as the RFC says.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
patches=('{"proxy": {"url": null}}' '{"rules": [{"team": null}]}' '{"rules": [null, 1]}' '{"rules": [[{"team": null}]]}')
export OLD='{"rules": [{"team": "acme"}]}'

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check json-merge-patch==0.3.0
cat > "$here/merge.py" <<'PY'
import json
import os
import sys

from json_merge_patch import merge

for patch in sys.argv[1:]:
    new = merge(json.loads(os.environ["OLD"]), json.loads(patch))
    print(patch, "Python:", json.dumps(new, separators=(",", ":"), sort_keys=True))
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" tiny-merge-patch@1.0.0 >/dev/null
cat > merge.mjs <<'JS'
import { apply } from "tiny-merge-patch";

for (const patch of process.argv.slice(2)) {
  const { proxy, rules } = apply(JSON.parse(process.env.OLD), JSON.parse(patch));
  console.log(patch, "JavaScript:", JSON.stringify({ proxy, rules }));
}
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	for _, patch := range os.Args[1:] {
		seen, err := jsonpatch.MergePatch([]byte(os.Getenv("OLD")), []byte(patch))
		if err != nil {
			panic(err)
		}
		fmt.Println(patch, "Go:", string(seen))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
server=$(go mod download -json k8s.io/apiserver@v0.37.2 | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
grep 'json-patch.v4 ' "$server" | sed 's/^/apiserver 0.37.2 needs/'
grep -q 'evanphx/json-patch.v4 v4.13.0' "$server"
go mod init finding 2>/dev/null
go get gopkg.in/evanphx/json-patch.v4@v4.13.0 2>/dev/null
go mod tidy 2>/dev/null
seen=$(
  go run . "${patches[@]}"
  "$here/venv/bin/python" "$here/merge.py" "${patches[@]}"
  node "$here/js/merge.mjs" "${patches[@]}"
)
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep merge
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep merge)
echo "$seen"
for each in Go Python JavaScript; do
  grep -qxF "{\"proxy\": {\"url\": null}} $each: {\"proxy\":{},\"rules\":[{\"team\":\"acme\"}]}" <<<"$seen"
  grep -qxF "{\"rules\": [null, 1]} $each: {\"rules\":[null,1]}" <<<"$seen"
done
for each in Python JavaScript; do
  grep -qxF "{\"rules\": [{\"team\": null}]} $each: {\"rules\":[{\"team\":null}]}" <<<"$seen"
  grep -qxF "{\"rules\": [[{\"team\": null}]]} $each: {\"rules\":[[{\"team\":null}]]}" <<<"$seen"
done
grep -qxF '{"rules": [{"team": null}]} Go: {"rules":[{}]}' <<<"$seen"
grep -qxF '{"rules": [[{"team": null}]]} Go: {"rules":[[{}]]}' <<<"$seen"
