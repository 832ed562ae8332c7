#!/usr/bin/env bash
# Kubernetes 0.37.2: imagePullSecrets is merged by name in a pod's spec and replaced as a whole in a
# ServiceAccount. A strategic merge patch that removes one entry from a pod therefore does the
# opposite on a ServiceAccount, without an error: the list becomes the directive itself, which then
# is stored as the one entry that was to go, and all others are lost.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

const (
	list  = `{"imagePullSecrets":[{"name":"one"},{"name":"two"},{"name":"three"}]}`
	patch = `{"imagePullSecrets":[{"$patch":"delete","name":"two"}]}`
)

func names(content []byte) (names []string) {
	// Decoded as the API server decodes it: what the type does not know is dropped.
	var account corev1.ServiceAccount
	if err := json.Unmarshal(content, &account); err != nil {
		panic(err)
	}
	for _, each := range account.ImagePullSecrets {
		names = append(names, each.Name)
	}
	return names
}

func main() {
	for kind, object := range map[string]any{"pod": corev1.PodSpec{}, "ServiceAccount": corev1.ServiceAccount{}} {
		after, err := strategicpatch.StrategicMergePatch([]byte(list), []byte(patch), object)
		fmt.Println(kind, names(after), err)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
grep -E '^\s*k8s.io/(api|apimachinery) ' go.mod
seen=$(go run .)
echo "$seen"
grep -q '^pod \[one three\] <nil>$' <<<"$seen"
grep -q '^ServiceAccount \[two\] <nil>$' <<<"$seen"
