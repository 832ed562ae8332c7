#!/usr/bin/env bash
# Grafana's own model of a board in Go (grafana-foundation-sdk/go v0.0.22) reads the board that its own builder
# wrote, strictly, finds nothing wrong, and returns an error all the same: an empty list of faults, which as an
# `error` is not nil and has no text. Whoever asks `err != nil`, as Go does, refuses every board. Validate, beside
# it, returns nil; the list has to be taken out with errors.As and counted.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/tmp"
cd "$here"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	built, err := dashboard.NewDashboardBuilder("Robots").Build()
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(built)
	if err != nil {
		panic(err)
	}
	for _, each := range []struct{ name, text string }{
		{"its own board", string(text)},
		{"a mistyped one", string(text[:len(text)-1]) + `,"titel":"Robots"}`},
	} {
		read := dashboard.Dashboard{}
		err := read.UnmarshalJSONStrict([]byte(each.text))
		var faults cog.BuildErrors
		errors.As(err, &faults)
		fmt.Printf("%s: error %v, faults %d, text %q\n", each.name, err != nil, len(faults), fmt.Sprint(err))
		fmt.Printf("%s: Validate's error %v\n", each.name, read.Validate() != nil)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/grafana/grafana-foundation-sdk/go@v0.0.22 2>/dev/null
grep foundation go.mod
seen=$(go run .)
echo "$seen"
while read -r line; do grep -qxF -- "$line" <<<"$seen"; done <<'LINES'
its own board: error true, faults 0, text ""
its own board: Validate's error false
a mistyped one: error true, faults 1, text "Dashboard: unexpected field 'titel'"
LINES
