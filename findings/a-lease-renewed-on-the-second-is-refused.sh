#!/usr/bin/env bash
# A Lease's renewTime is a MicroTime, which Kubernetes (k8s.io/apimachinery 0.37.2) reads with exactly six
# digits after the second. Python's isoformat(), with which the package kubernetes 37.0.2 writes times,
# leaves the digits out when they are all zero. So one renewal in a million is refused as malformed, and
# each one of a program that cuts its times to whole seconds, as it may for all other times of an object.
# The package's own lock writes such a time too.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2

cat > "$here/write.py" <<'PY'
import json
from datetime import UTC, datetime

from kubernetes import client
from kubernetes.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

api = client.ApiClient(client.Configuration(host="http://127.0.0.1:9"))
for name, moment in (
    ("a moment", datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)),
    ("a second", datetime(2026, 1, 1, tzinfo=UTC)),
):
    spec = LeaseLock("lock", "default", "me").get_lease_spec(
        LeaderElectionRecord("me", "15", str(moment), str(moment))
    )
    lease = client.V1Lease(metadata=client.V1ObjectMeta(name="lock"), spec=spec)
    print(name, json.dumps(api.sanitize_for_serialization(lease)), sep="\t")
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, content, _ := strings.Cut(lines.Text(), "\t")
		var lease coordinationv1.Lease
		if err := json.Unmarshal([]byte(content), &lease); err != nil {
			fmt.Println(name, "as renewTime:", err)
		} else {
			fmt.Println(name, "as renewTime: taken")
		}
	}
	var other metav1.Time
	err := json.Unmarshal([]byte(`"2026-01-01T00:00:00+00:00"`), &other)
	fmt.Println("a second as any other time:", err)
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^kubernetes '
grep -E '^\s*k8s.io/(api|apimachinery) ' go.mod
written=$("$here/venv/bin/python" "$here/write.py")
seen=$(go run . <<<"$written")
echo "$written"
echo "$seen"
grep -q '^a moment as renewTime: taken$' <<<"$seen"
grep -q '^a second as renewTime: parsing time ".*T00:00:00+00:00" as .*: cannot parse' <<<"$seen"
grep -q '^a second as any other time: <nil>$' <<<"$seen"
