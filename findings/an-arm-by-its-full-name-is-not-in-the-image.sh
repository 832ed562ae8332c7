#!/usr/bin/env bash
# 64-bit Arm is "linux/arm64" or "linux/arm64/v8", and most indexes of images say the first. containerd/platforms
# 0.2.1, with which containerd and Docker choose, takes both, and "linux/aarch64", for one. go-containerregistry
# 0.22.1 (crane, ko, kaniko) compares the words: asked for linux/arm64/v8 it finds nothing in an index that says
# linux/arm64, while the other way round it does. The same flag works in one half of a pipeline.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	for _, wanted := range []string{"linux/arm64", "linux/arm64/v8", "linux/aarch64"} {
		for _, there := range []string{"linux/arm64", "linux/arm64/v8", "linux/arm/v7"} {
			byContainerd := platforms.OnlyStrict(must(platforms.Parse(wanted))).Match(must(platforms.Parse(there)))
			byCrane := must(v1.ParsePlatform(there)).Satisfies(*must(v1.ParsePlatform(wanted)))
			fmt.Printf("%s wanted, %s there: containerd %v, crane %v\n", wanted, there, byContainerd, byCrane)
		}
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/containerd/platforms@v0.2.1 github.com/google/go-containerregistry@v0.22.1 2>/dev/null
go mod tidy 2>/dev/null
grep -E '(platforms|go-containerregistry) ' go.mod
seen=$(go run .)
echo "$seen"
[ "$seen" = 'linux/arm64 wanted, linux/arm64 there: containerd true, crane true
linux/arm64 wanted, linux/arm64/v8 there: containerd true, crane true
linux/arm64 wanted, linux/arm/v7 there: containerd false, crane false
linux/arm64/v8 wanted, linux/arm64 there: containerd true, crane false
linux/arm64/v8 wanted, linux/arm64/v8 there: containerd true, crane true
linux/arm64/v8 wanted, linux/arm/v7 there: containerd false, crane false
linux/aarch64 wanted, linux/arm64 there: containerd true, crane false
linux/aarch64 wanted, linux/arm64/v8 there: containerd true, crane false
linux/aarch64 wanted, linux/arm/v7 there: containerd false, crane false' ]
