#!/usr/bin/env bash
# In crontab(5) 7 is a Sunday as 0 is. pycron 3.3.0 takes a 7 and never finds it due: "0 0 * * 7" has no
# day at all, "5-7" ends on Saturday, and nothing is said. robfig/cron 3.0.1 (Kubernetes' CronJobs) refuses
# both at least, while it takes "SUN". cronsim 2.8 and croniter 7.0.0 fire on Sundays. A window for
# weekends that was tried with one of them closes early, never opens, or is refused by another.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check pycron==3.3.0 cronsim==2.8 croniter==7.0.0

all=("0 0 * * 7" "0 0 * * 5-7" "0 0 * * SUN")
cat > "$here/fire.py" <<'PY'
import sys
from datetime import datetime, timedelta

import pycron
from croniter import croniter
from cronsim import CronSim

SUNDAY = datetime(2026, 11, 22)
WEEK = [SUNDAY + timedelta(days=day) for day in range(1, 8)]


def following(times):
    """The days of the week from Monday on among what an iterator gives."""
    found = []
    while (moment := next(times)) <= WEEK[-1]:
        found.append(moment)
    return found


for expression in sys.argv[1:]:
    asked = croniter(expression, SUNDAY)
    for name, days in {
        "pycron": [day for day in WEEK if pycron.is_now(expression, day)],
        "cronsim": following(CronSim(expression, SUNDAY)),
        "croniter": following(iter(lambda: asked.get_next(datetime), None)),
    }.items():
        print(f"{expression}: {name}", " ".join(f"{day:%a}" for day in days) or "never")
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	for _, expression := range os.Args[1:] {
		schedule, err := cron.ParseStandard(expression)
		if err != nil {
			fmt.Printf("%s: robfig/cron refuses\n", expression)
			continue
		}
		next := schedule.Next(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		fmt.Printf("%s: robfig/cron first %s\n", expression, next.Format("Mon"))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/robfig/cron/v3@v3.0.1 2>/dev/null
seen=$("$here/venv/bin/python" "$here/fire.py" "${all[@]}"; go run . "${all[@]}")
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(py)?cron'
grep robfig go.mod
echo "$seen"
[ "$seen" = '0 0 * * 7: pycron never
0 0 * * 7: cronsim Sun
0 0 * * 7: croniter Sun
0 0 * * 5-7: pycron Fri Sat
0 0 * * 5-7: cronsim Fri Sat Sun
0 0 * * 5-7: croniter Fri Sat Sun
0 0 * * SUN: pycron Sun
0 0 * * SUN: cronsim Sun
0 0 * * SUN: croniter Sun
0 0 * * 7: robfig/cron refuses
0 0 * * 5-7: robfig/cron refuses
0 0 * * SUN: robfig/cron first Sun' ]
