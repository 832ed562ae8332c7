#!/usr/bin/env bash
# "0 0 1-7 * 1" is written for the first Monday of a month. Day of month and day of week are joined
# by "or" once both are restricted, says crontab(5); so robfig/cron 3.0.1 (Kubernetes' CronJobs),
# cronsim 2.7 and croniter 6.0.0 fire on the last Monday of November, while crontab 1.0.1 and
# cron-converter 1.2.1 join by "and" and fire a week later.
# With a step, "0 0 */2 * 1", the first three part too: in Debian's cron, and in cronsim, which
# follows it, a field that begins with a star restricts nothing, so the two are joined by "and";
# robfig/cron and croniter take */2 for a restriction, and fire on days that cronsim leaves out.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check \
    cronsim==2.7 croniter==6.0.0 crontab==1.0.1 cron-converter==1.2.1

cat > "$here/fire.py" <<'PY'
import sys
from datetime import datetime, timedelta

from cron_converter import Cron
from croniter import croniter
from cronsim import CronSim
from crontab import CronTab

START = datetime(2026, 11, 29)
for expression in sys.argv[1:]:
    wait = CronTab(expression).next(START, default_utc=True)
    seen = {
        "cronsim": next(CronSim(expression, START)),
        "croniter": croniter(expression, START).get_next(datetime),
        "crontab": START + timedelta(seconds=wait),
        "cron-converter": Cron(expression).schedule(START).next(),
    }
    print(f"{expression}:", "; ".join(f"{name} {when:%F}" for name, when in seen.items()))
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
	start := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
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
all=("0 0 1-7 * 1" "0 0 */2 * 1")
seen=$("$here/venv/bin/python" "$here/fire.py" "${all[@]}"; go run . "${all[@]}")
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^cron'
grep robfig go.mod
echo "$seen"
first='cronsim 2026-11-30; croniter 2026-11-30; crontab 2026-12-07; cron-converter 2026-12-07'
step='cronsim 2026-12-07; croniter 2026-11-30; crontab 2026-12-07; cron-converter 2026-12-07'
grep -qF "0 0 1-7 * 1: $first" <<<"$seen"
grep -qF "0 0 */2 * 1: $step" <<<"$seen"
grep -qF "0 0 1-7 * 1: robfig/cron 2026-11-30" <<<"$seen"
grep -qF "0 0 */2 * 1: robfig/cron 2026-11-30" <<<"$seen"
