#!/usr/bin/env bash
# Day of month and day of week in a cron expression are joined by "or" once both are given. So
# "0 3 31 4 1" means each Monday in April: the 31st of April never comes. robfig/cron 3.0.1, which
# Kubernetes' CronJobs use, fires on these Mondays. cronsim 2.7, which follows Debian's cron,
# refuses the expression as a bad day of month; croniter 6.0.0 accepts it and finds no date at all.
# With the 30th instead of the 31st all three agree on the Monday.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check cronsim==2.7 croniter==6.0.0

cat > "$here/fire.py" <<'PY'
import sys
from datetime import UTC, datetime

from croniter import croniter, CroniterBadDateError
from cronsim import CronSim, CronSimError

START = datetime(2026, 1, 1, tzinfo=UTC)
for expression in sys.argv[1:]:
    try:
        simulated = f"{next(CronSim(expression, START)):%F}"
    except CronSimError as error:
        simulated = f"refused, {error}"
    try:
        iterated = f"{croniter(expression, START).get_next(datetime):%F}"
    except CroniterBadDateError as error:
        iterated = str(error)
    print(f"{expression}: cronsim {simulated}; croniter {iterated}")
PY
mkdir "$here/go"
cat > "$here/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, expression := range os.Args[1:] {
		schedule, err := cron.ParseStandard(expression)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: robfig/cron %s\n", expression, schedule.Next(start).Format("2006-01-02"))
	}
}
GO
cd "$here/go"
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local
go mod init finding 2>/dev/null
go get github.com/robfig/cron/v3@v3.0.1 2>/dev/null
seen=$("$here/venv/bin/python" "$here/fire.py" "0 3 30 4 1" "0 3 31 4 1"; go run . "0 3 30 4 1" "0 3 31 4 1")
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^cron'
grep robfig go.mod
echo "$seen"
grep -q '^0 3 30 4 1: cronsim 2026-04-06; croniter 2026-04-06$' <<<"$seen"
grep -q '^0 3 30 4 1: robfig/cron 2026-04-06$' <<<"$seen"
grep -q '^0 3 31 4 1: cronsim refused, Bad day-of-month; croniter failed to find next date$' <<<"$seen"
grep -q '^0 3 31 4 1: robfig/cron 2026-04-06$' <<<"$seen"
