#!/usr/bin/env bash
# "1.0.0 - 2.0.0", a range for Helm (Masterminds/semver 3.5.0) and for npm (semver 7.8.6). blang/semver 4.0.0, with
# which OLM reads skipRange and the versions of dependencies, takes it without an error as "1.0.0 and 2.0.0 at
# once": no version is in it, so an upgrade over such a skipRange is never offered. The other way round
# ">=1.0.0 <2.0.0" has 2.0.0-rc.1 in it for OLM, since it is less than 2.0.0, and not for the other two.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
all=('1.0.0 - 2.0.0|1.5.0' '>=1.0.0 <2.0.0|1.5.0' '>=1.0.0 <2.0.0|2.0.0-rc.1')
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" semver@7.8.6 >/dev/null
cat > range.cjs <<'JS'
const semver = require("semver");

for (const each of process.argv.slice(2)) {
  const [range, version] = each.split("|");
  console.log(`${range} has ${version}: npm ${semver.satisfies(version, range)}`);
}
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	masterminds "github.com/Masterminds/semver/v3"
	"github.com/blang/semver/v4"
)

func main() {
	for _, each := range os.Args[1:] {
		text, version, _ := strings.Cut(each, "|")
		forOLM, err := semver.ParseRange(text)
		if err != nil {
			panic(err)
		}
		forHelm, err := masterminds.NewConstraint(text)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s has %s: OLM %v\n", text, version, forOLM(semver.MustParse(version)))
		fmt.Printf("%s has %s: Helm %v\n", text, version, forHelm.Check(masterminds.MustParse(version)))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/blang/semver/v4@v4.0.0 github.com/Masterminds/semver/v3@v3.5.0 2>/dev/null
go mod tidy 2>/dev/null
grep semver go.mod
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep semver)
seen=$(go run . "${all[@]}"; node "$here/js/range.cjs" "${all[@]}")
echo "$seen"
while read -r line; do grep -qxF -- "$line" <<<"$seen"; done <<'LINES'
1.0.0 - 2.0.0 has 1.5.0: OLM false
1.0.0 - 2.0.0 has 1.5.0: Helm true
1.0.0 - 2.0.0 has 1.5.0: npm true
>=1.0.0 <2.0.0 has 1.5.0: OLM true
>=1.0.0 <2.0.0 has 1.5.0: Helm true
>=1.0.0 <2.0.0 has 1.5.0: npm true
>=1.0.0 <2.0.0 has 2.0.0-rc.1: OLM true
>=1.0.0 <2.0.0 has 2.0.0-rc.1: Helm false
>=1.0.0 <2.0.0 has 2.0.0-rc.1: npm false
LINES
