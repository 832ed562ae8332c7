#!/usr/bin/env bash
# kstatus (sigs.k8s.io/cli-utils) 0.37.2: of an object that says both Reconciling and Stalled, whichever
# stands first in status.conditions counts. The list is keyed by type, so server-side apply and
# controllers may order it either way: the same facts are a failure or progress for `--wait`.
# Ready says nothing then: with Reconciling the object is in progress although Ready is True.
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

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func computed(types ...string) status.Status {
	var conditions []any
	for _, each := range types {
		conditions = append(conditions, map[string]any{"type": each, "status": "True", "reason": "Said"})
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Robot",
		"metadata": map[string]any{"name": "ci", "namespace": "team", "generation": int64(1)},
		"status":   map[string]any{"observedGeneration": int64(1), "conditions": conditions},
	}}
	result, err := status.Compute(object)
	if err != nil {
		panic(err)
	}
	return result.Status
}

func main() {
	fmt.Println("Reconciling, Stalled:", computed("Reconciling", "Stalled"))
	fmt.Println("Stalled, Reconciling:", computed("Stalled", "Reconciling"))
	fmt.Println("Ready, Reconciling:", computed("Ready", "Reconciling"))
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get sigs.k8s.io/cli-utils@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
grep -E '^\s*sigs.k8s.io/cli-utils ' go.mod
seen=$(go run .)
echo "$seen"
grep -q '^Reconciling, Stalled: InProgress$' <<<"$seen"
grep -q '^Stalled, Reconciling: Failed$' <<<"$seen"
grep -q '^Ready, Reconciling: InProgress$' <<<"$seen"
