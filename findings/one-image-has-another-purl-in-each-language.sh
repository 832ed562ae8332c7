#!/usr/bin/env bash
# A package URL has a canonical form, so that it can be compared as a text. Read and written again, the purl of
# one image has a slash in packageurl-python 0.17.6 where packageurl-go 0.1.7 and packageurl-js 2.0.1 write
# %2F. The plus of "+incompatible", as Go ends the version of many a module, is "%2B" for Python and Go and "+"
# for JavaScript. "App", for which the type "oci" prescribes lower case, remains "App" in Go alone. Whoever
# compares two bills of materials of one image, made by tools of two languages, sees two images.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
all=('pkg:oci/app@sha256%3A244fd4?repository_url=quay.io/acme/app'
  'pkg:golang/github.com/docker/cli@v29.9.3%2Bincompatible' 'pkg:oci/App@sha256%3A244fd4')

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check packageurl-python==0.17.6
cat > "$here/purl.py" <<'PY'
import sys

from packageurl import PackageURL

for text in sys.argv[1:]:
    print("Python", PackageURL.from_string(text).to_string())
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" packageurl-js@2.0.1 >/dev/null
cat > purl.cjs <<'JS'
const { PackageURL } = require("packageurl-js");

for (const text of process.argv.slice(2)) console.log("JavaScript", PackageURL.fromString(text).toString());
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/package-url/packageurl-go"
)

func main() {
	for _, text := range os.Args[1:] {
		read, err := packageurl.FromString(text)
		if err != nil {
			panic(err)
		}
		fmt.Println("Go", read.ToString())
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/package-url/packageurl-go@v0.1.7 2>/dev/null
go mod tidy 2>/dev/null
grep packageurl-go go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep packageurl
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep packageurl)
seen=$(
  "$here/venv/bin/python" "$here/purl.py" "${all[@]}"
  go run . "${all[@]}"
  node "$here/js/purl.cjs" "${all[@]}"
)
echo "$seen"
[ "$seen" = 'Python pkg:oci/app@sha256:244fd4?repository_url=quay.io/acme/app
Python pkg:golang/github.com/docker/cli@v29.9.3%2Bincompatible
Python pkg:oci/app@sha256:244fd4
Go pkg:oci/app@sha256:244fd4?repository_url=quay.io%2Facme%2Fapp
Go pkg:golang/github.com/docker/cli@v29.9.3%2Bincompatible
Go pkg:oci/App@sha256:244fd4
JavaScript pkg:oci/app@sha256:244fd4?repository_url=quay.io%2Facme%2Fapp
JavaScript pkg:golang/github.com/docker/cli@v29.9.3+incompatible
JavaScript pkg:oci/app@sha256:244fd4' ]
