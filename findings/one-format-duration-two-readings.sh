#!/usr/bin/env bash
# "format: duration" in a CRD. pydantic 2.14.4 gives it to each timedelta, and means ISO 8601. Kubernetes
# (kube-openapi as of k8s.io 0.37) means a number with a unit, and looks for such anywhere in the text.
# It takes most of pydantic's own texts, and reads some as another duration: "P1DT1H", a day and an hour,
# is one hour, so a CEL rule of the CRD judges another value than the operator uses. And it takes "1h30m",
# as everybody writes it beside Kubernetes; pydantic then refuses what is already stored.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.4

texts=(PT1H PT1H30M P1DT1H PT1.5S P1M 1h30m 01:00:00)
cat > "$here/read.py" <<'PY'
import sys
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

DURATION = TypeAdapter(timedelta)
print("schema", DURATION.json_schema())
print("a day and an hour is written", DURATION.dump_json(timedelta(days=1, hours=1)).decode())
for text in sys.argv[1:]:
    try:
        print(f"{text}: pydantic {DURATION.validate_python(text).total_seconds():.1f} s")
    except ValidationError:
        print(f"{text}: pydantic refuses")
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

func main() {
	for _, text := range os.Args[1:] {
		if read, err := strfmt.ParseDuration(text); err == nil && strfmt.IsDuration(text) {
			fmt.Printf("%s: Kubernetes %.1f s\n", text, read.Seconds())
		} else {
			fmt.Printf("%s: Kubernetes refuses\n", text)
		}
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/kube-openapi@v0.0.0-20260821135717-be32def86098 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^pydantic '
grep -E '\sk8s.io/kube-openapi ' go.mod
seen=$("$here/venv/bin/python" "$here/read.py" "${texts[@]}"; go run . "${texts[@]}")
echo "$seen"
for line in "schema {'format': 'duration', 'type': 'string'}" 'a day and an hour is written "P1DT1H"' \
  'PT1H: pydantic 3600.0 s' 'PT1H: Kubernetes 3600.0 s' 'PT1H30M: pydantic 5400.0 s' 'PT1H30M: Kubernetes 5400.0 s' \
  'P1DT1H: pydantic 90000.0 s' 'P1DT1H: Kubernetes 3600.0 s' 'PT1.5S: pydantic 1.5 s' 'PT1.5S: Kubernetes 5.0 s' \
  'P1M: pydantic 2592000.0 s' 'P1M: Kubernetes 60.0 s' '1h30m: pydantic refuses' '1h30m: Kubernetes 5400.0 s' \
  '01:00:00: pydantic 3600.0 s' '01:00:00: Kubernetes refuses'; do
  grep -qxF "$line" <<<"$seen"
done
